/* What must be moved, of small networks where that can be told by hand. */
#include "passes/4-plan/dma_bound.h"

#include <string.h>

#include "hwdesc/hw.h"
#include "ir/plan.h"
#include "tests/check.h"
#include "tests/runtime/random.h"

#define H 8
#define W 32
#define C 4
#define MANY 64 /* channels */
#define ROW (W * C)

struct world {
	struct imc_arena *a;
	struct imc_hw hw;
	struct imc_module m;
};

static imc_val add_value(struct imc_graph *g, int64_t h, int64_t w, int64_t c)
{
	const int64_t dim[] = {1, h, w, c};
	imc_val v = imc_graph_add_value(g, "v");
	struct imc_tensor *t = &imc_value_at(g, v)->t;

	t->dtype = IMC_I8;
	t->rank = 4;
	memcpy(t->dim, dim, sizeof dim);
	return v;
}

static imc_val add_constant(struct imc_graph *g, enum imc_dtype type, int64_t n,
			    int64_t k, int64_t c)
{
	struct imc_tensor t = {.dtype = type, .rank = 4, .dim = {n, k, k, c}};

	t.data = imc_arena_alloc(g->arena, imc_tensor_bytes(&t));
	return imc_graph_add_const(g, "c", &t);
}

/* A convolution of kernel k that keeps the size, or of stride k. */
static imc_val conv(struct imc_graph *g, imc_val x, int32_t k, int32_t stride,
		    int64_t n)
{
	const struct imc_tensor *t = &imc_value_at(g, x)->t;
	int64_t h = t->dim[1] / stride, w = t->dim[2] / stride, c = t->dim[3];
	imc_node_id id = imc_graph_add_node(g, IMC_OP_Q_CONV2D, 2, 1, NULL);
	imc_val kernel = add_constant(g, IMC_I8, n, k, c);
	imc_val y = add_value(g, h, w, n);
	struct imc_node *node = imc_node_at(g, id);

	node->in[0] = x;
	node->in[1] = kernel;
	node->a.group[0] = 1;
	for (int i = 0; i < 2; i++) {
		node->a.kernel[i] = k;
		node->a.stride[i] = stride;
		node->a.dilation[i] = 1;
		node->a.pads[i] = node->a.pads[i + 2] = (k - 1) / 2;
	}
	imc_node_set_out(g, id, 0, y);
	return y;
}

static imc_val node(struct imc_graph *g, enum imc_op op, imc_val a, imc_val b,
		    imc_val y)
{
	imc_node_id id =
		imc_graph_add_node(g, op, imc_val_ok(b) ? 2 : 1, 1, NULL);

	imc_node_at(g, id)->in[0] = a;
	if (imc_val_ok(b))
		imc_node_at(g, id)->in[1] = b;
	imc_node_set_out(g, id, 0, y);
	return y;
}

static imc_val start(struct world *w, int64_t l1_bytes)
{
	struct imc_graph *g;

	memset(w, 0, sizeof *w);
	w->a = imc_arena_new();
	g = imc_graph_new(w->a, "net");
	w->hw.l1_bytes = l1_bytes;
	w->m = (struct imc_module){.arena = w->a, .hw = &w->hw, .g = g};
	*IMC_PUSH(w->a, g->input, g->n_input, g->cap_input) =
		add_value(g, H, W, C);
	return g->input[0];
}

/* The bound, less the constants, when the network ends with y. */
static int64_t bound(struct world *w, imc_val y)
{
	struct imc_graph *g = w->m.g;
	int64_t bytes;

	*IMC_PUSH(w->a, g->output, g->n_output, g->cap_output) = y;
	w->m.map.n_assign = g->n_node;
	w->m.map.assign =
		imc_arena_array(w->a, g->n_node, sizeof *w->m.map.assign);
	for (size_t i = 0; i < g->n_node; i++)
		w->m.map.assign[i].engine = IMC_ENGINE_CORES;
	bytes = imc_dma_lower_bound(&w->m);
	for (size_t i = 0; i < g->n_node; i++)
		bytes -= imc_plan_constants(g, &w->m.map,
					    (imc_node_id){(uint32_t)i}, 0)
				 .bytes;
	imc_arena_free(w->a);
	return bytes;
}

/* A chain works depth-first; rows that no window reads stay outside. */
static void check_chain(void)
{
	struct world w;
	imc_val x = start(&w, 4 * ROW), y = conv(w.m.g, x, 3, 1, C);

	EXPECT(bound(&w, conv(w.m.g, y, 3, 1, C)) == 2 * H * ROW);
	x = start(&w, 4 * ROW);
	EXPECT(bound(&w, conv(w.m.g, x, 1, 2, C)) == H / 2 * ROW + H * ROW / 4);
}

/* y + pool(y): all of y is there when the pool is done. */
static int64_t gated(int64_t l1_bytes, bool input)
{
	struct world w;
	imc_val x = start(&w, l1_bytes);
	struct imc_graph *g = w.m.g;
	imc_val y = input ? x : conv(g, x, 3, 1, C);
	imc_val mean = node(g, IMC_OP_GLOBAL_MAX_POOL, y, IMC_NO_VAL,
			    add_value(g, 1, 1, C));

	mean = conv(g, mean, 1, 1, C);
	return bound(&w, node(g, IMC_OP_Q_MUL, y, mean, add_value(g, H, W, C)));
}

static void check_moment(void)
{
	EXPECT(gated(H * ROW, false) == 2 * H * ROW);
	EXPECT(gated(H * ROW - 100, false) == 2 * H * ROW + 200);
	EXPECT(gated(H * ROW - 100, true) == 2 * H * ROW + 100);
}

/* A sum with what is deep before it can still go row by row. */
static void check_residual(void)
{
	struct world w;
	imc_val x = start(&w, 2 * ROW), y = x;
	struct imc_graph *g = w.m.g;

	for (int i = 0; i < 3; i++)
		y = conv(g, y, 3, 1, C);
	EXPECT(bound(&w, node(g, IMC_OP_Q_ADD, x, y, add_value(g, H, W, C))) ==
	       2 * H * ROW);
}

/* Neither the weights nor the input of the second one fit. */
static int64_t heavy(int64_t l1_bytes, bool first)
{
	struct world w;
	imc_val x = start(&w, l1_bytes);

	if (!first)
		x = conv(w.m.g, x, 1, 1, C);
	return bound(&w, conv(w.m.g, x, 3, 1, MANY));
}

static void check_weights(void)
{
	int64_t data = H * ROW; /* 1024; weights: 2304 */
	int64_t ends = data + H * W * MANY;

	EXPECT(heavy(data, false) == ends);
	EXPECT(heavy(data - 50, true) == ends + 50);
	EXPECT(heavy(data - 50, false) == ends + 100);
	EXPECT(heavy(9 * C * MANY, false) == ends);
}

int main(void)
{
	check_chain();
	check_moment();
	check_residual();
	check_weights();
	return check_result();
}
