/* Statistics of the channels of the float network. */
#include <math.h>

#include "ir/support/checked.h"
#include "passes/2-quant/equalise.h"
#include "passes/2-quant/float_runs.h"

/* Samples whose statistics are kept apart, then added in order. */
#define AT_ONCE 16

struct sums {
	float lo, hi;
	double sum, square;
	int64_t n, live;
};

struct work {
	const struct imc_eq *e;
	struct sums *v; /* [sample - first][slot] */
	size_t first;
};

static void add_row(struct sums *s, const float *x, int64_t channels)
{
	for (int64_t c = 0; c < channels; c++, s++) {
		s->lo = x[c] < s->lo ? x[c] : s->lo;
		s->hi = x[c] > s->hi ? x[c] : s->hi;
		s->sum += x[c];
		s->square += (double)x[c] * x[c];
		s->live += x[c] != 0;
		s->n++;
	}
}

static void see(void *p, size_t sample, imc_val v, const struct imc_tensor *t)
{
	const struct work *w = p;
	const struct imc_eq *e = w->e;
	int64_t channels = imc_eq_channels(imc_value_at(e->g, v));
	const float *x = t->data;

	if (e->at[v.i] == IMC_EQ_NONE)
		return;
	for (int64_t i = 0; i < imc_tensor_count(t); i += channels)
		add_row(w->v + (sample - w->first) * e->n_slot + e->at[v.i],
			x + i, channels);
}

static void clear(struct sums *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		s[i] = (struct sums){INFINITY, -INFINITY, 0, 0, 0, 0};
}

static void add(struct sums *to, const struct sums *s)
{
	to->lo = fminf(to->lo, s->lo);
	to->hi = fmaxf(to->hi, s->hi);
	to->sum += s->sum;
	to->square += s->square;
	to->n += s->n;
	to->live += s->live;
}

static struct imc_eq_stat stat_of(const struct sums *s)
{
	double n = (double)imc_max_i64(s->n, 1);

	if (s->n == 0)
		return (struct imc_eq_stat){0};
	return (struct imc_eq_stat){.lo = s->lo,
				    .hi = s->hi,
				    .mean = s->sum / n,
				    .square = s->square / n,
				    .live = (double)s->live / n};
}

static void number_slots(struct imc_eq *e)
{
	const struct imc_graph *g = e->g;

	e->n_value = g->n_value;
	e->at = imc_arena_array(e->a, e->n_value, sizeof *e->at);
	for (size_t v = 0; v < e->n_value; v++) {
		const struct imc_value *x = &g->value[v];
		bool used = imc_node_ok(x->def) ||
			    imc_graph_is_input(g, (imc_val){(uint32_t)v});

		e->at[v] = IMC_EQ_NONE;
		if (x->t.data || !x->shaped || x->t.dtype != IMC_F32 || !used)
			continue;
		e->at[v] = e->n_slot;
		e->n_slot += (size_t)imc_eq_channels(x);
	}
}

void imc_eq_gather(struct imc_eq *e, const struct imc_pass_cx *cx)
{
	struct imc_arena *a = imc_arena_new();
	struct work w = {.e = e};
	struct sums *all;
	size_t n_sample = (size_t)cx->calib->n;

	number_slots(e);
	all = imc_arena_array(a, e->n_slot, sizeof *all);
	w.v = imc_arena_array(a, AT_ONCE * e->n_slot, sizeof *w.v);
	clear(all, e->n_slot);
	for (; w.first < n_sample; w.first += AT_ONCE) {
		size_t n = n_sample - w.first;

		n = n < AT_ONCE ? n : AT_ONCE;
		clear(w.v, n * e->n_slot);
		imc_float_runs(e->m, cx, "equalise", w.first, n, see, &w);
		for (size_t i = 0; i < n * e->n_slot; i++)
			add(&all[i % e->n_slot], &w.v[i]);
	}
	e->stat = imc_arena_array(e->a, e->n_slot, sizeof *e->stat);
	for (size_t i = 0; i < e->n_slot; i++)
		e->stat[i] = stat_of(&all[i]);
	imc_arena_free(a);
}
