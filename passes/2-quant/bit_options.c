/* The ways to compute each node of a spatial machine: bits, cuts and copies,
 * and what they cost. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ir/op.h"
#include "ir/support/checked.h"
#include "passes/2-quant/bit_reads.h"
#include "passes/2-quant/choose_bits.h"

/* More options than that in all: a proven gap of GAP is good enough. */
#define MANY_OPTIONS 20000
#define GAP 0.0001

struct way {
	struct imc_assign as; /* with its cost */
	int64_t arrays;
	/* What decides which ways are kept: with what is done before it. */
	double ns, stage_ns, pj, error, shared;
	size_t id; /* breaks ties */
};

struct ways {
	size_t n, cap;
	struct way *v;
};

/* The ways of all nodes that are computed alike. */
struct shape {
	imc_node_id node;
	int bits; /* of weights, at least */
	struct ways ways;
};

struct lister {
	const struct imc_module *m;
	struct imc_arena *a;	/* of the answer */
	struct imc_arena *work; /* of shapes */
	int64_t n_array;
	bool clusters; /* nodes on cores have clusters of their own */
	struct imc_bit_reads reads;
	size_t n_shape, cap_shape, n_option;
	struct shape *shape;
	struct imc_alloc_layer *layer;
	struct imc_bit_problem out;
};

/* ---- which ways are kept ---- */

/* What is better in nothing else may still take less energy. */
static bool counts_energy(const struct imc_module *m)
{
	return m->opt.objective == IMC_OBJECTIVE_ENERGY ||
	       m->opt.objective == IMC_OBJECTIVE_EDP;
}

/* Stages count; else copies that only take images in turn are of no use. */
static bool asks_stage(const struct imc_module *m)
{
	return m->opt.objective == IMC_OBJECTIVE_THROUGHPUT ||
	       m->opt.min_throughput > 0;
}

static int order(double a, double b)
{
	return (a > b) - (a < b);
}

static int by_arrays(const void *x, const void *y)
{
	const struct way *a = x, *b = y;
	int c = order((double)a->arrays, (double)b->arrays);

	c = c ? c : order(a->ns, b->ns);
	c = c ? c : order(a->stage_ns, b->stage_ns);
	c = c ? c : order(a->error, b->error);
	c = c ? c : order(a->shared, b->shared);
	c = c ? c : order(a->pj, b->pj);
	return c ? c : order((double)a->id, (double)b->id);
}

/* Keeps of v[0 .. n) those that no other one beats, fewest arrays first. */
static size_t prune(const struct lister *l, struct way *v, size_t n)
{
	bool energy = counts_energy(l->m);
	size_t kept = 0;

	if (n < 2)
		return n;
	for (size_t i = 0; i < n; i++)
		v[i].id = i;
	qsort(v, n, sizeof *v, by_arrays);
	for (size_t i = 0; i < n; i++) {
		size_t k = 0;

		while (k < kept &&
		       (v[k].ns > v[i].ns || v[k].stage_ns > v[i].stage_ns ||
			v[k].error > v[i].error || v[k].shared > v[i].shared ||
			(energy && v[k].pj > v[i].pj)))
			k++;
		if (k == kept)
			v[kept++] = v[i];
	}
	return kept;
}

/* Adds `as` unless it is impossible. What needs more arrays than there are
 * stays without copies only, so that the solver can tell how many it needs. */
static void add_way(struct lister *l, imc_node_id id, struct imc_assign as,
		    struct ways *out)
{
	struct way w = {.as = as};

	w.as.cost = imc_cost_node(l->m->hw, l->m->g, id, &as);
	w.arrays = imc_cost_arrays(l->m->hw, l->m->g, id, &as);
	w.ns = w.as.cost.ns;
	w.stage_ns = asks_stage(l->m) ? imc_stage_ns(&w.as.cost) : w.ns;
	w.pj = w.as.cost.pj;
	w.shared = l->clusters ? imc_cost_shared(l->m->hw, &w.as) : 0;
	if (!isfinite(w.ns) || !isfinite(w.pj) || w.ns <= 0 || w.arrays < 0 ||
	    w.arrays > INT32_MAX ||
	    (w.arrays > l->n_array &&
	     (as.copies > 1 || as.adders > 0 || as.stores > 0)))
		return;
	*IMC_PUSH(l->work, out->v, out->n, out->cap) = w;
}

/* ---- ways on crossbars ---- */

struct bits {
	int lo, hi;
};

static struct bits weight_bits(const struct imc_module *m,
			       const struct imc_node *n)
{
	int bits = imc_weight_bits_of(m, n);

	if (imc_bits_are_chosen(m) && !m->opt.weight_bits)
		return (struct bits){2, 8};
	return (struct bits){bits, bits};
}

/* The DAC takes no more than it has. */
static struct bits act_bits(const struct imc_module *m)
{
	int most = (int)m->hw->ima_dac_bits;
	int asked = (int)imc_min_i64(m->opt.act_bits, most);

	if (asked)
		return (struct bits){asked, asked};
	return (struct bits){imc_bits_are_chosen(m) ? 2 : most, most};
}

/* Steps of copies that take images in turn: one by one, then by a part. What
 * is proven of stages holds for these numbers of copies. */
#define FINE 32

/* The next number of copies that is of use: with which the busiest one has
 * less to do, or with images in turn any. */
static int64_t next_copies(int64_t n_window, int64_t copies, bool in_turn)
{
	int64_t most = imc_ceil_div(n_window, copies);
	int64_t next = most > 1 ? imc_ceil_div(n_window, most - 1) : INT64_MAX;

	if (in_turn)
		next = imc_min_i64(next,
				   copies + imc_max_i64(1, copies / FINE));
	return next;
}

/* Clusters that only add or store: none, 1, 2, 4 ... */
#define MOST_EXTRA 64

static int32_t next_extra(const struct lister *l, int32_t n)
{
	if (!l->clusters)
		return MOST_EXTRA + 1;
	return n ? 2 * n : 1;
}

/* What waits for a node stays in L2, or in the L1 of clusters that only store:
 * as few as hold it, or more. */
static void add_stores(struct lister *l, imc_node_id id, struct imc_assign as,
		       struct ways *out)
{
	int64_t n =
		imc_cost_stores(l->m->hw, l->m->g, imc_node_at(l->m->g, id));

	add_way(l, id, as, out);
	for (; l->clusters && n > 0 && n <= l->n_array; n *= 2) {
		as.stores = (int32_t)n;
		add_way(l, id, as, out);
	}
}

/* All copies of a cut that are of use. */
static void add_copies(struct lister *l, imc_node_id id, struct imc_assign as,
		       int32_t n_tile, struct ways *out)
{
	struct imc_matrix mx = imc_matrix_of(l->m->g, imc_node_at(l->m->g, id));
	bool in_turn = asks_stage(l->m);
	int64_t most = imc_max_i64(1, l->n_array / n_tile);

	if (!in_turn)
		most = imc_min_i64(most, mx.n_window);
	if (l->m->opt.max_replicas)
		most = imc_min_i64(most, l->m->opt.max_replicas);
	for (int64_t c = 1; c <= most;
	     c = next_copies(mx.n_window, c, in_turn)) {
		as.copies = (int32_t)c;
		for (as.adders = 0; as.adders <= MOST_EXTRA;
		     as.adders = next_extra(l, as.adders)) {
			add_stores(l, id, as, out);
			if (l->m->hw->vector_arrays == 0)
				break;
		}
	}
}

/* The cuts for as->bundle and as->tile_slices: full row blocks and a rest, and
 * as many blocks of equal size, in which fewer rows take turns. */
static void add_rows(struct lister *l, imc_node_id id, struct imc_assign as,
		     struct ways *out)
{
	struct imc_matrix mx = imc_matrix_of(l->m->g, imc_node_at(l->m->g, id));
	int tiling = l->m->opt.tiling;
	struct imc_cut cut;

	if (!imc_cut_assigned(l->m->hw, &mx, &as, &cut))
		return;
	as.block_rows = cut.block_rows;
	if (cut.n_block == 1 || tiling != 2)
		add_copies(l, id, as, cut.n_tile, out);
	if (cut.n_block == 1 || tiling == 1)
		return;
	as.block_rows = (int32_t)imc_ceil_div(mx.rows, cut.n_block);
	if (imc_cut_assigned(l->m->hw, &mx, &as, &cut))
		add_copies(l, id, as, cut.n_tile, out);
}

/* Groups that a job can hold, one slice or all of them side by side. */
static int32_t most_groups(const struct imc_hw *hw, const struct imc_matrix *mx,
			   const struct imc_assign *as)
{
	int64_t side = as->tile_slices ? as->tile_slices : as->slices;
	int64_t n = imc_min_i64(hw->ima_rows / mx->rows,
				hw->ima_cols / side / mx->cols);

	return (int32_t)imc_max_i64(1, imc_min_i64(mx->groups, n));
}

static void add_bundles(struct lister *l, imc_node_id id, struct imc_assign as,
			struct ways *out)
{
	struct imc_matrix mx = imc_matrix_of(l->m->g, imc_node_at(l->m->g, id));
	int32_t most = most_groups(l->m->hw, &mx, &as);

	if (l->m->opt.dw_job > 0 && imc_matrix_is_depthwise(&mx)) {
		as.bundle = (int32_t)imc_min_i64(l->m->opt.dw_job, mx.groups);
		add_rows(l, id, as, out);
		return;
	}
	for (as.bundle = 1; as.bundle < most; as.bundle *= 2)
		add_rows(l, id, as, out);
	as.bundle = most;
	add_rows(l, id, as, out);
}

/* Where slices of a weight lie, as the machine allows. */
static void add_slices(struct lister *l, imc_node_id id, struct imc_assign as,
		       struct ways *out)
{
	switch (l->m->hw->ima_slices) {
	case 0: /* columns */
		as.tile_slices = 0;
		add_bundles(l, id, as, out);
		break;
	case 1: /* arrays */
		as.tile_slices = 1;
		add_bundles(l, id, as, out);
		break;
	default: /* any */
		for (as.tile_slices = 1; as.tile_slices <= as.slices;
		     as.tile_slices++)
			add_bundles(l, id, as, out);
	}
}

static void add_crossbar(struct lister *l, imc_node_id id, struct ways *out)
{
	struct bits w = weight_bits(l->m, imc_node_at(l->m->g, id));
	struct bits x = act_bits(l->m);
	struct imc_assign as = imc_map_plain(l->m, IMC_ENGINE_CROSSBAR);

	as.patch_h = as.patch_w = as.rest_h = as.rest_w = 1;
	for (as.weight_bits = w.lo; as.weight_bits <= w.hi; as.weight_bits++)
		for (as.act_bits = x.lo; as.act_bits <= x.hi; as.act_bits++) {
			size_t from = out->n;

			as.slices = imc_slices_of(l->m->hw, as.weight_bits);
			add_slices(l, id, as, out);
			out->n = from + prune(l, out->v + from, out->n - from);
		}
}

static bool same_shapes(const struct imc_value *a, const struct imc_value *b)
{
	return a->t.rank == b->t.rank &&
	       !memcmp(a->t.dim, b->t.dim,
		       (size_t)a->t.rank * sizeof *a->t.dim);
}

/* Nodes of the same sizes and attributes cost the same. */
static bool alike(const struct imc_graph *g, imc_node_id a, imc_node_id b)
{
	const struct imc_node *x = imc_node_at(g, a), *y = imc_node_at(g, b);

	for (int k = 0; k < 2; k++)
		if (!same_shapes(imc_node_in(g, x, k), imc_node_in(g, y, k)) ||
		    x->a.stride[k] != y->a.stride[k] ||
		    x->a.dilation[k] != y->a.dilation[k] ||
		    x->a.kernel[k] != y->a.kernel[k])
			return false;
	return x->a.group[0] == y->a.group[0] &&
	       !memcmp(x->a.pads, y->a.pads, sizeof x->a.pads) &&
	       same_shapes(imc_node_out(g, x, 0), imc_node_out(g, y, 0));
}

static const struct ways *crossbar_ways(struct lister *l, imc_node_id id)
{
	int bits = weight_bits(l->m, imc_node_at(l->m->g, id)).lo;
	struct shape *s;

	for (size_t i = 0; i < l->n_shape; i++)
		if (l->shape[i].bits == bits &&
		    alike(l->m->g, l->shape[i].node, id))
			return &l->shape[i].ways;
	s = IMC_PUSH(l->work, l->shape, l->n_shape, l->cap_shape);
	*s = (struct shape){.node = id, .bits = bits};
	add_crossbar(l, id, &s->ways);
	return &s->ways;
}

/* ---- ways elsewhere ---- */

/* Clusters that share a node on the cores: finely, but not all numbers. */
static void add_cores(struct lister *l, imc_node_id id, struct imc_assign as,
		      struct ways *out)
{
	int64_t most = l->clusters ? l->m->hw->chip_clusters : 1;
	size_t from = out->n;

	if (l->m->opt.max_replicas)
		most = imc_min_i64(most, l->m->opt.max_replicas);
	for (int64_t c = 1; c <= most; c += imc_max_i64(1, c / 8)) {
		as.copies = (int32_t)c;
		add_stores(l, id, as, out);
	}
	out->n = from + prune(l, out->v + from, out->n - from);
}

/* Engines without arrays. Cores take what is meant for arrays only if that is
 * asked for or nothing else can. */
static void add_digital(struct lister *l, imc_node_id id, bool crossbar,
			struct ways *out)
{
	const struct imc_module *m = l->m;
	const struct imc_node *n = imc_node_at(m->g, id);
	enum imc_engine forced = imc_map_forced(m, n);

	if (imc_map_may_use(m, n, IMC_ENGINE_DEPTHWISE) &&
	    imc_dw_can(m->hw, m->g, n))
		add_way(l, id, imc_map_plain(m, IMC_ENGINE_DEPTHWISE), out);
	if (imc_map_may_use(m, n, IMC_ENGINE_PE) && imc_pe_can(m->hw, n))
		add_way(l, id, imc_map_plain(m, IMC_ENGINE_PE), out);
	if (forced == IMC_ENGINE_CORES ||
	    (forced == IMC_ENGINE_NONE && (!crossbar || m->opt.spill)))
		add_cores(l, id, imc_map_plain(m, IMC_ENGINE_CORES), out);
}

/* ---- the list ---- */

/* On a machine of clusters a rescale would take one of its own. */
static bool takes_cluster(const struct lister *l, imc_node_id id,
			  const struct imc_assign *as)
{
	imc_val x = imc_node_at(l->m->g, id)->in[0];

	return l->clusters && as->act_bits < l->m->hw->ima_dac_bits &&
	       (l->reads.wide[x.i] || l->reads.n_read[x.i] > 1);
}

/* What the way is to the solver. */
static void rate_way(const struct lister *l, imc_node_id id,
		     const struct imc_layer_error *e, struct way *w)
{
	struct imc_cost narrow =
		imc_bit_narrow_cost(l->m, &l->reads, id, &w->as);

	w->ns = w->as.cost.ns + narrow.ns;
	/* a rescale is no part of the layer's own stage */
	w->stage_ns =
		asks_stage(l->m) ? imc_stage_ns(&w->as.cost) : w->as.cost.ns;
	w->pj = w->as.cost.pj + narrow.pj;
	w->error = e && imc_bits_are_chosen(l->m)
			   ? imc_layer_error_at(e, w->as.weight_bits,
						w->as.act_bits)
			   : 0;
}

static void put_layer(struct lister *l, imc_node_id id, const struct ways *w)
{
	struct imc_bit_option *o = imc_arena_array(l->a, w->n, sizeof *o);
	struct imc_alloc_option *x = imc_arena_array(l->a, w->n, sizeof *x);
	size_t i = l->out.n++;

	for (size_t k = 0; k < w->n; k++) {
		o[k].as = w->v[k].as;
		o[k].narrow =
			imc_bit_narrow_cost(l->m, &l->reads, id, &o[k].as);
		x[k] = (struct imc_alloc_option){
			.ns = w->v[k].ns,
			.stage_ns = w->v[k].stage_ns,
			.pj = w->v[k].pj,
			.error = w->v[k].error,
			.arrays = (int32_t)w->v[k].arrays,
		};
	}
	l->out.node[i] = id;
	l->out.option[i] = o;
	l->layer[i] = (struct imc_alloc_layer){(int32_t)w->n, x};
	l->n_option += w->n;
}

/* A stage that all share takes the sum of its times, which the solver cannot
 * know: one way only. */
static void keep_fastest(struct lister *l, struct ways *w)
{
	size_t best = 0;

	for (size_t k = 1; k < w->n; k++)
		if (w->v[k].ns < w->v[best].ns)
			best = k;
	w->v[0] = w->v[best];
	w->n = 1;
	l->out.p.fixed_stage_ns += w->v[0].ns;
}

/* Without arrays and without a cluster of its own. */
static bool is_shared(const struct lister *l, const struct way *w)
{
	return !l->clusters && w->as.engine != IMC_ENGINE_CROSSBAR;
}

static bool list_matrix(struct lister *l, imc_node_id id)
{
	const struct imc_node *n = imc_node_at(l->m->g, id);
	const struct imc_layer_error *e = imc_layer_error_of(l->m, id);
	const struct ways *c = NULL;
	struct ways w = {0};

	if (imc_bit_may_cross(l->m, n))
		c = crossbar_ways(l, id);
	for (size_t k = 0; c && k < c->n; k++)
		if (!takes_cluster(l, id, &c->v[k].as))
			*IMC_PUSH(l->work, w.v, w.n, w.cap) = c->v[k];
	if (w.n == 0 || l->clusters || l->m->opt.spill || !asks_stage(l->m))
		add_digital(l, id, w.n > 0, &w);
	if (w.n == 0) {
		l->out.bad = id;
		l->out.why = imc_map_hindrance(l->m, imc_map_forced(l->m, n));
		return false;
	}
	for (size_t k = 0; k < w.n; k++)
		rate_way(l, id, e, &w.v[k]);
	if ((!c || c->n == 0) && is_shared(l, &w.v[0]))
		keep_fastest(l, &w);
	if (!l->m->opt.search) /* the solver chooses bits, too */
		w.n = prune(l, w.v, w.n);
	put_layer(l, id, &w);
	return true;
}

/* A node that only cores compute. */
static void list_other(struct lister *l, imc_node_id id)
{
	const struct imc_assign *as = &l->m->map.assign[id.i];
	struct ways w = {0};

	if (!l->clusters) {
		l->out.p.fixed_ns += as->cost.ns;
		l->out.p.fixed_stage_ns += as->cost.ns;
		return;
	}
	add_cores(l, id, *as, &w);
	if (w.n > 0)
		put_layer(l, id, &w);
}

static bool list_nodes(struct lister *l)
{
	const struct imc_graph *g = l->m->g;

	for (size_t i = 0; i < g->n_order; i++) {
		imc_node_id id = g->order[i];

		if (imc_map_is_matrix(g, imc_node_at(g, id))) {
			if (!list_matrix(l, id))
				return false;
		} else if (l->m->map.assign[id.i].cost.ns > 0) {
			list_other(l, id);
		}
	}
	return true;
}

static enum imc_alloc_goal goal_of(const struct imc_module *m)
{
	switch ((enum imc_objective)m->opt.objective) {
	case IMC_OBJECTIVE_LATENCY:
	case IMC_OBJECTIVE_EDP: /* by several of them */
		return IMC_ALLOC_LATENCY;
	case IMC_OBJECTIVE_THROUGHPUT:
		return IMC_ALLOC_STAGE;
	case IMC_OBJECTIVE_ENERGY:
		return IMC_ALLOC_ENERGY;
	case IMC_OBJECTIVE_ARRAYS:
		return IMC_ALLOC_ARRAYS;
	case IMC_N_OBJECTIVE:
		break;
	}
	return IMC_ALLOC_LATENCY;
}

/* The shared stage when no node takes part in it. */
static double outside_ns(const struct lister *l)
{
	size_t n = l->m->g->n_node;
	struct imc_map none = {
		.n_assign = n,
		.assign = imc_arena_array(l->work, n + 1, sizeof *none.assign),
	};

	return imc_pipeline_of(l->m->hw, l->m->g, &none).shared_ns;
}

struct imc_bit_problem imc_bit_problem_of(const struct imc_module *m,
					  struct imc_arena *a)
{
	size_t n = m->g->n_order + 1;
	struct lister l = {
		.m = m,
		.a = a,
		.work = imc_arena_new(),
		.n_array = imc_hw_n_array(m->hw),
		.clusters = m->hw->chip_clusters > 1,
		.layer = imc_arena_array(a, n, sizeof *l.layer),
	};
	struct imc_alloc_problem *p = &l.out.p;

	l.out.node = imc_arena_array(a, n, sizeof *l.out.node);
	l.out.option = imc_arena_array(a, n, sizeof *l.out.option);
	l.reads = imc_bit_reads_of(m, l.work);
	list_nodes(&l);
	l.out.shares = l.clusters;
	if (l.clusters)
		p->fixed_stage_ns = outside_ns(&l);
	p->goal = goal_of(m);
	p->n = (int32_t)l.out.n;
	p->layer = l.layer;
	p->n_array = l.n_array;
	p->max_error = INFINITY;
	p->max_stage_ns = m->opt.min_throughput > 0
				  ? 1e9 / m->opt.min_throughput
				  : INFINITY;
	p->gap = l.n_option > MANY_OPTIONS ? GAP : 0;
	p->seconds = m->opt.solver_time > 0 ? m->opt.solver_time : INFINITY;
	imc_arena_free(l.work);
	return l.out;
}
