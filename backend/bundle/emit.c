#include "backend/bundle/emit.h"

#include "ir/op.h"

void imc_emit_add(struct imc_emit *e, const char *path, const void *bytes,
		  size_t size)
{
	struct imc_emit_file *f =
		IMC_PUSH(e->a, e->file, e->n_file, e->cap_file);

	f->path = path;
	f->bytes = bytes;
	f->size = size;
}

void imc_emit_add_buf(struct imc_emit *e, const char *path,
		      const struct imc_buf *b)
{
	imc_emit_add(e, path, b->p, b->n);
}

bool imc_emit_refuse(struct imc_emit *e, const struct imc_emit_layer *l,
		     const char *why)
{
	return imc_diag(e->d, l->n->loc, IMC_D_BUNDLE_OP,
			imc_op_info(l->n->op)->name, why);
}

void imc_emit_call(struct imc_emit *e, const char *function,
		   const char *arguments, unsigned units)
{
	*IMC_PUSH(e->a, e->call, e->n_call, e->cap_call) =
		(struct imc_emit_call){function, arguments, units, false};
}

void imc_emit_rows(struct imc_emit *e, const struct imc_emit_layer *l,
		   const char *function, const char *arguments, int64_t rows)
{
	const struct imc_step *s = l->step;

	imc_emit_call(e, function,
		      imc_arena_printf(
			      e->a, "%s, %s, %s", arguments,
			      imc_emit_number(e, s->n_row ? s->row : 0),
			      imc_emit_number(e, s->n_row ? s->n_row : rows)),
		      0);
}

bool imc_emit_is_pool(const struct imc_node *n)
{
	return n->op == IMC_OP_Q_AVERAGE_POOL || n->op == IMC_OP_MAX_POOL ||
	       n->op == IMC_OP_GLOBAL_MAX_POOL;
}

int64_t imc_emit_part(const struct imc_emit_layer *l, int k)
{
	for (int i = 0; i < l->c.n; i++)
		if (l->c.part[i].input == k)
			return l->c.part[i].offset;
	return -1;
}

static void put_lines(struct imc_emit *e, const char *field, imc_val v)
{
	int64_t lines = imc_emit_lines(e, v);

	if (lines > 0)
		imc_buf_printf(&e->layers, "\t\t.%s = %lld,\n", field,
			       (long long)lines);
}

void imc_emit_window(struct imc_emit *e, const char *head,
		     const struct imc_emit_layer *l, const int64_t *dilation)
{
	const int64_t *x = l->x->t.dim, *y = l->y->t.dim;
	const struct imc_attrs *a = &l->n->a;
	struct imc_buf *b = &e->layers;
	bool conv = l->n->op == IMC_OP_Q_CONV2D;
	int64_t part = conv ? 0 : l->step->n_chan; /* of the channels */

	imc_buf_printf(b, "%s{.n = %d, .in_h = %d, .in_w = %d, .in_c = %d,\n",
		       head, (int)x[0], (int)x[1], (int)x[2],
		       (int)(part ? part : x[3]));
	imc_buf_printf(b, "\t\t.out_h = %d, .out_w = %d, .out_c = %d,\n",
		       (int)y[1], (int)y[2], (int)(part ? part : y[3]));
	put_lines(e, "in_lines", l->n->in[0]);
	put_lines(e, "out_lines", l->n->out[0]);
	imc_buf_printf(b, "\t\t.kernel_h = %d, .kernel_w = %d, ",
		       (int)a->kernel[0], (int)a->kernel[1]);
	imc_buf_printf(b, ".stride_h = %d, .stride_w = %d,\n",
		       (int)a->stride[0], (int)a->stride[1]);
	imc_buf_printf(b, "\t\t.dilation_h = %d, .dilation_w = %d,\n",
		       dilation ? (int)dilation[0] : 1,
		       dilation ? (int)dilation[1] : 1);
	imc_buf_printf(b,
		       "\t\t.pad_top = %d, .pad_left = %d, .pad_bottom = %d, "
		       ".pad_right = %d}",
		       (int)a->pads[0], (int)a->pads[1], (int)a->pads[2],
		       (int)a->pads[3]);
}
