#include "passes/4-plan/overlap.h"

#include "hwdesc/cost.h"
#include "ir/plan_now.h"
#include "ir/support/checked.h"

/* Keeps plans short where strips get ever thinner. */
#define MAX_STRIPS 128
/* Nodes at once, as select.h has it: the bound on the latency rests on that. */
#define MAX_RUN 2
/* What counts as shorter: more than rounding. */
#define GAIN 1e-9

/* ---- what a step makes and reads ---- */

static const struct imc_node *node_of(const struct imc_module *m,
				      const struct imc_step *s)
{
	return imc_node_at(m->g, s->node);
}

/* The value whose rows the strips of s are counted in. */
static imc_val value_of(const struct imc_module *m, const struct imc_step *s)
{
	return s->kind == IMC_STEP_RUN ? node_of(m, s)->out[0] : s->val;
}

int64_t imc_overlap_rows(const struct imc_module *m, const struct imc_step *s)
{
	return imc_plan_n_row(&imc_value_at(m->g, value_of(m, s))->t);
}

/* True if one engine alone runs s, for any rows if there are several. */
static bool runs_by_rows(const struct imc_module *m, const struct imc_step *s)
{
	if (imc_overlap_rows(m, s) == 1)
		return false;
	return s->kind != IMC_STEP_RUN ||
	       (imc_plan_by_rows(m->g, node_of(m, s)) && !s->strip_rows);
}

/* Jobs that are started and left alone are those of one image. */
static bool runs_beside(const struct imc_module *m, const struct imc_step *s)
{
	unsigned lanes = imc_step_lanes(&m->map, s);

	bool left_alone = lanes == IMC_LANE_PORT || lanes == IMC_LANE_PE;

	return lanes && (!left_alone ||
			 imc_value_at(m->g, value_of(m, s))->t.dim[0] == 1);
}

/* Rows of a strip are a multiple of this: jobs give whole patches. */
static int64_t unit_of(const struct imc_module *m, const struct imc_step *s)
{
	const struct imc_assign *as;
	int64_t unit = 1;

	if (s->kind != IMC_STEP_RUN)
		return 1;
	as = &m->map.assign[s->node.i];
	if (as->engine != IMC_ENGINE_CROSSBAR)
		return 1;
	for (int32_t i = 0; i < as->n_tile; i++)
		unit = imc_lcm_i64(unit,
				   m->map.tile[as->first_tile + i].patch_h);
	return imc_min_i64(unit, imc_overlap_rows(m, s));
}

/* ---- what depends on what ---- */

enum relation { NONE, BY_ROWS, WHOLE };

/* Whose buffer v lies in: views lie in that of what they show. */
static imc_val root_of(const struct imc_module *m, imc_val v)
{
	return imc_val_ok(v) ? (imc_val){m->plan.root[v.i]} : v;
}

static bool makes(const struct imc_module *m, const struct imc_step *s,
		  imc_val root)
{
	const struct imc_node *n;

	if (!imc_val_ok(root) || s->kind == IMC_STEP_STORE)
		return false;
	if (s->kind == IMC_STEP_LOAD)
		return root_of(m, s->val).i == root.i;
	n = node_of(m, s);
	for (int k = 0; k < n->n_out; k++)
		if (root_of(m, n->out[k]).i == root.i)
			return true;
	return false;
}

/* True if rows of `user` that reads v need some rows of v only. */
static bool reads_rows(const struct imc_module *m, const struct imc_step *user,
		       int input, imc_val v)
{
	struct imc_rows part = {0, 1}, read;

	if (!runs_by_rows(m, user))
		return false;
	if (user->kind != IMC_STEP_RUN)
		return true;
	read = imc_plan_reads(m->g, node_of(m, user), input, part);
	return read.end < imc_plan_n_row(&imc_value_at(m->g, v)->t);
}

static enum relation relation_of(const struct imc_module *m,
				 const struct imc_step *maker,
				 const struct imc_step *user)
{
	int n_in = user->kind == IMC_STEP_RUN ? node_of(m, user)->n_in : 1;
	enum relation r = NONE;

	for (int k = 0; k < n_in && user->kind != IMC_STEP_LOAD; k++) {
		imc_val v = user->kind == IMC_STEP_RUN ? node_of(m, user)->in[k]
						       : user->val;

		if (!makes(m, maker, root_of(m, v)))
			continue;
		if (v.i != value_of(m, maker).i || !runs_by_rows(m, maker) ||
		    !reads_rows(m, user, k, v))
			return WHOLE;
		r = BY_ROWS;
	}
	return r;
}

/* Output rows whose windows over rows below `made` of n_row are complete. */
static int64_t windows_in(const struct imc_node *n, int64_t made, int64_t n_row)
{
	const struct imc_attrs *a = &n->a;
	int64_t dilation = n->op == IMC_OP_Q_AVERAGE_POOL ? 1 : a->dilation[0];
	int64_t room = made + a->pads[0] - (a->kernel[0] - 1) * dilation - 1;

	if (made == n_row)
		return INT64_MAX;
	return room < 0 ? 0 : room / a->stride[0] + 1;
}

static bool is_window(const struct imc_module *m, const struct imc_step *s)
{
	enum imc_op op;

	if (s->kind != IMC_STEP_RUN)
		return false;
	op = node_of(m, s)->op;
	return op == IMC_OP_Q_CONV2D || op == IMC_OP_MAX_POOL ||
	       op == IMC_OP_Q_AVERAGE_POOL;
}

static bool is_move(const struct imc_module *m, const struct imc_step *s)
{
	struct imc_move_rows rows;

	return s->kind == IMC_STEP_RUN &&
	       imc_plan_move_rows(m->g, node_of(m, s), &rows);
}

/* Output rows of a move that rows below `made` of v are enough for. */
static int64_t moves_in(const struct imc_module *m, const struct imc_step *user,
			imc_val v, int64_t made)
{
	const struct imc_node *n = node_of(m, user);
	int64_t least = 0, most = imc_overlap_rows(m, user);

	while (least < most) {
		struct imc_rows out = {0, most - (most - least) / 2};
		bool enough = true;

		for (int k = 0; k < n->n_in; k++)
			if (n->in[k].i == v.i)
				enough = enough &&
					 imc_plan_reads(m->g, n, k, out).end <=
						 made;
		if (enough)
			least = out.end;
		else
			most = out.end - 1;
	}
	return least;
}

/* Rows of `user` that `made` rows of `maker`, which it reads, are enough for.
 */
static int64_t rows_allowed(const struct imc_module *m,
			    const struct imc_step *maker, int64_t made,
			    const struct imc_step *user)
{
	if (is_window(m, user))
		return windows_in(node_of(m, user), made,
				  imc_overlap_rows(m, maker));
	if (is_move(m, user))
		return moves_in(m, user, value_of(m, maker), made);
	return made;
}

/* ---- the slots of a group ---- */

struct imc_slots imc_slots_begin(const struct imc_module *m,
				 struct imc_group group)
{
	return (struct imc_slots){.m = m, .group = group};
}

/* Rows of step k that can be done when this slot ends. */
static int64_t slot_end(const struct imc_slots *s, size_t k)
{
	const struct imc_step *step = &s->m->plan.step[s->group.first];
	int64_t rows = imc_overlap_rows(s->m, &step[k]), end = rows;
	int64_t unit = unit_of(s->m, &step[k]), strip = s->group.strip_rows;
	bool leads = true;

	for (size_t i = 0; i < k; i++)
		if (relation_of(s->m, &step[i], &step[k]) != NONE) {
			leads = false;
			end = imc_min_i64(end,
					  rows_allowed(s->m, &step[i],
						       s->done[i], &step[k]));
		}
	if (leads && strip)
		end = imc_min_i64(end, s->done[k] + imc_ceil_div(strip, unit) *
							    unit);
	return end == rows ? rows : end / unit * unit;
}

bool imc_slots_next(struct imc_slots *s, struct imc_rows out[IMC_GROUP_STEPS])
{
	bool any = false;

	for (size_t k = 0; k < s->group.n_step; k++) {
		out[k].first = s->done[k];
		out[k].end = imc_max_i64(slot_end(s, k), s->done[k]);
		any = any || out[k].end > out[k].first;
	}
	for (size_t k = 0; k < s->group.n_step; k++)
		s->done[k] = out[k].end;
	return any;
}

struct imc_cost imc_overlap_cost(const struct imc_module *m,
				 const struct imc_step *s, int64_t n_row)
{
	int64_t rows = imc_overlap_rows(m, s);

	if (n_row == rows)
		return s->cost;
	if (s->kind == IMC_STEP_RUN)
		return imc_cost_rows(m->hw, m->g, s->node,
				     &m->map.assign[s->node.i], (int32_t)n_row);
	return imc_cost_dma(m->hw, (int64_t)imc_tensor_bytes(
					   &imc_value_at(m->g, s->val)->t) /
					   rows * n_row);
}

/* Costs of strips: most have the height of the one before. */
struct strip_cost {
	int64_t n_row;
	struct imc_cost cost;
};

static void add_costs(struct imc_group *g, const struct imc_module *m)
{
	struct imc_slots s = imc_slots_begin(m, *g);
	struct strip_cost last[IMC_GROUP_STEPS] = {{0}};
	struct imc_rows rows[IMC_GROUP_STEPS];

	g->ns = g->pj = 0;
	while (imc_slots_next(&s, rows)) {
		double longest = 0;

		for (size_t k = 0; k < g->n_step; k++) {
			int64_t n = rows[k].end - rows[k].first;
			struct strip_cost *c = &last[k];

			if (n == 0)
				continue;
			if (n != c->n_row)
				*c = (struct strip_cost){
					n,
					imc_overlap_cost(
						m, &m->plan.step[g->first + k],
						n)};
			g->pj += c->cost.pj;
			if (c->cost.ns > longest)
				longest = c->cost.ns;
		}
		g->ns += longest;
	}
}

/* ---- the choice ---- */

struct choice {
	const struct imc_module *m;
	int64_t room;
};

/* Bytes of the buffers that live in any of those steps. */
static int64_t live_bytes(const struct imc_plan *p, size_t first, size_t end)
{
	int64_t sum = 0;

	for (size_t i = 0; i < p->n_buffer; i++)
		if (p->buffer[i].first < (int64_t)end &&
		    p->buffer[i].last >= (int64_t)first)
			sum += p->buffer[i].size_bytes;
	return sum;
}

/* Whether the steps can be a group, and (*cut) must be cut to be one. */
static bool may_group(const struct choice *c, const struct imc_group *g,
		      bool *cut)
{
	const struct imc_step *step = &c->m->plan.step[g->first];
	unsigned busy = 0;
	int n_run = 0;

	*cut = false;
	for (size_t k = 0; k < g->n_step; k++) {
		unsigned lanes = imc_step_lanes(&c->m->map, &step[k]);

		n_run += step[k].kind == IMC_STEP_RUN;
		if (n_run > MAX_RUN || !runs_beside(c->m, &step[k]) ||
		    (lanes & busy))
			return false;
		busy |= lanes;
		for (size_t i = 0; i < k; i++) {
			enum relation r = relation_of(c->m, &step[i], &step[k]);

			if (r == WHOLE)
				return false;
			*cut = *cut || r == BY_ROWS;
		}
	}
	for (size_t k = 0; k < g->n_step && *cut; k++)
		if (!runs_by_rows(c->m, &step[k]))
			return false;
	return live_bytes(&c->m->plan, g->first, g->first + g->n_step) <=
	       c->room;
}

static bool better(const struct imc_module *m, const struct imc_group *a,
		   const struct imc_group *b)
{
	if (m->opt.objective == IMC_OBJECTIVE_ENERGY &&
	    a->pj > b->pj * (1 + GAIN))
		return false;
	return a->ns < b->ns * (1 - GAIN);
}

/* The steps one after another. */
static struct imc_group in_turn(const struct imc_module *m, size_t first,
				size_t n)
{
	struct imc_group g = {.first = first, .n_step = n};

	for (size_t k = first; k < first + n; k++) {
		g.ns += m->plan.step[k].cost.ns;
		g.pj += m->plan.step[k].cost.pj;
	}
	return g;
}

/* Rows of the first step with which every slot brings each step on by equally
 * many rows: the C that comes of it is a loop. */
static int64_t period_of(const struct imc_module *m, const struct imc_group *g)
{
	const struct imc_step *step = &m->plan.step[g->first];
	int64_t period = unit_of(m, step);

	for (size_t k = 1; k < g->n_step; k++) {
		if (is_window(m, &step[k]))
			period *= node_of(m, &step[k])->a.stride[0];
		period *= unit_of(m, &step[k]);
	}
	return period;
}

/* The best of some strip heights, multiples of `unit`; false: none beats the
 * steps in turn. */
static bool find_strips(const struct imc_module *m, struct imc_group g,
			int64_t unit, struct imc_group *out)
{
	int64_t rows = imc_overlap_rows(m, &m->plan.step[g.first]), last = rows;
	bool found = false;

	*out = in_turn(m, g.first, g.n_step);
	for (int64_t n = 2; n <= MAX_STRIPS; n *= 2) {
		g.strip_rows = imc_ceil_div(imc_ceil_div(rows, n), unit) * unit;
		if (g.strip_rows >= last)
			continue;
		last = g.strip_rows;
		add_costs(&g, m);
		if (better(m, &g, out)) {
			*out = g;
			found = true;
		}
	}
	return found;
}

/* False: the steps are no group, or best run in turn. */
static bool find_group(const struct choice *c, size_t first, size_t n,
		       struct imc_group *out)
{
	struct imc_group g = {.first = first, .n_step = n};
	struct imc_group alone = in_turn(c->m, first, n);
	bool cut;

	if (!may_group(c, &g, &cut))
		return false;
	if (cut)
		return find_strips(c->m, g, period_of(c->m, &g), out) ||
		       find_strips(c->m, g, 1, out);
	add_costs(&g, c->m);
	*out = g;
	return better(c->m, &g, &alone);
}

/* Dynamic programming over the steps: best[i] is the shortest way to run the
 * steps before i, whose last group is group[i]. Groups of fewer steps come
 * first and stay where they are as good. */
struct imc_group *imc_overlap_choose(const struct imc_module *m, int64_t room,
				     size_t *n_out, struct imc_arena *a)
{
	struct choice c = {m, room};
	size_t n = m->plan.n_step, at = n, count = 0;
	double *best = imc_arena_array(a, n + 1, sizeof *best);
	struct imc_group *group = imc_arena_array(a, n + 1, sizeof *group), g;

	for (size_t end = 1; end <= n; end++) {
		group[end] = in_turn(m, end - 1, 1);
		best[end] = best[end - 1] + group[end].ns;
		for (size_t k = 2; k <= IMC_GROUP_STEPS && k <= end; k++)
			if (find_group(&c, end - k, k, &g) &&
			    best[end - k] + g.ns < best[end] * (1 - GAIN)) {
				best[end] = best[end - k] + g.ns;
				group[end] = g;
			}
	}
	for (; at > 0; at = group[at].first)
		group[n - count++] = group[at];
	*n_out = count;
	return &group[n + 1 - count];
}
