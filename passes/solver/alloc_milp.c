/* What prices and partial picks leave open, by MILP. With L the bound of the
 * prices pa, pe and r what an item costs more than the cheapest of its list,
 *     min  sum r x + pa free_a + pe free_e
 *     sum x = 1 for every list, sum a x + free_a = room_a, same for e
 * is the same program, less L: tolerances are of what is open only. */
#include <math.h>
#include <stdlib.h>

#include "passes/solver/alloc_inner.h"
#include "passes/solver/milp.h"

/* Limits of work, never of time. */
#define MAX_COLUMN 6000
#define MAX_WORK 1500000 /* columns times nodes */

struct model {
	struct imc_alloc_core *k;
	struct imc_milp *lp;
	struct imc_alloc_price p;
	double low, unit; /* L; objectives count in this */
	int n_item;
	int *col;
	double *factor;
};

static int count_items(const struct imc_alloc_core *k)
{
	int64_t n = 0;

	for (int32_t i = 0; i < k->n; i++)
		n += k->list[i].n;
	return n <= MAX_COLUMN ? (int)n : -1;
}

static double low_of(const struct imc_alloc_core *k, struct imc_alloc_price p)
{
	double low = -p.a * k->room_a - p.e * k->room_e;

	for (int32_t i = 0; i < k->n; i++)
		low += imc_alloc_cheapest(&k->list[i], p);
	return low;
}

static void add_lists(struct model *m)
{
	for (int32_t i = 0; i < m->k->n; i++) {
		const struct imc_alloc_list *l = &m->k->list[i];
		double least = imc_alloc_cheapest(l, m->p);
		int n = 0;

		for (int32_t t = 0; t < l->n; t++) {
			double more = imc_alloc_priced(&l->item[t], m->p);

			n++;
			m->col[n] = imc_milp_add_binary(m->lp, (more - least) /
								       m->unit);
			m->factor[n] = 1;
		}
		imc_milp_add_row(m->lp, n, m->col, m->factor, true, 1);
	}
}

/* The room of arrays (or error), and what stays free of it. Rooms count as 1.
 */
static void add_room(struct model *m, bool is_a)
{
	double room = is_a ? m->k->room_a : m->k->room_e;
	double price = is_a ? m->p.a : m->p.e, unit = room > 0 ? room : 1;
	int n = 0, at = 0;

	for (int32_t i = 0; i < m->k->n; i++)
		for (int32_t t = 0; t < m->k->list[i].n; t++) {
			const struct imc_alloc_item *x = &m->k->list[i].item[t];

			m->col[++n] = ++at;
			m->factor[n] = (is_a ? x->a : x->e) / unit;
			if (m->factor[n] == 0)
				n--;
		}
	m->col[++n] =
		imc_milp_add_real(m->lp, price * unit / m->unit, 0, INFINITY);
	m->factor[n] = 1;
	imc_milp_add_row(m->lp, n, m->col, m->factor, true, room / unit);
}

static void take_solution(struct model *m)
{
	const struct imc_alloc_item **pick =
		calloc((size_t)m->k->n, sizeof *pick);
	int at = 0;

	if (!pick)
		abort();
	for (int32_t i = 0; i < m->k->n; i++)
		for (int32_t t = 0; t < m->k->list[i].n; t++)
			if (imc_milp_value(m->lp, ++at) > 0.5)
				pick[i] = &m->k->list[i].item[t];
	imc_alloc_take(m->k, pick, "milp");
	free(pick);
}

/* What the answer proves, its tolerance taken off. */
static void take_bound(struct model *m, const struct imc_milp_answer *s)
{
	struct imc_alloc_core *k = m->k;
	double open = s->result == IMC_MILP_NONE ? INFINITY : s->bound - 1e-6;
	double bound = fmin(m->low + open * m->unit, k->value);

	if (s->result == IMC_MILP_BEST &&
	    m->low + s->value * m->unit >= k->value - 1e-6 * m->unit)
		bound = k->value;
	k->bound = fmax(k->bound, bound);
}

static struct imc_milp_answer solve(struct model *m)
{
	struct imc_milp_limit limit = {MAX_WORK / m->n_item, INFINITY, true};
	const struct imc_alloc_effort *f = m->k->effort;

	if (!isinf(f->end))
		limit.seconds = f->end - imc_alloc_now();
	return imc_milp_solve(m->lp, limit);
}

void imc_alloc_milp(struct imc_alloc_core *k, struct imc_alloc_price p)
{
	struct model m = {.k = k, .p = p, .n_item = count_items(k)};
	struct imc_milp_answer s;

	if (m.n_item <= 0 || isinf(k->value))
		return;
	m.lp = imc_milp_new();
	if (!m.lp)
		return;
	m.col = calloc((size_t)m.n_item + 2, sizeof *m.col);
	m.factor = calloc((size_t)m.n_item + 2, sizeof *m.factor);
	if (!m.col || !m.factor)
		abort();
	m.low = low_of(k, p);
	m.unit = fmax(k->value - m.low, 1e-9 * fabs(k->value) + 1e-300);
	add_lists(&m);
	add_room(&m, true);
	add_room(&m, false);
	s = solve(&m);
	if (s.result == IMC_MILP_BEST || s.result == IMC_MILP_FOUND)
		take_solution(&m);
	take_bound(&m, &s);
	free(m.col);
	free(m.factor);
	imc_milp_free(m.lp);
}
