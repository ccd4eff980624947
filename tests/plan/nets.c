#include "tests/plan/nets.h"

#include <limits.h>
#include <stdio.h>

#include "hwdesc/hw.h"
#include "ir/op.h"
#include "ir/support/checked.h"
#include "passes/pass.h"

#define N_VALUE 64

/* A network that grows: the values that a new node may read. */
struct net {
	struct imc_module *m;
	struct imc_graph *g;
	struct random *r;
	imc_val have[N_VALUE];
	int n_have;
	enum imc_engine engine[N_VALUE]; /* by node id */
};

static struct imc_tensor shape4(int64_t h, int64_t w, int64_t c)
{
	return (struct imc_tensor){
		.dtype = IMC_I8, .rank = 4, .dim = {1, h, w, c}};
}

static imc_val bytes(struct net *n, struct imc_tensor t, int lo, int hi)
{
	int32_t count = (int32_t)imc_tensor_count(&t);

	t.data = imc_arena_alloc(n->m->arena, (size_t)count);
	pick_bytes(n->r, t.data, count, lo, hi);
	return imc_graph_add_const(n->g, "c", &t);
}

static imc_val ints(struct net *n, int64_t count, int32_t lo, int32_t hi)
{
	struct imc_tensor t = {.dtype = IMC_I32, .rank = 1, .dim = {count}};
	int32_t *v = imc_arena_array(n->m->arena, (size_t)count, sizeof *v);

	for (int64_t i = 0; i < count; i++)
		v[i] = pick(n->r, lo, hi);
	t.data = v;
	return imc_graph_add_const(n->g, "i", &t);
}

static imc_val any(struct net *n)
{
	/* mostly what was made last: chains are what runs beside each other */
	int back = pick(n->r, 0, 2) ? 0 : pick(n->r, 0, n->n_have - 1);

	return n->have[n->n_have - 1 - back];
}

static struct imc_tensor *tensor(struct net *n, imc_val v)
{
	return &imc_value_at(n->g, v)->t;
}

/* A node of those inputs; its output is not shaped yet. */
static struct imc_node *add(struct net *n, enum imc_op op, int n_in,
			    const imc_val *in)
{
	imc_node_id id = imc_graph_add_node(n->g, op, n_in, 1, NULL);
	imc_val y = imc_graph_add_value(n->g, "v");
	struct imc_node *node = imc_node_at(n->g, id);

	node->name = imc_op_info(op)->name;
	for (int k = 0; k < n_in; k++)
		node->in[k] = in[k];
	imc_node_set_out(n->g, id, 0, y);
	imc_value_at(n->g, y)->zero = pick(n->r, -20, 20);
	imc_value_at(n->g, y)->scale = 1;
	n->engine[id.i] = IMC_ENGINE_CORES;
	return node;
}

/* Takes the node in if its type rule does; else it is dropped. */
static void finish(struct net *n, struct imc_node *node)
{
	imc_node_id id = {(uint32_t)(node - n->g->node)};

	if (imc_op_infer(n->g, id, n->m->diags) &&
	    imc_tensor_count(tensor(n, node->out[0])) > 0) {
		n->have[n->n_have++] = node->out[0];
		return;
	}
	*tensor(n, node->out[0]) = (struct imc_tensor){.dtype = IMC_I8};
	node->dead = true;
	n->g->n_order--;
	n->m->diags->n = 0;
}

static void windows(struct net *n, struct imc_node *node, int kernel)
{
	struct imc_attrs *a = &node->a;

	for (int i = 0; i < 2; i++) {
		a->kernel[i] = kernel;
		a->stride[i] = pick(n->r, 1, 2);
		a->dilation[i] = 1;
	}
	for (int i = 0; i < 4; i++)
		a->pads[i] = pick(n->r, 0, kernel - 1);
}

/* On the cores (engine 0), or the depth-wise engine (1), which shifts. */
static struct imc_node *digital_conv(struct net *n, imc_val x, int kernel,
				     int engine)
{
	int64_t c = tensor(n, x)->dim[3], k = engine ? c : pick(n->r, 1, 6);
	struct imc_tensor w = {.dtype = IMC_I8,
			       .rank = 4,
			       .dim = {k, kernel, kernel, engine ? 1 : c}};
	int32_t mult = engine ? 1 : 1 << 30, shift = engine ? 4 : 34;
	imc_val in[5] = {x, bytes(n, w, -7, 7), ints(n, k, -99, 99),
			 ints(n, k, mult, mult), ints(n, k, shift, shift)};
	struct imc_node *node = add(n, IMC_OP_Q_CONV2D, 5, in);

	imc_attrs_default(IMC_OP_Q_CONV2D, &node->a);
	windows(n, node, kernel);
	if (engine) {
		node->a.group[0] = c;
		n->engine[node - n->g->node] = IMC_ENGINE_DEPTHWISE;
	} else if (kernel == 3) {
		node->a.dilation[0] = pick(n->r, 1, 2);
	}
	return node;
}

/* On a crossbar; mostly its code is the activation, else the cores make it. */
static struct imc_node *array_conv(struct net *n, imc_val x, int kernel)
{
	int64_t c = tensor(n, x)->dim[3], k = pick(n->r, 1, 6);
	struct imc_tensor w = {
		.dtype = IMC_I8, .rank = 4, .dim = {k, kernel, kernel, c}};
	bool digital = pick(n->r, 0, 2) == 0;
	imc_val none = IMC_NO_VAL;
	imc_val in[8] = {x,
			 bytes(n, w, -7, 7),
			 digital ? ints(n, k, -20, 20) : none,
			 digital ? ints(n, k, 1 << 30, 1 << 30) : none,
			 digital ? ints(n, k, 30, 31) : none,
			 ints(n, k, 1 << 30, 1 << 30),
			 ints(n, k, 34, 34),
			 ints(n, k, 3, 3)};
	struct imc_node *node = add(n, IMC_OP_Q_CONV2D, 8, in);

	imc_attrs_default(IMC_OP_Q_CONV2D, &node->a);
	windows(n, node, kernel);
	node->a.adc[0] = 1;
	node->a.post[0] = !digital;
	node->a.slice_bits[0] = 4;
	node->a.block_rows[0] = kernel * kernel * c;
	n->engine[node - n->g->node] = IMC_ENGINE_CROSSBAR;
	return node;
}

static void add_conv(struct net *n)
{
	int kernel = pick(n->r, 0, 1) ? 3 : 1, engine = pick(n->r, 0, 3);
	imc_val x = any(n);

	finish(n, engine < 2 ? digital_conv(n, x, kernel, engine)
			     : array_conv(n, x, kernel));
}

/* One window over all of x. */
static void cover(struct imc_node *node, const struct imc_tensor *x)
{
	for (int i = 0; i < 4; i++) {
		node->a.pads[i] = 0;
		node->a.kernel[i % 2] = x->dim[1 + i % 2];
	}
}

static void add_pool(struct net *n)
{
	bool mean = pick(n->r, 0, 1);
	bool global = pick(n->r, 0, 4) == 0; /* one pixel is left */
	int kernel = pick(n->r, 2, 3);
	imc_val in[2] = {any(n), ints(n, 9, 1 << 20, 1 << 28)};
	struct imc_node *node =
		add(n, mean ? IMC_OP_Q_AVERAGE_POOL : IMC_OP_MAX_POOL,
		    mean ? 2 : 1, in);

	imc_attrs_default(node->op, &node->a);
	windows(n, node, kernel);
	if (global)
		cover(node, tensor(n, in[0]));
	node->a.ceil_mode[0] = pick(n->r, 0, 1);
	if (mean) {
		node->a.count_pad[0] = pick(n->r, 0, 1);
		node->a.count_min[0] =
			global ? node->a.kernel[0] * node->a.kernel[1] : 1;
		node->a.shift[0] = 30;
	}
	finish(n, node);
}

/* A value of the same shape as x, x itself, or one element of each channel. */
static imc_val partner(struct net *n, imc_val x)
{
	const struct imc_tensor *t = tensor(n, x);
	int from = pick(n->r, 0, n->n_have - 1);

	if (pick(n->r, 0, 3) == 0)
		return bytes(n, shape4(1, 1, t->dim[3]), -50, 50);
	for (int i = 0; i < n->n_have; i++) {
		imc_val v = n->have[(from + i) % n->n_have];
		const struct imc_tensor *o = tensor(n, v);

		if (o->dim[1] == t->dim[1] && o->dim[2] == t->dim[2] &&
		    o->dim[3] == t->dim[3])
			return v;
	}
	return x;
}

static void add_pair(struct net *n)
{
	imc_val x = any(n), y = partner(n, x);
	bool mul = pick(n->r, 0, 1);
	struct imc_node *node =
		add(n, mul ? IMC_OP_Q_MUL : IMC_OP_Q_ADD, 2, (imc_val[]){x, y});

	imc_attrs_default(node->op, &node->a);
	node->a.mult[0] = node->a.mult[1] = 1 << 30;
	node->a.shift[0] = mul ? 36 : 31;
	finish(n, node);
}

static void add_table(struct net *n)
{
	struct imc_tensor t = {.dtype = IMC_I8, .rank = 1, .dim = {256}};
	imc_val in[2] = {any(n), bytes(n, t, -128, 127)};
	struct imc_node *node = add(n, IMC_OP_Q_LUT, 2, in);

	imc_attrs_default(node->op, &node->a);
	finish(n, node);
}

/* ---- moves ---- */

/* Over width or channels, of up to 3 inputs, one of which may be known. */
static struct imc_node *concat(struct net *n, imc_val x)
{
	const struct imc_tensor *t = tensor(n, x);
	int axis = pick(n->r, 2, 3), n_in = pick(n->r, 1, 3);
	imc_val in[3] = {x, x, x};
	struct imc_node *node;

	for (int k = 1; k < n_in; k++)
		for (int i = 0; i < n->n_have; i++) {
			const struct imc_tensor *o = tensor(n, n->have[i]);

			if (o->dim[1] == t->dim[1] &&
			    o->dim[5 - axis] == t->dim[5 - axis] &&
			    pick(n->r, 0, 1))
				in[k] = n->have[i];
		}
	if (pick(n->r, 0, 4) == 0)
		in[n_in - 1] = bytes(n, shape4(t->dim[1], t->dim[2], t->dim[3]),
				     -50, 50);
	node = add(n, IMC_OP_CONCAT, n_in, in);
	imc_attrs_default(IMC_OP_CONCAT, &node->a);
	node->a.axis[0] = axis;
	return node;
}

static struct imc_node *one_of(struct net *n, enum imc_op op, imc_val x)
{
	struct imc_node *node = add(n, op, 1, &x);

	imc_attrs_default(op, &node->a);
	return node;
}

/* More rows, columns and channels, or fewer. */
static struct imc_node *padding(struct net *n, imc_val x)
{
	struct imc_node *node = one_of(n, IMC_OP_PAD, x);
	struct imc_attrs *a = &node->a;

	a->starts.n = a->ends.n = 4;
	for (int i = 0; i < 4; i++)
		a->starts.v[i] = a->ends.v[i] = 0;
	for (int i = 1; i < 4; i++) {
		a->starts.v[i] = pick(n->r, -1, 2);
		a->ends.v[i] = pick(n->r, -1, 2);
	}
	if (pick(n->r, 0, 2) == 0) {
		a->mode[0] = 2;
		a->starts.v[1] = a->ends.v[1] = 0;
	}
	return node;
}

static struct imc_node *slice(struct net *n, imc_val x)
{
	struct imc_node *node = one_of(n, IMC_OP_SLICE, x);
	struct imc_attrs *a = &node->a;
	const struct imc_tensor *t = tensor(n, x);

	a->starts.n = a->ends.n = a->axes.n = a->steps.n = 2;
	for (int i = 0; i < 2; i++) {
		int axis = i ? pick(n->r, 2, 3) : 1;

		a->axes.v[i] = axis;
		a->steps.v[i] = pick(n->r, 1, 2);
		a->starts.v[i] = pick(n->r, 0, (int)t->dim[axis] / 2);
		a->ends.v[i] = t->dim[axis] - pick(n->r, 0, 1);
	}
	if (pick(n->r, 0, 3) == 0) { /* columns or channels backwards */
		a->starts.v[1] = -1;
		a->ends.v[1] = INT_MIN;
		a->steps.v[1] = -1;
	}
	return node;
}

/* Twice or three times as large, or columns only. */
static struct imc_node *nearest(struct net *n, imc_val x)
{
	float *scale = imc_arena_array(n->m->arena, 4, sizeof *scale);
	struct imc_tensor t = {
		.dtype = IMC_F32, .rank = 1, .dim = {4}, .data = scale};
	imc_val in[3] = {x, IMC_NO_VAL, IMC_NO_VAL};
	struct imc_node *node;
	bool asymmetric = pick(n->r, 0, 1);

	scale[0] = scale[3] = 1;
	scale[1] = (float)pick(n->r, 1, 3);
	scale[2] = (float)pick(n->r, 1, 2);
	in[2] = imc_graph_add_const(n->g, "scales", &t);
	node = add(n, IMC_OP_RESIZE, 3, in);
	imc_attrs_default(IMC_OP_RESIZE, &node->a);
	node->a.coord[0] = asymmetric;
	node->a.nearest[0] = asymmetric ? 2 : pick(n->r, 0, 2);
	return node;
}

static struct imc_node *blocks(struct net *n, imc_val x)
{
	bool deep = tensor(n, x)->dim[3] % 4 == 0;
	struct imc_node *node = one_of(
		n, deep ? IMC_OP_DEPTH_TO_SPACE : IMC_OP_SPACE_TO_DEPTH, x);

	node->a.size[0] = 2;
	node->a.mode[0] = deep ? pick(n->r, 0, 1) : 0;
	return node;
}

/* Rows stay; or, of a small one, nothing does. */
static struct imc_node *transposed(struct net *n, imc_val x)
{
	struct imc_node *node = one_of(n, IMC_OP_TRANSPOSE, x);
	const struct imc_tensor *t = tensor(n, x);
	bool swap = t->dim[1] * t->dim[2] < 60 && pick(n->r, 0, 1);

	node->a.perm = (struct imc_ints){4, {0, 1, 3, 2}};
	if (swap)
		node->a.perm = (struct imc_ints){4, {0, 2, 1, 3}};
	return node;
}

static struct imc_node *view(struct net *n, imc_val x)
{
	const struct imc_tensor *t = tensor(n, x);
	struct imc_ints dims = {4, {1, t->dim[1] * t->dim[2], 1, t->dim[3]}};
	bool column = t->dim[1] * t->dim[2] < 30 && pick(n->r, 0, 3) == 0;
	struct imc_node *node =
		one_of(n, column ? IMC_OP_RESHAPE : IMC_OP_IDENTITY, x);

	if (column)
		node->a.dims = dims;
	return node;
}

/* A move that is a step, or a view. */
static void add_move(struct net *n)
{
	static struct imc_node *(*const make[])(struct net *, imc_val) = {
		concat, concat, padding, slice, nearest, blocks, transposed};
	imc_val x = any(n);
	const struct imc_tensor *t = tensor(n, x);
	bool small = imc_tensor_count(t) < 1500 && t->dim[3] <= 12;
	struct imc_node *node = small && pick(n->r, 0, 2)
					? make[pick(n->r, 0, 6)](n, x)
					: view(n, x);

	imc_value_at(n->g, node->out[0])->zero = imc_value_at(n->g, x)->zero;
	finish(n, node);
}

static void add_input(struct net *n)
{
	imc_val v = imc_graph_add_value(n->g, "x");
	struct imc_value *x = imc_value_at(n->g, v);

	x->t = shape4(pick(n->r, 4, 20), pick(n->r, 4, 8), pick(n->r, 1, 4));
	x->shaped = true;
	x->scale = 1;
	x->zero = pick(n->r, -9, 9);
	*IMC_PUSH(n->m->arena, n->g->input, n->g->n_input, n->g->cap_input) = v;
	n->have[n->n_have++] = v;
}

static void add_outputs(struct net *n)
{
	for (int i = 0; i < 2; i++) {
		imc_val v = n->have[n->n_have - 1 - i * (n->n_have / 2)];

		if (i == 0 || v.i != n->g->output[0].i)
			*IMC_PUSH(n->m->arena, n->g->output, n->g->n_output,
				  n->g->cap_output) = v;
	}
}

static void assign(struct net *n)
{
	struct imc_map *map = &n->m->map;

	map->n_assign = n->g->n_node;
	map->assign = imc_arena_array(n->m->arena, map->n_assign,
				      sizeof *map->assign);
	for (size_t i = 0; i < map->n_assign; i++) {
		const struct imc_node *node = &n->g->node[i];
		struct imc_assign *as = &map->assign[i];

		if (node->dead)
			continue;
		as->engine = n->engine[i];
		as->slices = as->bundle = as->copies = 1;
		if (as->engine != IMC_ENGINE_CROSSBAR)
			continue;
		as->post_adc = node->a.post[0] != 0;
		as->overlap = !as->post_adc && pick(n->r, 0, 1);
		as->block_rows = (int32_t)node->a.block_rows[0];
		as->patch_w = 1;
		as->patch_h = imc_node_out(n->g, node, 0)->t.dim[1] % 2
				      ? 1
				      : pick(n->r, 1, 2);
	}
}

/* Machines on which other things pay. */
static void change_machine(struct net *n)
{
	struct imc_hw *hw = n->m->hw;

	hw->ima_rows = hw->ima_cols = 300;
	hw->ima_arrays = 40;
	hw->dw_kernel = 3;
	hw->dw_macs_per_cycle = pick(n->r, 1, 30);
	hw->ima_config_cycles = pick(n->r, 0, 1) ? 0 : pick(n->r, 0, 200);
	hw->core_layer_cycles = pick(n->r, 0, 1) ? 0 : pick(n->r, 0, 200);
	hw->dma_setup_cycles = pick(n->r, 0, 2) ? pick(n->r, 0, 9) : 100;
	hw->core_add_cycles = pick(n->r, 1, 40);
	hw->core_pool_cycles = pick(n->r, 1, 40);
	if (pick(n->r, 0, 3) == 0)
		hw->l1_bytes = pick(n->r, 500, 6000);
}

struct imc_module *net_make(struct random *r, struct imc_diags *d)
{
	static void (*const make[])(struct net *) = {
		add_conv, add_conv, add_conv,  add_pool,
		add_pair, add_pair, add_table, add_move};
	struct net n = {.m = imc_module_new(d), .r = r};
	struct imc_pass_cx cx = {.scratch = imc_arena_new()};
	int n_node = pick(r, 2, 12);
	bool ok;

	n.g = n.m->g = imc_graph_new(n.m->arena, "net");
	n.g->layout = IMC_NHWC;
	n.m->hw = imc_hw_new(n.m->arena);
	n.m->model_path = "net";
	change_machine(&n);
	for (int i = pick(r, 1, 2); i > 0; i--)
		add_input(&n);
	while (n.n_have < n_node + 2)
		make[pick(r, 0, 7)](&n);
	add_outputs(&n);
	assign(&n);
	ok = imc_pass_tile_layers(n.m, &cx) && imc_pass_place_tiles(n.m, &cx);
	imc_arena_free(cx.scratch);
	if (!ok)
		fprintf(stderr, "%s\n", d->n ? d->v[d->n - 1].text : "?");
	return ok ? n.m : NULL;
}

struct imc_tensor *net_input(const struct imc_module *m, struct random *r,
			     struct imc_arena *a)
{
	const struct imc_graph *g = m->g;
	struct imc_tensor *in = imc_arena_array(a, g->n_input, sizeof *in);

	for (size_t i = 0; i < g->n_input; i++) {
		size_t size;

		in[i] = imc_value_at(g, g->input[i])->t;
		size = imc_tensor_bytes(&in[i]);
		in[i].data = imc_arena_alloc(a, size);
		pick_bytes(r, in[i].data, (int32_t)size, -128, 127);
	}
	return in;
}
