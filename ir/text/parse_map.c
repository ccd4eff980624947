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

	if (p->buffer_of)
		return imc_read_fail(r, "one plan only");
	if (!imc_read_i64(r, 0, r->max_id, &n))
		return false;
	p->n_buffer_of = (size_t)n;
	p->buffer_of =
		imc_arena_array(r->arena, (size_t)n + 1, sizeof *p->buffer_of);
	for (int64_t i = 0; i < n; i++)
		p->buffer_of[i] = -1;
	return imc_read_members(r, imc_plan_members, p);
}

static bool parse_step_kind(struct imc_reader *r, enum imc_step_kind *out)
{
	char word[IMC_WORD_MAX];

	if (!imc_read_word(r, "load, run or store", word))
		return false;
	for (int k = 0; k < IMC_N_STEP; k++)
		if (!strcmp(imc_step_name((enum imc_step_kind)k), word)) {
			*out = (enum imc_step_kind)k;
			return true;
		}
	r->p -= strlen(word);
	return imc_read_fail(r, "load, run or store");
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
	if (s->kind == IMC_STEP_RUN ? !imc_read_node(r, &s->node)
				    : !imc_read_val(r, &s->val))
		return false;
	return imc_read_members(r, imc_step_members, s);
}

bool imc_parse_buffer(struct imc_reader *r)
{
	struct imc_plan *p = &r->m->plan;
	struct imc_buffer *b =
		IMC_PUSH(r->arena, p->buffer, p->n_buffer, p->cap_buffer);

	return imc_read_val_or_none(r, &b->val) &&
	       imc_read_members(r, imc_buffer_members, b);
}

bool imc_parse_place(struct imc_reader *r)
{
	struct imc_plan *p = &r->m->plan;
	int64_t buffer;
	imc_val v;

	if (!imc_read_val(r, &v))
		return false;
	if (v.i >= p->n_buffer_of)
		return imc_read_fail(r, "a value of the plan before");
	if (!imc_read_i64(r, 0, INT32_MAX, &buffer))
		return false;
	p->buffer_of[v.i] = (int32_t)buffer;
	return true;
}
