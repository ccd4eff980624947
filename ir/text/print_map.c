#include <inttypes.h>

#include "ir/text/print_part.h"

static void print_assign(struct imc_buf *b, size_t id,
			 const struct imc_assign *as)
{
	imc_buf_printf(b, "assign n%zu %s", id, imc_engine_name(as->engine));
	imc_print_members(b, imc_assign_members, as);
	imc_buf_text(b, "\n");
}

void imc_print_map(const struct imc_printer *p)
{
	const struct imc_map *m = &p->m->map;
	struct imc_buf *b = p->text;

	imc_buf_text(b, "map ");
	imc_print_string(b, m->solver);
	imc_print_members(b, imc_map_members, m);
	imc_buf_text(b, "\n");
	if (m->chooser) {
		imc_buf_text(b, "chooser ");
		imc_print_string(b, m->chooser);
		imc_buf_text(b, "\n");
	}
	for (size_t i = 0; i < m->n_assign; i++)
		print_assign(b, i, &m->assign[i]);
	for (size_t i = 0; i < m->n_tile; i++) {
		imc_buf_printf(b, "tile n%" PRIu32, m->tile[i].node.i);
		imc_print_members(b, imc_tile_members, &m->tile[i]);
		imc_buf_text(b, "\n");
	}
}

static void print_step(struct imc_buf *b, const struct imc_step *s)
{
	imc_buf_printf(b, "step %s ", imc_step_name(s->kind));
	if (imc_step_has_node(s->kind))
		imc_buf_printf(b, "n%" PRIu32, s->node.i);
	else
		imc_print_val(b, s->val);
	imc_print_members(b, imc_step_members, s);
	imc_buf_text(b, "\n");
}

/* What it is for: a value, constants of a node, or scratch. */
static void print_buffer(struct imc_buf *b, const struct imc_buffer *f)
{
	imc_buf_printf(b, "buffer %s ", imc_memory_name(f->mem));
	if (!imc_val_ok(f->val) && f->node.i != UINT32_MAX)
		imc_buf_printf(b, "n%" PRIu32, f->node.i);
	else
		imc_print_val(b, f->val);
	imc_print_members(b, imc_buffer_members, f);
	imc_buf_text(b, "\n");
}

void imc_print_plan(const struct imc_printer *p)
{
	const struct imc_plan *l = &p->m->plan;
	struct imc_buf *b = p->text;

	if (!l->n_step && !l->n_buffer && !l->n_root)
		return;
	imc_buf_printf(b, "plan %zu", l->n_root);
	imc_print_members(b, imc_plan_members, l);
	imc_buf_text(b, "\n");
	for (size_t i = 0; i < l->n_step; i++)
		print_step(b, &l->step[i]);
	for (size_t i = 0; i < l->n_buffer; i++)
		print_buffer(b, &l->buffer[i]);
	for (size_t i = 0; i < l->n_root; i++)
		if (l->root[i] != i)
			imc_buf_printf(b, "view %%%zu %%%" PRIu32 "\n", i,
				       l->root[i]);
}
