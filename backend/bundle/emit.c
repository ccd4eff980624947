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
		   const char *arguments)
{
	*IMC_PUSH(e->a, e->call, e->n_call, e->cap_call) =
		(struct imc_emit_call){function, arguments};
}

void imc_emit_window(struct imc_emit *e, const char *head,
		     const struct imc_emit_layer *l, const int64_t *dilation)
{
	const int64_t *x = l->x->t.dim, *y = l->y->t.dim;
	const struct imc_attrs *a = &l->n->a;
	struct imc_buf *b = &e->layers;

	imc_buf_printf(b, "%s{.n = %d, .in_h = %d, .in_w = %d, .in_c = %d,\n",
		       head, (int)x[0], (int)x[1], (int)x[2], (int)x[3]);
	imc_buf_printf(b, "\t\t.out_h = %d, .out_w = %d, .out_c = %d,\n",
		       (int)y[1], (int)y[2], (int)y[3]);
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
