/* The arithmetic of choosing scales. Everything in double; the results are
 * rounded once. */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "ir/num.h"
#include "ir/support/checked.h"
#include "passes/2-quant/quant.h"

struct imc_qparams imc_qparams_of(float lo, float hi, int bits, bool fixed_zero)
{
	double low = lo < 0 ? lo : 0, high = hi > 0 ? hi : 0;
	double top = (1 << (bits - 1)) - 1, bottom = -top - 1, scale;
	struct imc_qparams q = {1, 0};

	if (high - low < 1e-12)
		return q;
	if (fixed_zero) {
		scale = fmax(-low, high) / top;
		q.scale = (float)scale;
		return q;
	}
	scale = (high - low) / (top - bottom);
	q.scale = (float)scale;
	q.zero = (int32_t)imc_clamp((int64_t)lround(bottom - low / scale),
				    (int64_t)bottom, (int64_t)top);
	return q;
}

bool imc_bits_are_free(const struct imc_hw *hw)
{
	return hw->ima_cell_bits == 1 && imc_hw_sums_exact(hw);
}

int32_t imc_slices_of(const struct imc_hw *hw, int bits)
{
	return (int32_t)imc_ceil_div(bits, hw->ima_cell_bits);
}

int32_t imc_weight_max(const struct imc_hw *hw, int bits)
{
	int slices = imc_slices_of(hw, bits);
	/* codes are kept as int8 */
	int32_t most = (int32_t)imc_min_i64(
		imc_slice_max(slices, (int)hw->ima_cell_bits), INT8_MAX);
	int32_t asked = imc_cell_max(bits);

	/* All slices full: the whole range of the cells is the asked one. */
	if (slices * hw->ima_cell_bits == bits || most < asked)
		return most;
	return asked;
}

/* A row of drive d leaves at most d / 2. The next one, of drive e, takes
 * cell * e of that and leaves at most e / 2: e >= d / (2 * cell + 1). */
struct imc_ints imc_bias_drives(const struct imc_hw *hw, double max_bias)
{
	int32_t cell = imc_cell_max((int)hw->ima_cell_bits);
	int64_t top = (1 << (hw->ima_dac_bits - 1)) - 1, step = top;
	double left = max_bias;
	struct imc_ints d = {0};

	while (left > 0.5 * (double)top && d.n < IMC_MAX_RANK - 2) {
		d.v[d.n++] = top;
		left -= (double)(top * cell);
	}
	if (max_bias <= 0.5)
		return d;
	do {
		step = imc_ceil_div(step, 2 * cell + 1);
		d.v[d.n++] = step;
	} while (step > 1 && d.n < IMC_MAX_RANK);
	return d;
}

int64_t imc_bias_cells(const struct imc_ints *drive, int64_t bias,
		       int32_t cell_max, int8_t *cell, int64_t stride)
{
	for (int i = 0; i < drive->n; i++) {
		int64_t d = drive->v[i];
		int64_t half = bias < 0 ? -d / 2 : d / 2;
		int64_t c = imc_clamp((bias + half) / d, -cell_max, cell_max);

		cell[i * stride] = (int8_t)c;
		bias -= c * d;
	}
	return bias;
}

struct imc_weights imc_weights_of(const struct imc_graph *g,
				  const struct imc_node *n)
{
	const struct imc_value *w = imc_node_in(g, n, 1);
	const struct imc_value *b = imc_node_in(g, n, 2);
	struct imc_weights out = {w->t.data, w->t.dim[0], 0, NULL};

	out.r = imc_tensor_count(&w->t) / imc_max_i64(1, out.k);
	if (b)
		out.bias = b->t.data;
	return out;
}

/* Half away from zero, as lround, for |x| < 2^30. */
static int32_t nearest(double x)
{
	return (int32_t)(x + copysign(0.5, x));
}

/* imc_slice_round for -max .. max: the storable integers around each one. */
#define GRID_MAX 128

struct grid {
	int32_t max;
	bool whole; /* every integer can be stored */
	int32_t down[2 * GRID_MAX + 1], up[2 * GRID_MAX + 1];
};

static void open_grid(struct grid *g, int slices, int bits, int32_t max)
{
	assert(max <= GRID_MAX);
	g->max = max;
	g->whole = true;
	for (int32_t v = -max; v <= max; v++) {
		int32_t *down = &g->down[v + max], *up = &g->up[v + max];

		*down = *up = v;
		while (!imc_sliceable(*down, slices, bits))
			--*down;
		while (!imc_sliceable(*up, slices, bits))
			++*up;
		g->whole = g->whole && *down == *up;
	}
}

static double grid_round(const struct grid *g, double x)
{
	int32_t at = nearest(x) + g->max;
	double down = g->down[at], up = g->up[at];

	if (x - down == up - x)
		return x >= 0 ? down : up;
	return x - down < up - x ? down : up;
}

static double squared_error(const struct grid *g, const float *w, int64_t n,
			    double scale)
{
	double sum = 0;

	for (int64_t i = 0; i < n; i++) {
		double x = fmax(-g->max, fmin(g->max, w[i] / scale));
		double q = g->whole ? nearest(x) : grid_round(g, x);

		sum += (w[i] - q * scale) * (w[i] - q * scale);
	}
	return sum;
}

static double largest(const float *w, int64_t n)
{
	double m = 0;

	for (int64_t i = 0; i < n; i++)
		m = fmax(m, fabs(w[i]));
	return m;
}

/* Fractions of the largest weight that are tried as the clipping point; with
 * few levels it pays to clip what is rare. */
#define N_TRY 33
#define LEAST 0.36

static float best_scale(const struct grid *g, const float *w, int64_t n)
{
	double m = largest(w, n), best = 0, best_error = INFINITY;

	if (m <= 0)
		return 1;
	for (int t = 0; t < N_TRY; t++) {
		double f = 1 - t * (1 - LEAST) / (N_TRY - 1);
		double scale = (float)(m * f / g->max);
		double e = squared_error(g, w, n, scale);

		if (e < best_error) {
			best_error = e;
			best = scale;
		}
	}
	return (float)best;
}

float imc_weight_scale(const float *w, int64_t n, int slices, int bits,
		       int32_t max)
{
	struct grid g;

	if (bits == 1)
		return imc_twos_scale(w, n, slices);
	open_grid(&g, slices, bits, max);
	return best_scale(&g, w, n);
}

void imc_weight_errors(const struct imc_weights *w, int slices, int bits,
		       int32_t max, double *by_channel, double *by_tensor)
{
	float one = 0;
	struct grid g;

	open_grid(&g, slices, bits, max);
	*by_channel = 0;
	if (by_tensor) {
		*by_tensor = 0;
		one = best_scale(&g, w->w, w->k * w->r);
	}
	for (int64_t k = 0; k < w->k; k++) {
		const float *row = w->w + k * w->r;
		float own = best_scale(&g, row, w->r);
		double energy = 0;

		for (int64_t r = 0; r < w->r; r++)
			energy += (double)row[r] * row[r];
		if (energy <= 0)
			continue;
		*by_channel += squared_error(&g, row, w->r, own) / energy;
		if (by_tensor)
			*by_tensor +=
				squared_error(&g, row, w->r, one) / energy;
	}
}

imc_val imc_const_i32(struct imc_graph *g, const char *name, const int32_t *v,
		      int64_t n)
{
	struct imc_tensor t = {.dtype = IMC_I32, .rank = 1};
	union {
		const int32_t *from;
		void *to;
	} data = {v};

	t.dim[0] = n;
	t.data = data.to;
	return imc_graph_add_const(g, name, &t);
}

void imc_clamp_to(struct imc_node *n, const struct imc_value *y, double lo,
		  double hi)
{
	double s = y->scale;

	n->a.hi[0] = imc_clamp(llround(fmax(fmin(hi / s, 1e6), -1e6)) + y->zero,
			       -128, 127);
	n->a.lo[0] = imc_clamp(llround(fmin(fmax(lo / s, -1e6), 1e6)) + y->zero,
			       -128, n->a.hi[0]);
}

void imc_clamp_act(struct imc_node *n, const struct imc_value *y)
{
	n->a.lo[0] = -128;
	n->a.hi[0] = 127;
	if (n->a.act[0])
		imc_clamp_to(n, y, n->a.act_lo[0], n->a.act_hi[0]);
}

bool imc_is_code_move(enum imc_op op)
{
	return imc_op_info(op)->kind == IMC_MOVE || op == IMC_OP_MAX_POOL ||
	       op == IMC_OP_GLOBAL_MAX_POOL;
}

void imc_assign_grow(struct imc_module *m)
{
	size_t cap = m->map.n_assign;

	if (m->g->n_node <= cap)
		return;
	m->map.assign = imc_arena_grow(m->arena, m->map.assign, m->g->n_node,
				       &cap, sizeof *m->map.assign);
	for (size_t i = m->map.n_assign; i < m->g->n_node; i++)
		m->map.assign[i] = (struct imc_assign){
			.engine = IMC_ENGINE_CORES,
			.weight_bits = 8,
			.act_bits = 8,
			.slices = 1,
			.bundle = 1,
			.copies = 1,
		};
	m->map.n_assign = m->g->n_node;
}
