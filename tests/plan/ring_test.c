/* A plan by hand, with rings, blocks and fetches: the checker takes it, it
 * computes what the graph does, and every fault is named. */
#include <string.h>

#include "ir/eval.h"
#include "ir/op.h"
#include "ir/plan.h"
#include "ir/support/buf.h"
#include "tests/check.h"
#include "tests/runtime/random.h"

enum { ROWS = 4, WIDTH = 3, CHANS = 4, LINE = WIDTH * CHANS, BLOCK = 2 };

/* x -> conv on the cores -> c -> lut -> y */
struct net {
	struct imc_graph *g;
	struct imc_map map;
	struct imc_assign assign[2];
	imc_val x, c, y;
	struct random r;
	struct imc_arena *a;
};

static imc_val bytes(struct net *n, int rank, const int64_t *dim)
{
	struct imc_tensor t = {.dtype = IMC_I8, .rank = rank};

	memcpy(t.dim, dim, (size_t)rank * sizeof *dim);
	t.data = imc_arena_alloc(n->a, imc_tensor_bytes(&t));
	pick_bytes(&n->r, t.data, (int32_t)imc_tensor_bytes(&t), -9, 9);
	return imc_graph_add_const(n->g, "w", &t);
}

static imc_val ints(struct net *n, int32_t lo, int32_t hi)
{
	int32_t v[CHANS];
	struct imc_tensor t = {
		.dtype = IMC_I32, .rank = 1, .dim = {CHANS}, .data = v};

	for (int i = 0; i < CHANS; i++)
		v[i] = pick(&n->r, lo, hi);
	return imc_graph_add_const(n->g, "i", &t);
}

static imc_val add_value(struct net *n, const char *name)
{
	imc_val v = imc_graph_add_value(n->g, name);
	struct imc_value *x = imc_value_at(n->g, v);

	x->t = (struct imc_tensor){
		.dtype = IMC_I8, .rank = 4, .dim = {1, ROWS, WIDTH, CHANS}};
	x->shaped = true;
	x->scale = 1;
	return v;
}

static void add_node(struct net *n, enum imc_op op, int n_in, const imc_val *in,
		     imc_val out)
{
	imc_node_id id = imc_graph_add_node(n->g, op, n_in, 1, NULL);
	struct imc_node *node = imc_node_at(n->g, id);

	node->name = imc_op_info(op)->name;
	memcpy(node->in, in, (size_t)n_in * sizeof *in);
	imc_attrs_default(op, &node->a);
	node->a.kernel[0] = node->a.kernel[1] = 1;
	imc_node_set_out(n->g, id, 0, out);
}

static void open_net(struct net *n)
{
	const int64_t w[] = {CHANS, 1, 1, CHANS}, table[] = {256};

	n->a = imc_arena_new();
	n->r.state = 3;
	n->g = imc_graph_new(n->a, "net");
	n->g->layout = IMC_NHWC;
	n->x = add_value(n, "x");
	n->c = add_value(n, "c");
	n->y = add_value(n, "y");
	*IMC_PUSH(n->a, n->g->input, n->g->n_input, n->g->cap_input) = n->x;
	*IMC_PUSH(n->a, n->g->output, n->g->n_output, n->g->cap_output) = n->y;
	add_node(n, IMC_OP_Q_CONV2D, 5,
		 (imc_val[]){n->x, bytes(n, 4, w), ints(n, -99, 99),
			     ints(n, 1 << 29, 1 << 30), ints(n, 32, 34)},
		 n->c);
	add_node(n, IMC_OP_Q_LUT, 2, (imc_val[]){n->c, bytes(n, 1, table)},
		 n->y);
	n->assign[0].engine = n->assign[1].engine = IMC_ENGINE_CORES;
	n->map = (struct imc_map){.n_assign = 2, .assign = n->assign};
}

/* ---- the plan ---- */

#define X 0
#define C 1
#define Y 2
#define K 3 /* constants of the convolution */
#define N_STEP 12

struct plan {
	struct imc_plan p;
	struct imc_step step[N_STEP];
	struct imc_buffer buffer[6];
	const struct net *n;
};

static struct imc_step moved(enum imc_step_kind k, imc_val v, int row, int n)
{
	return (struct imc_step){.kind = k,
				 .node = IMC_NO_NODE,
				 .val = v,
				 .row = row,
				 .n_row = n,
				 .scratch = -1};
}

static struct imc_step fetched(int chan)
{
	return (struct imc_step){.kind = IMC_STEP_FETCH,
				 .val = IMC_NO_VAL,
				 .chan = chan,
				 .n_chan = BLOCK,
				 .scratch = -1};
}

static struct imc_step conv(int row, int chan)
{
	struct imc_step s = fetched(chan);

	s.kind = IMC_STEP_RUN;
	s.row = row;
	s.n_row = 2;
	return s;
}

static struct imc_step lut(int row)
{
	return (struct imc_step){.kind = IMC_STEP_RUN,
				 .node = {1},
				 .val = IMC_NO_VAL,
				 .row = row,
				 .n_row = 2,
				 .scratch = -1};
}

static struct imc_buffer ring(imc_val v, int64_t offset, int first, int last)
{
	return (struct imc_buffer){.val = v,
				   .node = IMC_NO_NODE,
				   .lines = 2,
				   .offset = offset,
				   .size_bytes = 2 * LINE,
				   .first = first,
				   .last = last};
}

static void open_plan(struct plan *p, const struct net *n)
{
	const struct imc_step step[N_STEP] = {
		[0] = moved(IMC_STEP_LOAD, n->x, 0, 2),
		[1] = fetched(0),
		[2] = fetched(BLOCK),
		[3] = conv(0, 0),
		[4] = conv(0, BLOCK),
		[5] = moved(IMC_STEP_LOAD, n->x, 2, 2),
		[6] = lut(0),
		[7] = conv(2, 0),
		[8] = conv(2, BLOCK),
		[9] = moved(IMC_STEP_STORE, n->y, 0, 2),
		[10] = lut(2),
		[11] = moved(IMC_STEP_STORE, n->y, 2, 2),
	};
	int64_t bytes =
		imc_plan_constants(n->g, &n->map, (imc_node_id){0}, BLOCK)
			.bytes;

	*p = (struct plan){.n = n};
	memcpy(p->step, step, sizeof step);
	p->step[1].beside = p->step[3].beside = p->step[6].beside =
		p->step[9].beside = true;
	p->buffer[X] = ring(n->x, 0, 0, 8);
	p->buffer[C] = ring(n->c, 200, 2, 10);
	p->buffer[Y] = ring(n->y, 300, 5, 11);
	p->buffer[K] = ring(IMC_NO_VAL, 400, 0, 8);
	p->buffer[K].node = (imc_node_id){0};
	p->buffer[K].n_chan = BLOCK;
	p->buffer[K].size_bytes = 2 * bytes;
	p->p = (struct imc_plan){.step = p->step,
				 .n_step = N_STEP,
				 .buffer = p->buffer,
				 .n_buffer = 4,
				 .l1_bytes = 400 + 2 * bytes,
				 .n_root = n->g->n_value};
	p->p.root = imc_arena_array(n->a, p->p.n_root, sizeof *p->p.root);
	for (size_t v = 0; v < p->p.n_root; v++)
		p->p.root[v] = (uint32_t)v;
}

/* ---- faults ---- */

static void good(struct plan *p)
{
	p->step[7].cost.ns = 1; /* any */
}

static void part_of_channels(struct plan *p)
{
	p->step[4] = lut(0);
}

static void row_lost(struct plan *p)
{
	p->buffer[X].lines = ROWS;
	p->buffer[X].size_bytes = ROWS * LINE;
	p->step[0].n_row = ROWS;
	p->step[4] = conv(2, 0);
	p->step[6] = conv(0, BLOCK);
}

static void channels_first(struct plan *p)
{
	p->step[3] = conv(0, BLOCK);
}

static void wrong_row(struct plan *p)
{
	p->step[5].row = 1;
}

static void over_read(struct plan *p)
{
	p->step[5].beside = true;
	p->step[6].beside = false;
}

static void over_written(struct plan *p)
{
	p->buffer[X].lines = 1;
}

static void too_many_lines(struct plan *p)
{
	p->buffer[C].lines = ROWS + 1;
}

static void too_small(struct plan *p)
{
	p->buffer[C].lines = 3;
}

static void same_twice(struct plan *p)
{
	p->buffer[4] = ring(p->n->c, 100, 4, 5);
	p->p.n_buffer = 5;
}

static void no_block(struct plan *p)
{
	p->step[1].chan = 1;
}

static void other_block(struct plan *p)
{
	p->step[2].chan = 0;
	p->step[2].beside = false;
	p->step[3].beside = false;
}

static void block_over_read(struct plan *p)
{
	p->buffer[K].lines = 1;
}

static void all_channels(struct plan *p)
{
	p->step[3].n_chan = 0;
}

static void without_blocks(struct plan *p)
{
	p->buffer[K].n_chan = CHANS;
}

static void in_l2(struct plan *p)
{
	p->buffer[K].mem = IMC_MEM_L2;
	p->p.l2_bytes = p->p.l1_bytes;
}

static void table_in_blocks(struct plan *p)
{
	p->buffer[K].node.i = 1;
}

static void add_far(struct plan *p, imc_val v)
{
	p->buffer[4] = ring(v, 0, 0, 11);
	p->buffer[4].mem = IMC_MEM_L2;
	p->buffer[4].lines = 0;
	p->buffer[4].size_bytes = ROWS * LINE;
	p->p.l2_bytes = ROWS * LINE;
	p->p.n_buffer = 5;
}

static void far_output(struct plan *p)
{
	add_far(p, p->n->y);
}

static void far_ring(struct plan *p)
{
	add_far(p, p->n->c);
	p->buffer[4].lines = 2;
}

static void far_short(struct plan *p)
{
	add_far(p, p->n->c);
	p->buffer[4].size_bytes--;
}

static void beyond_l2(struct plan *p)
{
	add_far(p, p->n->c);
	p->p.l2_bytes--;
}

static void not_stored(struct plan *p)
{
	add_far(p, p->n->c);
	p->step[5] = moved(IMC_STEP_LOAD, p->n->c, 0, 2);
}

static void no_far(struct plan *p)
{
	p->step[5] = moved(IMC_STEP_LOAD, p->n->c, 0, 2);
}

static void to_input(struct plan *p)
{
	p->step[5] = moved(IMC_STEP_STORE, p->n->x, 0, 2);
}

static void cut_input(struct plan *p)
{
	p->buffer[X].n_chan = BLOCK;
	p->buffer[X].size_bytes = 2 * ROWS * WIDTH * BLOCK;
}

static void some_stored(struct plan *p)
{
	p->step[11].n_chan = BLOCK;
}

static void scratch_of_value(struct plan *p)
{
	p->step[3].scratch = C;
}

static void twice(struct plan *p)
{
	p->step[5] = conv(0, BLOCK);
	p->step[6].beside = false;
}

static void rows_fetched(struct plan *p)
{
	p->step[1].n_row = 1;
}

static const struct {
	void (*spoil)(struct plan *p);
	const char *says;
} rules[] = {
	{good, NULL},
	{part_of_channels, "step 4 reads row 0 of 'c', which is not in L1 "
			   "since a slot before"},
	{row_lost, "step 6 makes channels 2 to 4 of row 0 of 'c', and those "
		   "before are not in L1"},
	{channels_first, "step 3 makes rows 0 to 2, channels 2 to 4, of 'c' "
			 "twice, or not in order"},
	{wrong_row,
	 "step 7 reads row 3 of 'x', which is not in L1 since a slot before"},
	{over_read,
	 "step 5 writes row 2 of 'x' in L1 where step 4 of its slot reads"},
	{over_written,
	 "step 0 writes row 1 of 'x' in L1 where step 0 of its slot writes"},
	{too_many_lines, "the buffer of 'c' has 5 lines of 4"},
	{too_small, "the buffer of 'c' is too small"},
	{same_twice, "buffers 1 and 4 hold the same"},
	{no_block,
	 "step 1 needs channels 1 to 3 of 'q_conv2d', which are no block of 2"},
	{other_block, "step 4 reads constants, block 1 of 'q_conv2d', which is "
		      "not in L1 since a slot before"},
	{block_over_read, "step 2 writes constants, block 1 of 'q_conv2d' in "
			  "L1 where step 3 of its slot reads"},
	{all_channels, "step 3 makes channels 0 to 4 of 4, and blocks have 2"},
	{without_blocks,
	 "constants of 'q_conv2d' are cut into blocks of 4 of 4 channels"},
	{in_l2, "buffer 3 holds constants of no node"},
	{table_in_blocks,
	 "constants of 'q_lut' are cut into blocks of 2 of 4 channels"},
	{far_output, "'y' has a place of its own and no need of L2"},
	{far_ring, "the buffer of 'c' in L2 is a ring"},
	{far_short, "the buffer of 'c' in L2 is too small"},
	{beyond_l2, "buffer 4 leaves L2"},
	{not_stored, "step 5 reads row 0 of 'c', which is not in L2 since a "
		     "slot before"},
	{no_far, "step 5 uses 'c', which has no buffer in L2 then"},
	{to_input, "step 5 moves 'x'"},
	{cut_input, "step 0 needs rows of 'x', whose buffer is cut by "
		    "channels"},
	{some_stored, "step 11 moves some channels of 'y'"},
	{scratch_of_value, "the scratch of step 3 is not its own"},
	{twice, "step 5 makes rows 0 to 2, channels 2 to 4, of 'c' twice, or "
		"not in order"},
	{rows_fetched, "step 1 fetches for no node"},
};

static void check_rule(const struct net *n, size_t i)
{
	struct plan p;
	const char *says;

	open_plan(&p, n);
	rules[i].spoil(&p);
	says = imc_plan_check(n->g, &n->map, &p.p, n->a);
	CHECK(rules[i].says ? says && !strcmp(says, rules[i].says) : !says,
	      "rule %zu: %s", i, says ? says : "nothing");
}

/* As the graph; without the second block, and without what it is kept for,
 * something else. */
static void check_run(struct net *n)
{
	struct imc_images img = {0};
	struct imc_map_eval me = {.g = n->g, .m = &n->map, .img = &img};
	struct imc_tensor x = imc_value_at(n->g, n->x)->t, want, out;
	size_t size = imc_tensor_bytes(&x);
	struct plan p;

	x.data = imc_arena_alloc(n->a, size);
	pick_bytes(&n->r, x.data, (int32_t)size, -128, 127);
	imc_eval_graph(n->g, &x, &want, NULL, n->a);
	open_plan(&p, n);
	imc_eval_plan(&me, &p.p, &x, &out, n->a);
	EXPECT(!memcmp(want.data, out.data, size));
	other_block(&p);
	imc_eval_plan(&me, &p.p, &x, &out, n->a);
	EXPECT(memcmp(want.data, out.data, size));
	open_plan(&p, n);
	block_over_read(&p);
	imc_eval_plan(&me, &p.p, &x, &out, n->a);
	EXPECT(memcmp(want.data, out.data, size));
	open_plan(&p, n);
	EXPECT(imc_plan_dma_bytes(n->g, &n->map, &p.p) ==
	       2 * ROWS * LINE + p.buffer[K].size_bytes);
}

int main(void)
{
	struct net n = {0};

	open_net(&n);
	for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
		check_rule(&n, i);
	check_run(&n);
	imc_arena_free(n.a);
	return check_result();
}
