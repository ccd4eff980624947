#include <string.h>

#include "ir/text/parse_part.h"

bool imc_parse_map(struct imc_reader *r)
{
	return imc_read_string(r, &r->m->map.solver) &&
	       imc_read_members(r, imc_map_members, &r->m->map);
}

bool imc_parse_chooser(struct imc_reader *r)
{
	return imc_read_string(r, &r->m->map.chooser);
}

bool imc_parse_engine(struct imc_reader *r, enum imc_engine *out)
{
	char word[IMC_WORD_MAX];

	if (!imc_read_word(r, "an engine", word))
		return false;
	for (int e = 0; e < IMC_N_ENGINE; e++)
		if (!strcmp(imc_engine_name((enum imc_engine)e), word)) {
			*out = (enum imc_engine)e;
			return true;
		}
	r->p -= strlen(word);
	return imc_read_fail(r, "an engine");
}

bool imc_parse_assign(struct imc_reader *r)
{
	struct imc_map *m = &r->m->map;
	imc_node_id id;

	if (!imc_read_new_node(r, &id))
		return false;
	m->assign = imc_arena_grow(r->arena, m->assign, (size_t)id.i + 1,
				   &r->cap_assign, sizeof *m->assign);
	if (m->n_assign <= id.i)
		m->n_assign = (size_t)id.i + 1;
	return imc_parse_engine(r, &m->assign[id.i].engine) &&
	       imc_read_members(r, imc_assign_members, &m->assign[id.i]);
}

bool imc_parse_tile(struct imc_reader *r)
{
	struct imc_map *m = &r->m->map;
	struct imc_tile *t =
		IMC_PUSH(r->arena, m->tile, m->n_tile, m->cap_tile);

	t->patch_h = t->patch_w = 1;
	if (!imc_read_node(r, &t->node) ||
	    !imc_read_members(r, imc_tile_members, t))
		return false;
	if (t->n_slice == 0 && t->node.i < m->n_assign)
		t->n_slice = m->assign[t->node.i].slices;
	return true;
}

bool imc_parse_plan(struct imc_reader *r)
{
	struct imc_plan *p = &r->m->plan;
	int64_t n;

	if (p->root)
		return imc_read_fail(r, "one plan only");
	if (!imc_read_i64(r, 0, r->max_id, &n))
		return false;
	p->n_root = (size_t)n;
	p->root = imc_arena_array(r->arena, (size_t)n + 1, sizeof *p->root);
	for (int64_t i = 0; i < n; i++)
		p->root[i] = (uint32_t)i;
	return imc_read_members(r, imc_plan_members, p);
}

static bool parse_step_kind(struct imc_reader *r, enum imc_step_kind *out)
{
	char word[IMC_WORD_MAX];

	if (!imc_read_word(r, "load, fetch, run or store", word))
		return false;
	for (int k = 0; k < IMC_N_STEP; k++)
		if (!strcmp(imc_step_name((enum imc_step_kind)k), word)) {
			*out = (enum imc_step_kind)k;
			return true;
		}
	r->p -= strlen(word);
	return imc_read_fail(r, "load, fetch, run or store");
}

bool imc_parse_step(struct imc_reader *r)
{
	struct imc_plan *p = &r->m->plan;
	struct imc_step *s =
		IMC_PUSH(r->arena, p->step, p->n_step, p->cap_step);

	s->node = IMC_NO_NODE;
	s->val = IMC_NO_VAL;
	if (!parse_step_kind(r, &s->kind))
		return false;
	if (imc_step_has_node(s->kind) ? !imc_read_node(r, &s->node)
				       : !imc_read_val(r, &s->val))
		return false;
	return imc_read_members(r, imc_step_members, s);
}

static bool parse_memory(struct imc_reader *r, enum imc_memory *out)
{
	char word[IMC_WORD_MAX];

	if (!imc_read_word(r, "l1 or l2", word))
		return false;
	for (int k = 0; k < IMC_N_MEM; k++)
		if (!strcmp(imc_memory_name((enum imc_memory)k), word)) {
			*out = (enum imc_memory)k;
			return true;
		}
	r->p -= strlen(word);
	return imc_read_fail(r, "l1 or l2");
}

bool imc_parse_buffer(struct imc_reader *r)
{
	struct imc_plan *p = &r->m->plan;
	struct imc_buffer *b =
		IMC_PUSH(r->arena, p->buffer, p->n_buffer, p->cap_buffer);

	b->val = IMC_NO_VAL;
	b->node = IMC_NO_NODE;
	if (!parse_memory(r, &b->mem))
		return false;
	if (imc_read_at(r, 'n') ? !imc_read_node(r, &b->node)
				: !imc_read_val_or_none(r, &b->val))
		return false;
	return imc_read_members(r, imc_buffer_members, b);
}

bool imc_parse_view(struct imc_reader *r)
{
	struct imc_plan *p = &r->m->plan;
	imc_val v, of;

	if (!imc_read_val(r, &v))
		return false;
	if (v.i >= p->n_root)
		return imc_read_fail(r, "a value of the plan before");
	if (!imc_read_val(r, &of))
		return false;
	p->root[v.i] = of.i;
	return true;
}
