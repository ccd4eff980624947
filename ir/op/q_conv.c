#include "ir/op/q_conv.h"

#include <string.h>

#include "ir/num.h"
#include "ir/op.h"
#include "ir/support/checked.h"

/* More rows could leave int32. */
#define MAX_ROWS 65536
#define MAX_SLICE_SHIFT 8
#define MAX_OUTPUT ((int64_t)1 << 40)

static bool wrong(struct imc_diags *d, const struct imc_node *n,
		  const char *what)
{
	return imc_diag(d, n->loc, IMC_D_SHAPE_MISMATCH,
			imc_arena_printf(d->arena, "q_conv2d: %s", what));
}

static bool is_vector(const struct imc_graph *g, const struct imc_node *n,
		      int input, int64_t size)
{
	const struct imc_value *v = imc_node_in(g, n, input);

	return !v ||
	       (v->t.dtype == IMC_I32 && v->t.rank == 1 && v->t.dim[0] == size);
}

static bool same_shape(const struct imc_tensor *a, const struct imc_tensor *b)
{
	return a->dtype == b->dtype && a->rank == b->rank &&
	       !memcmp(a->dim, b->dim, (size_t)a->rank * sizeof *a->dim);
}

static const char *check_inputs(const struct imc_graph *g,
				const struct imc_node *n)
{
	const struct imc_value *x = imc_node_in(g, n, 0);
	const struct imc_value *w = imc_node_in(g, n, 1);
	const struct imc_value *rows = imc_node_in(g, n, 8);
	const struct imc_value *rest = imc_node_in(g, n, 9);

	if (g->layout != IMC_NHWC)
		return "the graph is not channel-last";
	if (!x || x->t.dtype != IMC_I8 || x->t.rank != 4)
		return "input 0 is not i8 of rank 4";
	if (!w || w->t.dtype != IMC_I8 || w->t.rank != 4)
		return "the weights are not i8 of rank 4";
	for (int k = 2; k < 8; k++)
		if (!is_vector(g, n, k, w->t.dim[0]))
			return "a vector has not one i32 for each output";
	if (rows &&
	    (rows->t.dtype != IMC_I8 || rows->t.rank != 2 ||
	     rows->t.dim[0] != n->a.drive.n || rows->t.dim[1] != w->t.dim[0]))
		return "bias rows are not i8 [drive, outputs]";
	if (!rows != !n->a.drive.n)
		return "bias rows and drive go together";
	if (rest && !same_shape(&rest->t, &w->t))
		return "the residual weights are not i8 like the weights";
	return NULL;
}

static bool takes_group(const struct imc_tensor *x, const struct imc_tensor *w,
			int64_t group)
{
	return group >= 1 && w->dim[3] >= 1 && x->dim[3] % group == 0 &&
	       x->dim[3] / group == w->dim[3] && w->dim[0] % group == 0;
}

static const char *check_shapes(const struct imc_node *n,
				const struct imc_tensor *x,
				const struct imc_tensor *w)
{
	const struct imc_attrs *a = &n->a;
	int64_t rows = 1;

	for (int i = 0; i < 4; i++)
		if (x->dim[i] < 1 || w->dim[i] < 1)
			return "a dimension is empty";
	if (!takes_group(x, w, a->group[0]))
		return "channels, weights and groups do not match";
	for (int i = 0; i < 2; i++)
		if (a->kernel[i] && a->kernel[i] != w->dim[i + 1])
			return "kernel is not that of the weights";
	for (int i = 1; i < 4; i++)
		if (!imc_mul_i64(rows, w->dim[i], &rows) || rows > MAX_ROWS)
			return "a weight matrix has more than 65536 rows";
	if (!imc_mul_i64(rows, imc_min_i64(a->bundle[0], a->group[0]), &rows) ||
	    rows > MAX_ROWS)
		return "a bundle has more than 65536 rows";
	if ((a->slices[0] - 1) * a->slice_bits[0] > MAX_SLICE_SHIFT)
		return "slices have more bits than a weight";
	return NULL;
}

/* Output positions along axis i; 0 if the window does not fit. */
static int64_t positions(const struct imc_attrs *a, int i, int64_t in,
			 int64_t kernel)
{
	int64_t span = a->dilation[i] * (kernel - 1) + 1;
	int64_t room = in + a->pads[i] + a->pads[i + 2] - span;

	return room < 0 ? 0 : room / a->stride[i] + 1;
}

bool imc_type_q_conv(struct imc_graph *g, struct imc_node *n,
		     struct imc_diags *d)
{
	const char *bad = check_inputs(g, n);
	const struct imc_tensor *x, *w;
	struct imc_value *out = imc_node_out(g, n, 0);
	int64_t oh, ow, size;

	if (bad)
		return wrong(d, n, bad);
	x = &imc_node_in(g, n, 0)->t;
	w = &imc_node_in(g, n, 1)->t;
	bad = check_shapes(n, x, w);
	if (bad)
		return wrong(d, n, bad);
	oh = positions(&n->a, 0, x->dim[1], w->dim[1]);
	ow = positions(&n->a, 1, x->dim[2], w->dim[2]);
	if (oh < 1 || ow < 1)
		return wrong(d, n, "the window does not fit into the input");
	if (!imc_mul_i64(oh, ow, &size) || size > MAX_OUTPUT / x->dim[0] ||
	    size * x->dim[0] > MAX_OUTPUT / w->dim[0])
		return wrong(d, n, "the output has more than 2^40 elements");
	n->a.kernel[0] = w->dim[1];
	n->a.kernel[1] = w->dim[2];
	out->t.dtype = IMC_I8;
	out->t.rank = 4;
	memcpy(out->t.dim, (int64_t[]){x->dim[0], oh, ow, w->dim[0]},
	       4 * sizeof *out->t.dim);
	out->shaped = true;
	return true;
}

static void run_piece(const struct imc_q_conv *q, const struct imc_q_piece *p,
		      int32_t *sum)
{
	struct imc_arena *scratch = imc_arena_new();
	size_t n = (size_t)((p->n_row + p->n_drive) * p->slices * p->n_col);
	int8_t *cells = imc_arena_alloc(scratch, n);

	imc_q_conv_cells(q, p, 0, cells);
	imc_q_conv_run(q, p, cells, sum, scratch);
	imc_arena_free(scratch);
}

/* Of all blocks and slices; without an ADC they add up to the whole sums. */
static void add_blocks(const struct imc_q_conv *q, int32_t *sum)
{
	for (int b = 0; b < q->n_bundle; b++) {
		int n_block = imc_q_conv_bundle(q, b).n_block;

		for (int i = 0; i < n_block; i++) {
			struct imc_q_piece p = imc_q_conv_block(q, b, i);

			run_piece(q, &p, sum);
		}
	}
}

void imc_eval_q_conv(const struct imc_graph *g, const struct imc_node *n,
		     const struct imc_tensor *in, struct imc_tensor *out,
		     struct imc_arena *scratch)
{
	struct imc_q_conv q;
	int32_t *sum;

	imc_q_conv_open(&q, g, n, in);
	if (!n->a.adc[0] && !q.residual) {
		imc_q_conv_digital(&q, out[0].data);
		return;
	}
	if (!q.residual) {
		for (int b = 0; b < q.n_bundle; b++)
			imc_q_conv_blocks(&q, b, out[0].data);
		return;
	}
	sum = imc_arena_array(scratch, (size_t)(q.n_window * q.k), sizeof *sum);
	add_blocks(&q, sum);
	imc_q_conv_finish(&q, sum, out[0].data);
}
