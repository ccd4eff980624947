/* Which rectangles share a bin, by MILP; where they lie inside it, by search.
 *
 *   min sum_b y[b]
 *   sum_b x[t][b] = 1                            every rectangle t
 *   sum_t area[t] x[t][b] <= area y[b]           every bin b
 *   x[t][b] + x[u][b] <= y[b]                    t, u in conflict
 *   sum_{t high} w[t] x[t][b] <= width y[b]      high: more than half a bin,
 *   sum_{t wide} h[t] x[t][b] <= height y[b]     so they lie side by side
 *   y[b] >= y[b+1],  x[t][b] = 0 for b > t       one of many equal answers
 *   sum_{t in S} x[t][b] <= |S'| - 1             found while solving: S' does
 *                                                not fit, S: S' and larger
 * Bins are one fewer than the answer that is there: it must be improved. */
#include <math.h>
#include <stdlib.h>

#include "passes/solver/milp.h"
#include "passes/solver/pack_inner.h"

/* Limits of work, never of time, so that every run ends alike. */
#define MAX_CELL 400	  /* rectangles times bins */
#define MAX_WORK 250000	  /* cells times nodes of branch and bound */
#define MAX_ROUND 60	  /* solutions refuted */
#define MAX_PARTIAL 10000 /* packings looked at for one set */

/* The rectangles t < n are rect[id[t]]; answers go to bins 0 .. n_bin. */
struct model {
	const struct imc_pack_problem *p;
	struct imc_arena *a;
	struct imc_milp *lp;
	int32_t n, n_bin;
	int32_t *id;
	int *col; /* of a row being made, and its factors, from 1 */
	double *factor;
	int64_t n_node;
	bool exact;		      /* no set was excluded without proof */
	struct imc_pack_place *place; /* of all rectangles */
	struct imc_pack_maxrects *engine;
};

static int col_y(int32_t b)
{
	return 1 + (int)b;
}

static int col_x(const struct model *m, int32_t t, int32_t b)
{
	return 1 + (int)(m->n_bin + t * m->n_bin + b);
}

static struct imc_pack_rect rect_of(const struct model *m, int32_t t)
{
	return m->p->rect[m->id[t]];
}

/* Adds a row of the n factors in m->col, m->factor: its value is at most 0
 * plus `most`, or `most` exactly. */
static void add_row(struct model *m, int n, bool exactly, double most)
{
	imc_milp_add_row(m->lp, n, m->col, m->factor, exactly, most);
}

static void put(struct model *m, int *n, int col, double factor)
{
	++*n;
	m->col[*n] = col;
	m->factor[*n] = factor;
}

/* In the order of col_y and col_x. */
static void add_columns(struct model *m, int32_t bound)
{
	for (int32_t b = 0; b < m->n_bin; b++) {
		int col = imc_milp_add_binary(m->lp, 1);

		if (b < bound)
			imc_milp_fix(m->lp, col, 1);
	}
	for (int32_t t = 0; t < m->n; t++)
		for (int32_t b = 0; b < m->n_bin; b++) {
			int col = imc_milp_add_binary(m->lp, 0);

			if (b > t)
				imc_milp_fix(m->lp, col, 0);
		}
}

/* What a rectangle takes of bin `b`: its area, or its side when it is higher
 * (wider) than half a bin. */
enum taken { AREA, SIDE_BY_SIDE, ON_TOP };

static double taken_by(const struct model *m, int32_t t, enum taken what)
{
	struct imc_pack_rect r = rect_of(m, t);

	switch (what) {
	case AREA:
		return (double)r.w * r.h;
	case SIDE_BY_SIDE:
		return 2 * (int64_t)r.h > m->p->bin_h ? r.w : 0;
	case ON_TOP:
		return 2 * (int64_t)r.w > m->p->bin_w ? r.h : 0;
	}
	return 0;
}

static void add_room(struct model *m, int32_t b, enum taken what, double room)
{
	int n = 0;

	for (int32_t t = 0; t < m->n; t++)
		if (taken_by(m, t, what) > 0)
			put(m, &n, col_x(m, t, b), taken_by(m, t, what));
	put(m, &n, col_y(b), -room);
	add_row(m, n, false, 0);
}

static void add_conflicts(struct model *m, int32_t b)
{
	for (int32_t t = 0; t < m->n; t++)
		for (int32_t u = t + 1; u < m->n; u++) {
			int n = 0;

			if (!imc_pack_conflict(m->p, rect_of(m, t),
					       rect_of(m, u)))
				continue;
			put(m, &n, col_x(m, t, b), 1);
			put(m, &n, col_x(m, u, b), 1);
			put(m, &n, col_y(b), -1);
			add_row(m, n, false, 0);
		}
}

static void add_rows(struct model *m)
{
	for (int32_t t = 0; t < m->n; t++) {
		int n = 0;

		for (int32_t b = 0; b < m->n_bin; b++)
			put(m, &n, col_x(m, t, b), 1);
		add_row(m, n, true, 1);
	}
	for (int32_t b = 0; b < m->n_bin; b++) {
		int n = 0;

		add_room(m, b, AREA, (double)m->p->bin_w * m->p->bin_h);
		add_room(m, b, SIDE_BY_SIDE, m->p->bin_w);
		add_room(m, b, ON_TOP, m->p->bin_h);
		add_conflicts(m, b);
		if (b + 1 == m->n_bin)
			continue;
		put(m, &n, col_y(b + 1), 1);
		put(m, &n, col_y(b), -1);
		add_row(m, n, false, 0);
	}
}

struct entry {
	bool large;
	int64_t area;
	int32_t i;
};

static int large_first(const void *a, const void *b)
{
	const struct entry *p = a, *q = b;

	if (p->large != q->large)
		return p->large ? -1 : 1;
	if (p->area != q->area)
		return p->area > q->area ? -1 : 1;
	return (p->i > q->i) - (p->i < q->i);
}

/* Rectangles that need a bin each come first: x[t][b] = 0 for b > t then
 * leaves them no choice. */
static void order_ids(struct model *m)
{
	struct entry *e = imc_arena_array(m->a, (size_t)m->n, sizeof *e);

	for (int32_t t = 0; t < m->n; t++) {
		struct imc_pack_rect r = m->p->rect[t];

		e[t] = (struct entry){imc_pack_conflict(m->p, r, r),
				      (int64_t)r.w * r.h, t};
	}
	qsort(e, (size_t)m->n, sizeof *e, large_first);
	for (int32_t t = 0; t < m->n; t++)
		m->id[t] = e[t].i;
}

/* Whether the rectangles set[0 .. n) go into one bin; then place says where. */
static enum imc_pack_fit fit_set(struct model *m, const int32_t *set, int32_t n)
{
	static const struct imc_pack_recipe how = {IMC_PACK_BY_AREA,
						   IMC_PACK_RULE_CONTACT, true};

	/* Ids, and so sets, are in descending order of area. */
	if (imc_pack_maxrects_run(m->engine, set, n, how, 1, m->place) == 1)
		return IMC_FITS;
	return imc_pack_one_bin(m->p, set, n, MAX_PARTIAL, m->place);
}

/* Leaves out of a set that does not fit what is not to blame. */
static int32_t shrink(struct model *m, int32_t *set, int32_t n)
{
	for (int32_t i = n - 1; i >= 0; i--) {
		int32_t out = set[i];

		for (int32_t k = i; k + 1 < n; k++)
			set[k] = set[k + 1];
		if (fit_set(m, set, n - 1) == IMC_FITS_NOT) {
			n--;
			continue;
		}
		for (int32_t k = n - 1; k > i; k--)
			set[k] = set[k - 1];
		set[i] = out;
	}
	return n;
}

static bool is_in(const int32_t *set, int32_t n, int32_t i)
{
	for (int32_t k = 0; k < n; k++)
		if (set[k] == i)
			return true;
	return false;
}

/* True if rectangle i is at least as large as each of the set. */
static bool covers(const struct model *m, const int32_t *set, int32_t n,
		   int32_t i)
{
	struct imc_pack_rect r = m->p->rect[i];

	for (int32_t k = 0; k < n; k++)
		if (m->p->rect[set[k]].w > r.w || m->p->rect[set[k]].h > r.h)
			return false;
	return true;
}

/* Excludes a set that does not fit, from every bin, and every set with
 * larger rectangles in the place of some. */
static void exclude(struct model *m, const int32_t *set, int32_t n)
{
	for (int32_t b = 0; b < m->n_bin; b++) {
		int count = 0;

		for (int32_t t = 0; t < m->n; t++)
			if (is_in(set, n, m->id[t]) ||
			    covers(m, set, n, m->id[t]))
				put(m, &count, col_x(m, t, b), 1);
		add_row(m, count, false, n - 1);
	}
}

/* Places what the solution puts into bin b. False: it does not fit, and was
 * excluded. */
static bool place_bin(struct model *m, int32_t b)
{
	struct imc_arena *scratch = imc_arena_new();
	int32_t *set = imc_arena_array(scratch, (size_t)m->n, sizeof *set);
	enum imc_pack_fit fit;
	int32_t n = 0;

	for (int32_t t = 0; t < m->n; t++)
		if (imc_milp_value(m->lp, col_x(m, t, b)) > 0.5)
			set[n++] = m->id[t];
	fit = fit_set(m, set, n);
	if (fit == IMC_FITS_NOT)
		n = shrink(m, set, n);
	if (fit == IMC_FITS_UNKNOWN)
		m->exact = false;
	if (fit != IMC_FITS)
		exclude(m, set, n);
	imc_arena_free(scratch);
	return fit == IMC_FITS;
}

/* One run of branch and bound. */
static enum imc_milp_result solve(struct model *m)
{
	int64_t most = MAX_WORK / ((int64_t)m->n * m->n_bin);
	struct imc_milp_limit limit = {most - m->n_node, INFINITY, false};
	struct imc_milp_answer s = imc_milp_solve(m->lp, limit);

	m->n_node += s.n_node;
	return s.result;
}

static bool is_solved(enum imc_milp_result r)
{
	return r == IMC_MILP_BEST || r == IMC_MILP_FOUND;
}

/* Solves until all bins of a solution pack. */
static enum imc_milp_result solve_rounds(struct model *m)
{
	for (int round = 0; round < MAX_ROUND; round++) {
		enum imc_milp_result r = solve(m);
		bool packs = true;

		/* Excluding adds rows: look at all bins first. */
		for (int32_t b = 0; b < m->n_bin && is_solved(r) && packs; b++)
			packs = place_bin(m, b);
		if (packs)
			return r;
	}
	return IMC_MILP_UNKNOWN;
}

/* Bins in the order in which they are used. */
static int32_t number_bins(struct model *m)
{
	int32_t next = 0;

	for (int32_t b = 0; b < m->n_bin; b++) {
		bool any = false;

		for (int32_t t = 0; t < m->n; t++)
			if (imc_milp_value(m->lp, col_x(m, t, b)) > 0.5) {
				m->place[m->id[t]].bin = next;
				any = true;
			}
		next += any;
	}
	return next;
}

static void make_model(struct model *m, int32_t bound)
{
	size_t width = (size_t)(m->n > m->n_bin ? m->n : m->n_bin) + 3;

	m->id = imc_arena_array(m->a, (size_t)m->n, sizeof *m->id);
	m->col = imc_arena_array(m->a, width, sizeof *m->col);
	m->factor = imc_arena_array(m->a, width, sizeof *m->factor);
	m->place = imc_arena_array(m->a, (size_t)m->n, sizeof *m->place);
	m->engine = imc_pack_maxrects_new(m->p, m->a);
	m->exact = true;
	order_ids(m);
	add_columns(m, bound);
	add_rows(m);
}

void imc_pack_improve_milp(const struct imc_pack_problem *p,
			   struct imc_pack_answer *s, struct imc_arena *a)
{
	struct model m = {.p = p, .a = a, .n = p->n, .n_bin = s->n_used - 1};
	enum imc_milp_result r;

	if (m.n_bin < 1 || (int64_t)m.n * m.n_bin > MAX_CELL)
		return;
	m.lp = imc_milp_new();
	if (!m.lp)
		return;
	make_model(&m, s->lower_bound);
	r = solve_rounds(&m);
	if (is_solved(r)) {
		s->place = m.place;
		s->n_used = number_bins(&m);
		s->by = "milp";
	} else if (r == IMC_MILP_NONE && m.exact) {
		s->by = imc_arena_printf(a, "%s, proven by milp", s->by);
	}
	if ((r == IMC_MILP_NONE || r == IMC_MILP_BEST) && m.exact)
		s->lower_bound = s->n_used;
	imc_milp_free(m.lp);
}
