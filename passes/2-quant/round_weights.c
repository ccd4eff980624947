/* Weights of the arrays get their codes, so that on calibration samples the
 * sums of each layer are nearest to those of the float network. What a layer
 * reads comes from layers whose weights are rounded already; its weights first
 * move a little to make up for these (as in GPTAQ: Li et al., arXiv
 * 2504.02692), then are rounded, and the bias takes what is left of the mean
 * error. The network stays a float one: weights are scale times code. */
#include <math.h>

#include "hwdesc/adc_bits.h"
#include "ir/op.h"
#include "ir/support/checked.h"
#include "passes/2-quant/cholesky.h"
#include "passes/2-quant/column_cells.h"
#include "passes/2-quant/given_numbers.h"
#include "passes/2-quant/quant.h"
#include "passes/2-quant/round_matrix.h"
#include "passes/2-quant/round_stats.h"
#include "passes/2-quant/round_walk.h"

/* Parts of the mean of H's diagonal that are added to it: for rounding, and to
 * move weights. Of n pixels the statistics of r rows are the less sure the
 * larger r / n is, so that so many times FEW is added. */
#define DAMP 0.01
#define DAMP_MOVE 0.1
#define FEW 0.1

/* Weights move in steps of so much of the largest of their output, so that last
 * bits of the solver, which processors differ in, hardly ever count. */
#define STEP 0x1p-16

/* One node. */
struct job {
	struct imc_module *m;
	imc_node_id id;
	struct imc_assign *as;
	struct imc_weights w;
	struct imc_grid grid;
	struct imc_round_node node;
	struct group *group;
	float *weight; /* [k][r]: scale * code */
	int8_t *code;  /* [k][r] */
	float *scale;  /* [k] */
	float *bias;   /* [k] */
	struct imc_arena *a;
};

/* One group of it: what its inputs are like (h is damped), and the weights that
 * are to be rounded. */
struct group {
	struct imc_round_stats s;
	const float *w; /* [k][r] */
};

/* The arrays can hold codes that the model file gives. */
static bool holds_given(const struct imc_module *m, const struct imc_value *w,
			const struct imc_assign *as)
{
	struct imc_grid grid = imc_grid_of(m->hw, as);
	struct imc_arena *a = imc_arena_new();
	size_t n = (size_t)imc_tensor_count(&w->t), k = (size_t)w->t.dim[0];
	float *scale = imc_arena_array(a, k, sizeof *scale);
	int8_t *code = imc_arena_room(a, n, sizeof *code);
	enum imc_given given;
	bool holds = imc_given_codes(m->g, w, scale, code, &given);

	for (size_t i = 0; holds && i < n; i++)
		holds = imc_grid_has(&grid, code[i]);
	for (size_t i = 1; holds && as->post_adc && i < k; i++)
		holds = scale[i] == scale[0];
	imc_arena_free(a);
	return holds;
}

/* Codes are known: weights are scale times code. */
static bool is_rounded(const struct imc_module *m, const struct imc_value *w,
		       const struct imc_assign *as)
{
	if (imc_value_given(w))
		return holds_given(m, w, as);
	return imc_val_ok(w->scales) && w->given == IMC_GIVEN_NONE;
}

static int64_t rows_of(const struct imc_value *w)
{
	return imc_tensor_count(&w->t) / imc_max_i64(1, w->t.dim[0]);
}

static bool may_round(const struct imc_module *m, imc_node_id id)
{
	const struct imc_node *n = imc_node_at(m->g, id);
	const struct imc_assign *as = &m->map.assign[id.i];
	const struct imc_value *w = imc_node_in(m->g, n, 1);
	bool few = m->opt.column_cells != 0;

	if (n->op != IMC_OP_CONV2D || !w->t.data ||
	    as->engine != IMC_ENGINE_CROSSBAR ||
	    (!few && rows_of(w) > IMC_ROUND_MOST))
		return false;
	/* all groups would share a scale */
	if (as->post_adc && n->a.group[0] > 1)
		return false;
	return few || !is_rounded(m, w, as);
}

static double damping(const struct imc_round_stats *s, double part)
{
	return part + FEW * (double)s->r / (double)s->n;
}

static float largest(const float *w, int64_t n)
{
	float most = 0;

	for (int64_t i = 0; i < n; i++)
		most = fmaxf(most, fabsf(w[i]));
	return most;
}

/* The weights w + lag (H + damping)^-1: with y they give what w gives with x.
 */
static float *targets(const struct imc_round_stats *s, const float *w,
		      struct imc_arena *a)
{
	size_t n = (size_t)(s->k * s->r), rr = (size_t)(s->r * s->r);
	double *h = imc_arena_memdup(a, s->h, rr * sizeof *h);
	float *to = imc_arena_memdup(a, w, n * sizeof *to);

	imc_round_damp(h, s->r, damping(s, DAMP_MOVE));
	if (!imc_cholesky_factor(h, s->r))
		return to;
	imc_cholesky_solve(h, s->r, s->lag, s->k);
	for (int64_t k = 0; k < s->k; k++) {
		double step = STEP * (double)largest(w + k * s->r, s->r);

		for (int64_t i = k * s->r; step > 0 && i < (k + 1) * s->r; i++)
			to[i] = (float)((double)w[i] +
					step * round(s->lag[i] / step));
	}
	return to;
}

static void take(struct job *j, int64_t group, const struct imc_rounded *o,
		 const struct imc_round_stats *s)
{
	bool correct = !j->m->opt.no_bias_correction;

	for (int64_t i = 0; i < s->k; i++) {
		int64_t k = group * s->k + i;
		double b = j->w.bias ? (double)j->w.bias[k] : 0;

		j->scale[k] = o->scale[i];
		if (correct)
			b += s->shift[i];
		for (int64_t r = 0; r < s->r; r++) {
			int64_t at = k * s->r + r;

			j->code[at] = o->code[i * s->r + r];
			j->weight[at] =
				o->scale[i] * (float)o->code[i * s->r + r];
			if (correct)
				b += ((double)j->w.w[at] -
				      (double)j->weight[at]) *
				     s->mean[r];
		}
		j->bias[k] = (float)b;
	}
}

static void open_group(struct job *j, int64_t group)
{
	struct group *g = &j->group[group];
	struct imc_round_stats *s = &g->s;

	*s = imc_round_stats_of(&j->node, group, !j->m->opt.no_bias_correction,
				j->a);
	g->w = targets(s, j->w.w + group * s->k * s->r, j->a);
	imc_round_damp(s->h, s->r, damping(s, DAMP));
}

/* Rounds all groups; of each column at most `cells` codes are not 0 (0: any
 * number). Returns the error of their sums. */
static double round_groups(struct job *j, int64_t cells)
{
	double error = 0;
	int64_t n = imc_node_at(j->m->g, j->id)->a.group[0];

	for (int64_t i = 0; i < n; i++) {
		struct imc_arena *a = imc_arena_new();
		const struct group *g = &j->group[i];
		struct imc_round p = {.k = g->s.k,
				      .r = g->s.r,
				      .w = g->w,
				      .h = g->s.h,
				      .grid = &j->grid,
				      .one_scale = j->as->post_adc,
				      .cells = cells};
		struct imc_rounded o;

		if (cells)
			p.block = imc_column_cells_block(j->m, j->id);
		o = imc_round_matrix(&p, a);
		take(j, i, &o, &g->s);
		for (int64_t k = 0; k < p.k; k++)
			error += o.error[k];
		imc_arena_free(a);
	}
	return error;
}

/* What a search for the number of cells has found: 0 cells: none do. */
struct found {
	struct imc_grid grid;
	int64_t cells, sums; /* sums: of the fewest cells tried */
	double error;
};

/* With the codes of j->grid as many cells a column as the ADCs read as they
 * are: halving, and what would do if the sums grew with the cells. */
static struct found search_cells(struct job *j, struct imc_module *quantised)
{
	int64_t most = (int64_t)1 << j->m->hw->ima_adc_bits;
	int64_t above = imc_column_cells_block(j->m, j->id) + 1;
	int64_t cells = above - 1;
	struct found f = {.grid = j->grid, .error = INFINITY};

	for (int t = 0; f.cells + 1 < above; t++) {
		double error = round_groups(j, cells);

		f.sums = imc_column_cells_sums(quantised, j->id, j->code);
		if (f.sums <= most) {
			f.cells = cells;
			f.error = error;
		} else {
			above = cells;
		}
		cells = t % 3 < 2 ? (int64_t)((double)cells * (double)most /
					      (double)f.sums)
				  : (f.cells + above) / 2;
		cells = imc_max_i64(f.cells + 1, imc_min_i64(cells, above - 1));
	}
	return f;
}

/* Many cells of small codes, or few of large ones, whichever loses least. */
static bool round_whole_sums(struct job *j, struct imc_module *quantised)
{
	struct imc_grid whole = j->grid;
	struct found best = {.error = INFINITY}, f;

	for (int max = whole.max; max > 0;
	     max = whole.slices > 1 ? 0 : max / 2) {
		j->grid = imc_grid_within(&whole, max);
		f = search_cells(j, quantised);
		if (f.error < best.error)
			best = f;
	}
	if (!best.cells)
		return imc_diag(j->m->diags, imc_node_at(j->m->g, j->id)->loc,
				IMC_D_COLUMN_NONE, (int)j->m->hw->ima_adc_bits,
				imc_bits_for(f.sums));
	j->grid = best.grid;
	round_groups(j, best.cells);
	j->as->column_cells = (int32_t)best.cells;
	return true;
}

static bool choose_codes(struct job *j, struct imc_module *quantised)
{
	int cells = j->m->opt.column_cells;

	if (cells < 0)
		return round_whole_sums(j, quantised);
	j->as->column_cells = cells;
	round_groups(j, cells);
	return true;
}

static imc_val add_floats(struct imc_graph *g, const char *name, float *v,
			  int64_t n)
{
	struct imc_tensor t = {
		.dtype = IMC_F32, .rank = 1, .dim = {n}, .data = v};

	return imc_graph_add_const(g, name, &t);
}

static void write_back(struct job *j, struct imc_arena *a)
{
	struct imc_graph *g = j->m->g;
	const struct imc_value *w = imc_node_in(g, imc_node_at(g, j->id), 1);
	struct imc_tensor t = w->t;
	const char *name = w->name;
	enum imc_given given = w->given;
	imc_val id, scales;

	if (given == IMC_GIVEN_KEPT)
		given = IMC_GIVEN_CODES;
	t.data = j->weight;
	id = imc_graph_add_const(g, name, &t);
	scales = add_floats(g, imc_arena_printf(a, "%s.scale", name), j->scale,
			    j->w.k);
	imc_value_at(g, id)->scales = scales;
	imc_value_at(g, id)->given = given;
	imc_node_at(g, j->id)->in[1] = id;
	if (j->m->opt.no_bias_correction)
		return;
	name = imc_arena_printf(a, "%s.bias", imc_node_at(g, j->id)->name);
	id = add_floats(g, name, j->bias, j->w.k);
	imc_node_resize_in(g, j->id, 3);
	imc_node_at(g, j->id)->in[2] = id;
}

/* quantised: as imc_column_cells_open, or NULL. */
static bool round_node(struct imc_module *m, imc_node_id id,
		       const struct imc_round_walk *walk,
		       struct imc_module *quantised)
{
	struct imc_arena *a = imc_arena_new();
	const struct imc_node *n = imc_node_at(m->g, id);
	struct job j = {.m = m, .id = id, .as = &m->map.assign[id.i], .a = a};
	bool ok;

	j.w = imc_weights_of(m->g, n);
	j.grid = imc_grid_of(m->hw, j.as);
	j.node = (struct imc_round_node){m->g,
					 n,
					 imc_round_walk_count(walk),
					 imc_round_walk_real(walk, n->in[0]),
					 imc_round_walk_now(walk, n->in[0]),
					 j.w.w};
	j.weight = imc_arena_array(a, (size_t)(j.w.k * j.w.r), sizeof(float));
	j.code = imc_arena_array(a, (size_t)j.w.k, (size_t)j.w.r);
	j.scale = imc_arena_array(a, (size_t)j.w.k, sizeof *j.scale);
	j.bias = imc_arena_array(a, (size_t)j.w.k, sizeof *j.bias);
	j.group = imc_arena_array(a, (size_t)n->a.group[0], sizeof *j.group);
	for (int64_t i = 0; i < n->a.group[0]; i++)
		open_group(&j, i);
	ok = choose_codes(&j, quantised);
	if (ok)
		write_back(&j, a);
	imc_arena_free(a);
	return ok;
}

static bool is_wanted(const struct imc_module *m, const struct imc_pass_cx *cx)
{
	if (!cx->calib || !cx->calib->n)
		return false;
	if (m->opt.rounding == 1 || m->opt.column_cells)
		return true;
	return m->opt.rounding == 0 && !imc_hw_is_spatial(m->hw) &&
	       !cx->calib->synthetic;
}

/* The last node to round. */
static imc_node_id last_of(const struct imc_module *m)
{
	imc_node_id last = IMC_NO_NODE;

	for (size_t i = 0; i < m->g->n_order; i++)
		if (may_round(m, m->g->order[i]))
			last = m->g->order[i];
	return last;
}

/* Columns of few cells are wanted where their statistics can be had. */
static bool check_rows(const struct imc_module *m)
{
	if (!m->opt.column_cells)
		return true;
	for (size_t i = 0; i < m->g->n_order; i++) {
		const struct imc_node *n = imc_node_at(m->g, m->g->order[i]);

		if (may_round(m, m->g->order[i]) &&
		    rows_of(imc_node_in(m->g, n, 1)) > IMC_ROUND_MOST)
			return imc_diag(
				m->diags, n->loc, IMC_D_COLUMN_ROWS,
				(long long)rows_of(imc_node_in(m->g, n, 1)),
				IMC_ROUND_MOST);
	}
	return imc_column_cells_check(m);
}

static bool round_nodes(struct imc_module *m, struct imc_pass_cx *cx,
			imc_node_id last, struct imc_module *real,
			struct imc_module *quantised)
{
	struct imc_round_walk *walk = imc_round_walk_open(
		real->g, m->g, cx->calib, last, cx->scratch);
	bool ok = true;

	for (size_t i = 0; ok && i < m->g->n_order; i++) {
		imc_node_id id = m->g->order[i];

		if (may_round(m, id)) {
			ok = round_node(m, id, walk, quantised);
			cx->n_changed++;
		}
		if (id.i == last.i)
			break;
		imc_round_walk_run(walk, id);
		if (cx->progress)
			cx->progress(cx->ui, "round weights", (int64_t)i,
				     (int64_t)m->g->n_order);
	}
	imc_round_walk_close(walk);
	return ok;
}

bool imc_pass_round_weights(struct imc_module *m, struct imc_pass_cx *cx)
{
	imc_node_id last = last_of(m);
	struct imc_module *real, *quantised = NULL;
	bool ok;

	if (!is_wanted(m, cx) || !imc_node_ok(last))
		return true;
	if (!check_rows(m))
		return false;
	real = imc_module_fork(m);
	if (m->opt.column_cells < 0)
		quantised = imc_column_cells_open(m);
	ok = round_nodes(m, cx, last, real, quantised);
	imc_module_free(quantised);
	imc_module_free(real);
	return ok;
}
