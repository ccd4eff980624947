#include "hwdesc/cost.h"

#include <assert.h>
#include <math.h>

#include "ir/op.h"
#include "ir/plan.h"
#include "ir/support/checked.h"

/* L1 for the codes that wait for the cores: at most this, or one strip of as
 * few rows as can be. */
#define STRIP_BYTES 16384

/* Bytes of an ADC code on the port; whole sums have 32 bits. */
static double code_bytes(const struct imc_hw *hw)
{
	if (imc_hw_sums_exact(hw))
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

/* How often one after another: n of something, `at_once` (0: all) a time. */
static double turns(int64_t n, int64_t at_once)
{
	return at_once ? (double)imc_ceil_div(n, at_once) : 1;
}

struct imc_cost imc_cost_job(const struct imc_hw *hw, int32_t rows,
			     int32_t cols, int32_t act_bits)
{
	double port = hw->ima_port_bytes;
	double pulses = turns(act_bits, hw->ima_pulse_bits);
	double groups = turns(rows, hw->ima_rows_at_once);
	double mvm =
		hw->ima_mvm_ns * pulses * groups * (double)hw->ima_adc_cols;
	double in = hw->ima_pulse_bits ? rows * act_bits / 8.0 : rows;
	struct imc_cost c = {0};

	c.stream_ns =
		ns_of(hw, ceil(in / port) + ceil(cols * code_bytes(hw) / port));
	c.stall_ns = hw->ima_jobs ? c.stream_ns : fmax(c.stream_ns - mvm, 0);
	c.ns = mvm + c.stall_ns;
	if (hw->ima_jobs)
		c.ns += ns_of(hw, hw->ima_job_cycles);
	c.cycles = cycles_of(hw, c.ns);
	c.pj = 1e3 * pulses *
	       (hw->energy_ima_job + hw->energy_ima_row * rows +
		hw->energy_ima_col * cols * groups);
	c.engine_ns = c.ns;
	return c;
}

/* Work of the cores, at pj a cycle; the fork and join of a layer come with
 * it. */
static void add_core_work(const struct imc_hw *hw, double cycles, double pj,
			  struct imc_cost *c)
{
	if (cycles <= 0)
		return;
	cycles += hw->core_layer_cycles;
	c->cycles += cycles;
	c->ns += ns_of(hw, cycles);
	c->core_ns += ns_of(hw, cycles);
	c->pj += cycles * pj;
}

struct imc_cost imc_cost_impossible(void)
{
	return (struct imc_cost){.cycles = INFINITY,
				 .ns = INFINITY,
				 .pj = INFINITY,
				 .engine_ns = INFINITY,
				 .core_ns = INFINITY,
				 .stream_ns = INFINITY,
				 .stall_ns = INFINITY};
}

static double outputs_of(const struct imc_matrix *mx)
{
	return (double)mx->n_window * mx->cols * mx->groups;
}

static double macs_of(const struct imc_matrix *mx)
{
	return outputs_of(mx) * mx->rows;
}

/* The jobs of n_row output rows. They run one after another. */
static struct imc_cost jobs_cost(const struct imc_hw *hw,
				 const struct imc_matrix *mx,
				 const struct imc_assign *as,
				 const struct imc_cut *cut, int32_t n_row)
{
	struct imc_cost c = {0};
	double energy = mx->groups > 1 ? hw->energy_ima_dw_job : 1;

	for (int32_t i = 0; i < cut->n_tile; i++) {
		struct imc_tile t = imc_cut_tile(mx, cut, as->bias_rows, i);
		struct imc_cost job = imc_cost_job(hw, t.h, t.w, as->act_bits);
		double jobs = (double)imc_cut_jobs(mx, &t, n_row);

		c.ns += jobs * job.ns + ns_of(hw, hw->ima_config_cycles);
		c.stream_ns += jobs * job.stream_ns;
		c.stall_ns += jobs * job.stall_ns;
		c.pj += jobs * job.pj * energy;
	}
	c.engine_ns = c.ns;
	c.cycles = cycles_of(hw, c.ns);
	return c;
}

void imc_cost_residual(const struct imc_hw *hw, double macs, double *ns,
		       double *pj)
{
	*ns = *pj = INFINITY;
	if (hw->sram_macs_per_cycle <= 0)
		return;
	*ns = ns_of(hw, macs / hw->sram_macs_per_cycle);
	*pj = macs * hw->energy_sram_mac;
}

/* Residual weights are multiplied while the arrays compute: both join in the
 * sum of the cores. */
static void beside_residual(const struct imc_hw *hw,
			    const struct imc_matrix *mx,
			    const struct imc_assign *as, int32_t n_row,
			    struct imc_cost *c)
{
	double macs = (double)mx->n_window * n_row / mx->out_h *
		      as->residual_groups * (double)hw->sram_group;

	double ns, pj;

	if (!as->residual_groups)
		return;
	imc_cost_residual(hw, macs, &ns, &pj);
	c->ns = fmax(c->ns, ns);
	c->engine_ns = c->ns;
	c->cycles = cycles_of(hw, c->ns);
	c->pj += pj;
}

/* What the cores do behind the ADC with n_row output rows. */
static struct imc_cost digital_cost(const struct imc_hw *hw,
				    const struct imc_matrix *mx,
				    const struct imc_assign *as,
				    const struct imc_cut *cut, int32_t n_row)
{
	struct imc_cost c = {0};
	double codes =
		(double)cut->n_block * cut->slices + (as->residual_groups > 0);

	add_core_work(hw,
		      outputs_of(mx) * n_row / mx->out_h *
			      (hw->core_requant_cycles +
			       (codes - 1) * hw->core_partial_cycles),
		      hw->energy_core_cycle, &c);
	return c;
}

static int64_t window_bytes(const struct imc_hw *hw,
			    const struct imc_matrix *mx,
			    const struct imc_cut *cut)
{
	int64_t columns =
		(int64_t)mx->cols * mx->groups * cut->slices * cut->n_block;

	return columns * (imc_hw_sums_exact(hw) ? (int64_t)sizeof(int32_t) : 1);
}

int32_t imc_strip_rows(const struct imc_hw *hw, const struct imc_matrix *mx,
		       const struct imc_assign *as)
{
	struct imc_cut cut;
	int64_t line, rows, step;

	if (!imc_cut_assigned(hw, mx, as, &cut))
		return mx->out_h;
	step = imc_lcm_i64(cut.patch_h, cut.rest_h);
	line = mx->out_w * window_bytes(hw, mx, &cut) * (as->overlap ? 2 : 1);
	rows = line > 0 ? STRIP_BYTES / line : 1;
	/* copies share the pixels of a strip: one each, at least */
	rows = imc_max_i64(rows, imc_ceil_div(cut.copies, mx->out_w));
	rows = imc_min_i64(imc_max_i64(rows, 1), mx->out_h);
	return (int32_t)imc_min_i64(imc_ceil_div(rows, step) * step, mx->out_h);
}

/* Jobs and digital work of n_row rows, strip by strip. */
static struct imc_cost strips_cost(const struct imc_hw *hw,
				   const struct imc_matrix *mx,
				   const struct imc_assign *as,
				   const struct imc_cut *cut, int32_t n_row,
				   int32_t strip)
{
	struct imc_cost c = {0};
	double behind = 0; /* digital work that is still to do */

	for (int32_t row = 0; row < n_row; row += strip) {
		int32_t n = (int32_t)imc_min_i64(strip, n_row - row);
		struct imc_cost a = jobs_cost(hw, mx, as, cut, n);
		struct imc_cost b = digital_cost(hw, mx, as, cut, n);

		beside_residual(hw, mx, as, n, &a);
		c.ns += as->overlap ? fmax(a.ns, behind) : a.ns + behind;
		behind = b.ns;
		c.pj += a.pj + b.pj;
		c.engine_ns += a.ns;
		c.core_ns += b.ns;
		c.stream_ns += a.stream_ns;
		c.stall_ns += a.stall_ns;
	}
	c.ns += behind;
	c.cycles = cycles_of(hw, c.ns);
	return c;
}

static struct imc_cost crossbar_cost(const struct imc_hw *hw,
				     const struct imc_matrix *mx,
				     const struct imc_assign *as, int32_t n_row)
{
	struct imc_cut cut;

	if (hw->ima_arrays == 0 || !imc_cut_assigned(hw, mx, as, &cut))
		return imc_cost_impossible();
	if (as->post_adc)
		return jobs_cost(hw, mx, as, &cut, n_row);
	return strips_cost(hw, mx, as, &cut, n_row, imc_strip_rows(hw, mx, as));
}

struct imc_cost imc_cost_strips(const struct imc_hw *hw,
				const struct imc_matrix *mx,
				const struct imc_assign *as, int32_t n_row,
				int32_t strip_rows)
{
	struct imc_cut cut;

	if (hw->ima_arrays == 0 || !imc_cut_assigned(hw, mx, as, &cut))
		return imc_cost_impossible();
	return strips_cost(hw, mx, as, &cut, n_row, strip_rows);
}

static struct imc_cost depthwise_cost(const struct imc_hw *hw,
				      const struct imc_matrix *mx)
{
	struct imc_cost c = {0};

	if (hw->dw_kernel == 0)
		return imc_cost_impossible();
	c.cycles = macs_of(mx) / hw->dw_macs_per_cycle;
	c.ns = ns_of(hw, c.cycles);
	c.pj = macs_of(mx) * hw->energy_dw_mac;
	c.engine_ns = c.ns;
	return c;
}

/* The rates include requantisation; sums of few products cost what that alone
 * does. */
static double kernel_cycles(const struct imc_hw *hw, double macs, double rate,
			    double outputs)
{
	return fmax(macs / rate, outputs * hw->core_requant_cycles);
}

static double conv_cycles(const struct imc_hw *hw, const struct imc_matrix *mx)
{
	double rate = imc_matrix_is_depthwise(mx)
			      ? hw->core_dw_macs_per_cycle
			      : hw->core_conv_macs_per_cycle;

	return kernel_cycles(hw, macs_of(mx), rate, outputs_of(mx));
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
	return kernel_cycles(hw, out * (double)x->t.dim[axis],
			     hw->core_conv_macs_per_cycle, out);
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
	/* which become rescales */
	{IMC_OP_RELU, RATE_ADD},
	{IMC_OP_CLIP, RATE_ADD},
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

/* Convolution kernels keep the cores busier than others: at another power. */
static void add_core_node(const struct imc_hw *hw, const struct imc_graph *g,
			  const struct imc_node *n, double part,
			  struct imc_cost *c)
{
	double cycles, pj = hw->energy_core_conv_cycle;
	struct imc_matrix mx;

	if (is_conv(n)) {
		mx = imc_matrix_of(g, n);
		cycles = conv_cycles(hw, &mx);
	} else if (n->op == IMC_OP_GEMM || n->op == IMC_OP_MATMUL) {
		cycles = product_cycles(hw, g, n);
	} else {
		cycles = element_cycles(hw, g, n);
		pj = hw->energy_core_cycle;
	}
	add_core_work(hw, cycles * part, pj, c);
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

/* A part of what all rows cost: work that has no overlap inside. */
static void scale_cost(struct imc_cost *c, double part)
{
	c->cycles *= part;
	c->ns *= part;
	c->pj *= part;
	c->engine_ns *= part;
	c->core_ns *= part;
	c->stream_ns *= part;
	c->stall_ns *= part;
}

static int64_t rows_of(const struct imc_graph *g, const struct imc_node *n)
{
	const struct imc_value *y = imc_node_out(g, n, 0);

	return y && y->shaped && y->t.rank == 4 ? y->t.dim[1] : 1;
}

static struct imc_cost rows_cost(const struct imc_hw *hw,
				 const struct imc_graph *g,
				 const struct imc_node *n,
				 const struct imc_assign *as, int64_t n_row)
{
	double part = (double)n_row / (double)rows_of(g, n);
	struct imc_cost c = {0};
	struct imc_matrix mx;

	switch (as->engine) {
	case IMC_ENGINE_NONE:
		break;
	case IMC_ENGINE_CORES:
		if (!imc_hw_is_spatial(hw) || hw->chip_clusters == 1) {
			add_core_node(hw, g, n, part, &c);
			break;
		}
		add_core_node(hw, g, n, 1, &c);
		c = imc_cost_clusters(hw, g, n, as, c);
		scale_cost(&c, part);
		break;
	case IMC_ENGINE_CROSSBAR:
		assert(is_conv(n));
		mx = imc_matrix_of(g, n);
		return imc_hw_is_spatial(hw)
			       ? imc_cost_spatial(hw, &mx, as, (int32_t)n_row)
			       : crossbar_cost(hw, &mx, as, (int32_t)n_row);
	case IMC_ENGINE_PE:
		assert(is_conv(n));
		mx = imc_matrix_of(g, n);
		return imc_cost_pe(hw, &mx, (int32_t)n_row);
	case IMC_ENGINE_DEPTHWISE:
		assert(is_conv(n));
		mx = imc_matrix_of(g, n);
		c = depthwise_cost(hw, &mx);
		scale_cost(&c, part);
		break;
	case IMC_N_ENGINE:
		assert(!"an engine");
	}
	return c;
}

struct imc_cost imc_cost_rows(const struct imc_hw *hw,
			      const struct imc_graph *g, imc_node_id id,
			      const struct imc_assign *as, int32_t n_row)
{
	const struct imc_node *n = imc_node_at(g, id);

	if (is_constant(g, n) || imc_plan_is_view(g, n))
		return (struct imc_cost){0};
	return rows_cost(hw, g, n, as, n_row);
}

struct imc_cost imc_cost_node(const struct imc_hw *hw,
			      const struct imc_graph *g, imc_node_id id,
			      const struct imc_assign *as)
{
	const struct imc_node *n = imc_node_at(g, id);

	return imc_cost_rows(hw, g, id, as, (int32_t)rows_of(g, n));
}

struct imc_cost imc_cost_channels(const struct imc_hw *hw,
				  const struct imc_graph *g, imc_node_id id,
				  const struct imc_assign *as, int32_t n_row,
				  double part)
{
	const struct imc_node *n = imc_node_at(g, id);
	struct imc_cost c = {0};

	if (as->engine != IMC_ENGINE_CORES) {
		c = imc_cost_rows(hw, g, id, as, n_row);
		scale_cost(&c, part);
		return c;
	}
	add_core_node(hw, g, n, part * n_row / (double)rows_of(g, n), &c);
	return c;
}

struct imc_cost imc_cost_rescale(const struct imc_hw *hw, int64_t n)
{
	struct imc_cost c = {0};

	add_core_work(hw, (double)n * hw->core_add_cycles,
		      hw->energy_core_cycle, &c);
	return c;
}

struct imc_cost imc_cost_dma(const struct imc_hw *hw, int64_t bytes)
{
	struct imc_cost c = {0};

	int64_t bursts =
		hw->dma_burst_bytes
			? imc_max_i64(imc_ceil_div(bytes, hw->dma_burst_bytes),
				      1)
			: 1;

	c.cycles = (double)bursts * hw->dma_setup_cycles +
		   (double)bytes / hw->dma_bytes_per_cycle;
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
