#include "hwdesc/cost.h"

#include <assert.h>
#include <math.h>

#include "ir/op.h"
#include "ir/plan.h"
#include "ir/support/checked.h"

/* More tiles than any chip has arrays; keeps loops over tiles short. */
#define MAX_TILE (1 << 22)

static int64_t at_least_1(int64_t v)
{
	return v > 0 ? v : 1;
}

/* Rows of the blocks, so that the last one holds the bias rows too: full
 * blocks when that works, else as many as leave the last one a row. */
static bool cut_rows(int64_t rows, int64_t bias, int64_t height, int64_t *block,
		     int64_t *n)
{
	int64_t last;

	*n = imc_ceil_div(rows + bias, height);
	*block = *n == 1 ? rows : height;
	last = rows - (*n - 1) * *block;
	if (last >= 1)
		return true;
	*block = height - bias;
	if (*block < 1)
		return false;
	*n = imc_ceil_div(rows, *block);
	return true;
}

bool imc_cut_blocks(const struct imc_hw *hw, const struct imc_matrix *mx,
		    int32_t bias_rows, struct imc_cut *c)
{
	int64_t bundle = imc_min_i64(c->bundle, mx->groups);
	int64_t rows = mx->rows * bundle, cols = mx->cols * bundle;
	int64_t block = c->block_rows, n_bundle, n_block, n_col, width, n_tile;

	if (bundle < 1 || c->slices < 1 || rows < 1 || cols < 1)
		return false;
	if (block < 1 || block > rows)
		block = rows; /* one block */
	n_bundle = imc_ceil_div(mx->groups, bundle);
	n_block = imc_ceil_div(rows, block);
	width = imc_min_i64(cols, hw->ima_cols / c->slices);
	if (width < 1 || block > hw->ima_rows ||
	    rows - (n_block - 1) * block + bias_rows > hw->ima_rows)
		return false;
	n_col = imc_ceil_div(cols, width);
	if ((bundle > 1 && (n_block > 1 || n_col > 1)) ||
	    !imc_mul_i64(n_bundle, n_block, &n_tile) ||
	    !imc_mul_i64(n_tile, n_col, &n_tile) || n_tile > MAX_TILE)
		return false;
	c->bundle = (int32_t)bundle;
	c->n_bundle = (int32_t)n_bundle;
	c->block_rows = (int32_t)block;
	c->n_block = (int32_t)n_block;
	c->block_cols = (int32_t)width;
	c->n_colblock = (int32_t)n_col;
	c->n_tile = (int32_t)n_tile;
	c->cells = 0;
	for (int32_t i = 0; i < c->n_tile; i++) {
		struct imc_tile t = imc_cut_tile(mx, c, bias_rows, i);

		c->cells += (int64_t)t.w * t.h;
	}
	return true;
}

bool imc_cut_matrix(const struct imc_hw *hw, const struct imc_matrix *mx,
		    int32_t slices, int32_t bias_rows, int32_t bundle,
		    struct imc_cut *out)
{
	int64_t groups = imc_min_i64(at_least_1(bundle), mx->groups);
	int64_t block, n_block;

	if (!cut_rows(mx->rows * groups, bias_rows, hw->ima_rows, &block,
		      &n_block))
		return false;
	*out = (struct imc_cut){.bundle = (int32_t)groups,
				.block_rows = (int32_t)block,
				.slices = (int32_t)at_least_1(slices)};
	return imc_cut_blocks(hw, mx, bias_rows, out);
}

struct imc_tile imc_cut_tile(const struct imc_matrix *mx,
			     const struct imc_cut *c, int32_t bias_rows,
			     int32_t i)
{
	struct imc_tile t = {.node = IMC_NO_NODE, .array = -1};
	int32_t colblock = i / c->n_block % c->n_colblock;
	int64_t groups, rows, cols;

	t.block = i % c->n_block;
	t.bundle = i / c->n_block / c->n_colblock;
	groups = imc_min_i64(c->bundle,
			     mx->groups - (int64_t)t.bundle * c->bundle);
	rows = groups * mx->rows;
	cols = groups * mx->cols;
	t.row0 = t.block * c->block_rows;
	t.n_row = (int32_t)imc_min_i64(c->block_rows, rows - t.row0);
	t.col0 = colblock * c->block_cols;
	t.n_col = (int32_t)imc_min_i64(c->block_cols, cols - t.col0);
	t.n_bias = t.block == c->n_block - 1 ? bias_rows : 0;
	t.w = t.n_col * c->slices;
	t.h = t.n_row + t.n_bias;
	return t;
}

/* Bytes of an ADC code on the port; without ADC, 32-bit sums. */
static double code_bytes(const struct imc_hw *hw)
{
	if (hw->ima_adc)
		return 4;
	return hw->ima_adc_bits > 8 ? 2 : 1;
}

static double ns_of(const struct imc_hw *hw, double cycles)
{
	return cycles * 1e3 / hw->cluster_freq;
}

static double cycles_of(const struct imc_hw *hw, double ns)
{
	return ns * hw->cluster_freq / 1e3;
}

struct imc_cost imc_cost_job(const struct imc_hw *hw, int32_t rows,
			     int32_t cols)
{
	double port = hw->ima_port_bytes;
	double stream = ns_of(hw, ceil(rows / port) +
					  ceil(cols * code_bytes(hw) / port));
	struct imc_cost c;

	c.ns = hw->ima_jobs ? hw->ima_mvm_ns + stream
			    : fmax(hw->ima_mvm_ns, stream);
	c.cycles = cycles_of(hw, c.ns);
	c.pj = 1e3 * (hw->energy_ima_job + hw->energy_ima_row * rows +
		      hw->energy_ima_col * cols);
	c.engine_ns = c.ns;
	return c;
}

/* Work of the cores; the fork and join of a layer come with it. */
static void add_core_work(const struct imc_hw *hw, double cycles,
			  struct imc_cost *c)
{
	if (cycles <= 0)
		return;
	cycles += hw->core_layer_cycles;
	c->cycles += cycles;
	c->ns += ns_of(hw, cycles);
	c->pj += cycles * hw->energy_core_cycle;
}

/* What no machine can do, so that no pass chooses it. */
static struct imc_cost impossible(void)
{
	return (struct imc_cost){INFINITY, INFINITY, INFINITY, INFINITY};
}

static double outputs_of(const struct imc_matrix *mx)
{
	return (double)mx->n_window * mx->cols * mx->groups;
}

static double macs_of(const struct imc_matrix *mx)
{
	return outputs_of(mx) * mx->rows;
}

/* Every window is one job of every tile. Jobs run one after another; only
 * copies of the weights share the windows, as far as the target lets that
 * many arrays compute at once. Tiles of one copy may share an array (that is
 * known after placement only), so they never count as parallel. */
static struct imc_cost crossbar_cost(const struct imc_hw *hw,
				     const struct imc_matrix *mx,
				     const struct imc_assign *as)
{
	struct imc_cost c = {0};
	struct imc_cut cut;
	int64_t at_once =
		imc_min_i64(at_least_1(as->copies), hw->ima_active_arrays);
	double jobs;

	if (hw->ima_arrays == 0 ||
	    !imc_cut_matrix(hw, mx, as->slices, as->bias_rows, as->bundle,
			    &cut))
		return impossible();
	jobs = (double)imc_ceil_div(mx->n_window, at_once);
	for (int32_t i = 0; i < cut.n_tile; i++) {
		struct imc_tile t = imc_cut_tile(mx, &cut, as->bias_rows, i);
		struct imc_cost job = imc_cost_job(hw, t.h, t.w);

		c.ns += jobs * job.ns + ns_of(hw, hw->ima_config_cycles);
		c.pj += (double)mx->n_window * job.pj;
	}
	c.engine_ns = c.ns;
	c.cycles = cycles_of(hw, c.ns);
	if (!as->post_adc)
		add_core_work(hw,
			      outputs_of(mx) * (hw->core_requant_cycles +
						(cut.n_block * cut.slices -
						 1) * hw->core_partial_cycles),
			      &c);
	return c;
}

static struct imc_cost depthwise_cost(const struct imc_hw *hw,
				      const struct imc_matrix *mx)
{
	struct imc_cost c = {0};

	if (hw->dw_kernel == 0)
		return impossible();
	c.cycles = macs_of(mx) / hw->dw_macs_per_cycle;
	c.ns = ns_of(hw, c.cycles);
	c.pj = macs_of(mx) * hw->energy_dw_mac;
	c.engine_ns = c.ns;
	return c;
}

/* One input channel a group: no reuse of an input for several outputs. */
static bool is_depthwise(const struct imc_node *n, const struct imc_matrix *mx)
{
	return mx->groups > 1 && mx->rows == n->a.kernel[0] * n->a.kernel[1];
}

static double conv_cycles(const struct imc_hw *hw, const struct imc_node *n,
			  const struct imc_matrix *mx)
{
	double rate = is_depthwise(n, mx) ? hw->core_dw_macs_per_cycle
					  : hw->core_conv_macs_per_cycle;

	return macs_of(mx) / rate + outputs_of(mx) * hw->core_requant_cycles;
}

static double count_of(const struct imc_value *v)
{
	return v && v->shaped ? (double)imc_tensor_count(&v->t) : 0;
}

static double outputs_count(const struct imc_graph *g, const struct imc_node *n)
{
	double sum = 0;

	for (int k = 0; k < n->n_out; k++)
		sum += count_of(imc_node_out(g, n, k));
	return sum;
}

/* gemm and matmul that no pass made a convolution: both sides may be
 * activations. The length of a sum follows from the sizes. */
static double product_cycles(const struct imc_hw *hw, const struct imc_graph *g,
			     const struct imc_node *n)
{
	const struct imc_value *x = imc_node_in(g, n, 0);
	double out = outputs_count(g, n);
	int axis;

	if (!x || !x->shaped || x->t.rank == 0)
		return 0;
	axis = n->op == IMC_OP_GEMM && n->a.trans_a[0] ? 0 : x->t.rank - 1;
	return out * (double)x->t.dim[axis] / hw->core_conv_macs_per_cycle +
	       out * hw->core_requant_cycles;
}

/* By what the operators on the cores are paid that are not look-ups. */
enum rate {
	RATE_ADD,
	RATE_WINDOW,
	RATE_ALL,
	RATE_SOFTMAX,
	RATE_LUT,
	RATE_MOVE
};

static const struct {
	enum imc_op op;
	enum rate rate;
} rates[] = {
	{IMC_OP_ADD, RATE_ADD},
	{IMC_OP_SUB, RATE_ADD},
	{IMC_OP_MUL, RATE_ADD},
	{IMC_OP_DIV, RATE_ADD},
	{IMC_OP_PRELU, RATE_ADD},
	{IMC_OP_SUM, RATE_ADD},
	{IMC_OP_BATCH_NORM, RATE_ADD},
	{IMC_OP_Q_ADD, RATE_ADD},
	{IMC_OP_Q_MUL, RATE_ADD},
	{IMC_OP_Q_RESCALE, RATE_ADD},
	{IMC_OP_MAX_POOL, RATE_WINDOW},
	{IMC_OP_AVERAGE_POOL, RATE_WINDOW},
	{IMC_OP_Q_AVERAGE_POOL, RATE_WINDOW},
	{IMC_OP_GLOBAL_AVERAGE_POOL, RATE_ALL},
	{IMC_OP_GLOBAL_MAX_POOL, RATE_ALL},
	{IMC_OP_REDUCE_MEAN, RATE_ALL},
	{IMC_OP_SOFTMAX, RATE_SOFTMAX},
	{IMC_OP_Q_SOFTMAX, RATE_SOFTMAX},
};

static enum rate rate_of(enum imc_op op)
{
	for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++)
		if (rates[i].op == op)
			return rates[i].rate;
	return imc_op_info(op)->kind == IMC_MOVE ? RATE_MOVE : RATE_LUT;
}

static double element_cycles(const struct imc_hw *hw, const struct imc_graph *g,
			     const struct imc_node *n)
{
	double out = outputs_count(g, n);

	switch (rate_of(n->op)) {
	case RATE_ADD: /* a sum of k inputs is k - 1 adds */
		return out * hw->core_add_cycles *
		       (n->op == IMC_OP_SUM ? fmax(n->n_in - 1, 1) : 1);
	case RATE_WINDOW:
		return out * (double)(n->a.kernel[0] * n->a.kernel[1]) *
		       hw->core_pool_cycles;
	case RATE_ALL: /* every input once */
		return count_of(imc_node_in(g, n, 0)) * hw->core_pool_cycles;
	case RATE_SOFTMAX:
		return out * hw->core_softmax_cycles;
	case RATE_LUT:
		return out * hw->core_lut_cycles;
	case RATE_MOVE:
		return out * hw->core_move_cycles;
	}
	return 0;
}

static bool is_conv(const struct imc_node *n)
{
	return n->op == IMC_OP_CONV2D || n->op == IMC_OP_Q_CONV2D;
}

static double core_cycles(const struct imc_hw *hw, const struct imc_graph *g,
			  const struct imc_node *n)
{
	struct imc_matrix mx;

	if (is_conv(n)) {
		mx = imc_matrix_of(g, n);
		return conv_cycles(hw, n, &mx);
	}
	if (n->op == IMC_OP_GEMM || n->op == IMC_OP_MATMUL)
		return product_cycles(hw, g, n);
	return element_cycles(hw, g, n);
}

/* All outputs are known before the network runs. */
static bool is_constant(const struct imc_graph *g, const struct imc_node *n)
{
	for (int k = 0; k < n->n_out; k++) {
		const struct imc_value *v = imc_node_out(g, n, k);

		if (v && !v->t.data)
			return false;
	}
	return true;
}

struct imc_cost imc_cost_node(const struct imc_hw *hw,
			      const struct imc_graph *g, imc_node_id id,
			      const struct imc_assign *as)
{
	const struct imc_node *n = imc_node_at(g, id);
	struct imc_cost c = {0};
	struct imc_matrix mx;

	if (is_constant(g, n) || imc_plan_is_view(g, n))
		return c;
	switch (as->engine) {
	case IMC_ENGINE_NONE:
		break;
	case IMC_ENGINE_CORES:
		add_core_work(hw, core_cycles(hw, g, n), &c);
		break;
	case IMC_ENGINE_CROSSBAR:
		assert(is_conv(n));
		mx = imc_matrix_of(g, n);
		return crossbar_cost(hw, &mx, as);
	case IMC_ENGINE_DEPTHWISE:
		assert(is_conv(n));
		mx = imc_matrix_of(g, n);
		return depthwise_cost(hw, &mx);
	case IMC_N_ENGINE:
		assert(!"an engine");
	}
	return c;
}

struct imc_cost imc_cost_dma(const struct imc_hw *hw, int64_t bytes)
{
	struct imc_cost c = {0};

	c.cycles =
		hw->dma_setup_cycles + (double)bytes / hw->dma_bytes_per_cycle;
	c.ns = ns_of(hw, c.cycles);
	c.pj = (double)bytes * hw->energy_dma_byte;
	return c;
}

bool imc_dw_can(const struct imc_hw *hw, const struct imc_graph *g,
		const struct imc_node *n)
{
	int64_t k = hw->dw_kernel;
	struct imc_matrix mx;

	if (k == 0 || !is_conv(n))
		return false;
	for (int i = 0; i < 2; i++)
		if (n->a.kernel[i] != k || n->a.stride[i] > hw->dw_max_stride ||
		    n->a.dilation[i] != 1)
			return false;
	for (int i = 0; i < 4; i++)
		if (n->a.pads[i] < 0 || n->a.pads[i] >= k)
			return false;
	/* group == C == K: one input and one output channel a group. */
	mx = imc_matrix_of(g, n);
	return mx.rows == k * k && mx.cols == 1;
}

double imc_area_mm2(const struct imc_hw *hw)
{
	return (double)hw->chip_clusters *
	       (hw->area_cluster + (double)hw->ima_arrays * hw->area_array);
}
