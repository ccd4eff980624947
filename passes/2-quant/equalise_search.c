/* Scales for which the modelled error is least, group by group. */
#include <math.h>
#include <string.h>

#include "ir/support/checked.h"
#include "ir/support/parallel.h"
#include "passes/2-quant/equalise.h"

/* Rounds over all groups: neighbours change each other's weights. */
#define N_ROUND 2

/* Scales lie in 2^-MOST .. 2^MOST. */
#define MOST 10

/* A group keeps its scales unless the error falls below this part: the model
 * is not exact. */
#define GAIN 0.95

/* What scales of a group are tried: range^a * made^b / read^c, where range is
 * that of the channel, made its largest weight in the layers that make it, as
 * part of the largest there is, and read the same in those that read it. */
struct powers {
	double range, made, read;
};

static const double power_range[] = {0, 0.25, 0.5, 0.75, 1};
static const double power_made[] = {0, 0.5, 1};
static const double power_read[] = {0, 0.25, 0.5, 0.75};
#define N(array) (sizeof array / sizeof *array)
#define N_TRY (N(power_range) * N(power_made) * N(power_read))

static struct powers powers_of(size_t i)
{
	return (struct powers){
		power_range[i % N(power_range)],
		power_made[i / N(power_range) % N(power_made)],
		power_read[i / N(power_range) / N(power_made)],
	};
}

/* Then bins of channels are moved, in steps of which each takes the best moves
 * together: the best 1, 2, 4 ... */
#define N_BIN 16
#define N_STEP 8
#define N_PREFIX 7
#define STEP_GAIN 0.995
#define N_MOST (2 * 3 * N_BIN) /* moves; powers are fewer */

struct search {
	struct imc_eq *e;
	size_t group, n;
	size_t *member; /* roots of the group */
	/* [root] */
	double *range, *made, *read;
	size_t n_moved, n_bin, n_better;
	size_t *order[3]; /* free roots by each of the three */
	size_t *better;	  /* moves */
	double **scale;	  /* [try][root] */
	double *error;	  /* [try] */
	double *before;	  /* [root]: scales before the group was searched */
};

static bool in_group(const struct search *s, size_t slot)
{
	return s->e->group[slot] == s->group;
}

static void list_members(struct search *s)
{
	const struct imc_eq *e = s->e;

	s->n = 0;
	for (size_t i = 0; i < e->n_slot; i++)
		if (e->root[i] == i && e->group[i] == s->group)
			s->member[s->n++] = i;
}

static void raise_to(double *x, double y)
{
	*x = fmax(*x, y);
}

/* Largest weight of each row of l, scaled as it now is but for the scales of
 * the group; returns the largest of all. */
static double row_peaks(const struct search *s, const struct imc_eq_layer *l,
			double *row)
{
	const struct imc_eq *e = s->e;
	int64_t per_group = l->k / l->groups;
	double top = 0;

	for (int64_t k = 0; k < l->k; k++) {
		const float *w = l->w + k * l->taps * l->c;
		size_t x = l->x + (size_t)(k / per_group * l->c);

		for (int64_t r = 0; r < l->taps * l->c; r++) {
			size_t in = e->root[x + (size_t)(r % l->c)];

			raise_to(&row[k],
				 fabs(w[r]) * (e->group[in] == s->group
						       ? 1
						       : e->scale[in]));
		}
		raise_to(&top, row[k]);
	}
	return top;
}

/* Weights of the input channels, as part of the largest of their row, or of
 * all. */
static void look_at_reads(struct search *s, const struct imc_eq_layer *l,
			  const double *row, double top)
{
	int64_t per_group = l->k / l->groups;

	for (int64_t k = 0; k < l->k; k++) {
		const float *w = l->w + k * l->taps * l->c;
		size_t x = l->x + (size_t)(k / per_group * l->c);
		double most = l->by_tensor ? top : row[k];

		for (int64_t r = 0; r < l->taps * l->c && most > 0; r++)
			raise_to(&s->read[s->e->root[x + (size_t)(r % l->c)]],
				 fabs(w[r]) / most);
	}
}

static void look_at_layer(struct search *s, const struct imc_eq_layer *l)
{
	struct imc_arena *a = imc_arena_new();
	double *row = imc_arena_array(a, (size_t)l->k, sizeof *row);
	double top = row_peaks(s, l, row);

	if (in_group(s, l->x))
		look_at_reads(s, l, row, top);
	for (int64_t k = 0; k < l->k && in_group(s, l->y) && top > 0; k++)
		raise_to(&s->made[s->e->root[l->y + (size_t)k]], row[k] / top);
	imc_arena_free(a);
}

static void look(struct search *s)
{
	const struct imc_eq *e = s->e;

	for (size_t i = 0; i < e->n_slot; i++)
		s->range[i] = s->made[i] = s->read[i] = 0;
	for (size_t i = 0; i < e->n_slot; i++)
		if (in_group(s, i))
			raise_to(&s->range[e->root[i]],
				 fmax(-(double)e->stat[i].lo,
				      (double)e->stat[i].hi));
	for (size_t i = 0; i < e->n_layer; i++)
		if (in_group(s, e->layer[i].x) || in_group(s, e->layer[i].y))
			look_at_layer(s, &e->layer[i]);
}

static double power(double x, double p)
{
	return x > 0 ? p * log2(x) : 0;
}

/* The nearest power of two that the bounds of the channel allow. */
static double allowed(const struct imc_eq *e, size_t root, double log_scale)
{
	double least = e->least[root] > 0 ? ceil(log2(e->least[root])) : -MOST;

	return exp2(fmax(fmin(fmax(round(log_scale), -MOST), MOST), least));
}

static size_t n_free(const struct search *s)
{
	size_t n = 0;

	for (size_t k = 0; k < s->n; k++)
		n += !s->e->fixed[s->member[k]];
	return n;
}

/* Mean of the logarithms of scales, of the fixed members if there are any. */
static double middle_of(const struct search *s, const double *log_scale)
{
	bool any_fixed = n_free(s) < s->n;
	double sum = 0, n = 0;

	for (size_t k = 0; k < s->n; k++)
		if (!any_fixed || s->e->fixed[s->member[k]]) {
			sum += log_scale[s->member[k]];
			n++;
		}
	return sum / n;
}

/* Fixed channels keep 1, and are on average where they would be; without any,
 * all channels are. */
static void try_powers(void *p, size_t i, size_t thread)
{
	const struct search *s = p;
	const struct imc_eq *e = s->e;
	struct powers w = powers_of(i);
	double *scale = s->scale[i], middle;

	(void)thread;
	memcpy(scale, e->scale, e->n_slot * sizeof *scale);
	for (size_t k = 0; k < s->n; k++) {
		size_t r = s->member[k];

		scale[r] = power(s->range[r], w.range) +
			   power(s->made[r], w.made) -
			   power(s->read[r], w.read);
	}
	middle = middle_of(s, scale);
	for (size_t k = 0; k < s->n; k++) {
		size_t r = s->member[k];

		scale[r] = e->fixed[r] ? 1 : allowed(e, r, scale[r] - middle);
	}
	s->error[i] = imc_eq_error(e, s->group, scale);
}

/* Move i: a bin of channels, in the order of one of three keys, doubles or
 * halves its scales. */
static void move(const struct search *s, size_t i, double *scale)
{
	const struct imc_eq *e = s->e;
	size_t bin = i / 2 % s->n_bin;
	const size_t *order = s->order[i / 2 / s->n_bin];
	size_t from = bin * s->n_moved / s->n_bin;
	size_t to = (bin + 1) * s->n_moved / s->n_bin;

	for (size_t k = from; k < to; k++)
		scale[order[k]] = allowed(
			e, order[k], log2(scale[order[k]]) + (i % 2 ? 1 : -1));
}

static void try_move(void *p, size_t i, size_t thread)
{
	const struct search *s = p;
	const struct imc_eq *e = s->e;

	(void)thread;
	memcpy(s->scale[i], e->scale, e->n_slot * sizeof **s->scale);
	move(s, i, s->scale[i]);
	s->error[i] = imc_eq_error(e, s->group, s->scale[i]);
}

/* The best 1, 2, 4 ... moves together. */
static void try_prefix(void *p, size_t i, size_t thread)
{
	const struct search *s = p;
	const struct imc_eq *e = s->e;

	(void)thread;
	memcpy(s->scale[i], e->scale, e->n_slot * sizeof **s->scale);
	for (size_t k = 0; k < (size_t)1 << i && k < s->n_better; k++)
		move(s, s->better[k], s->scale[i]);
	s->error[i] = imc_eq_error(e, s->group, s->scale[i]);
}

static size_t least_error(const struct search *s, size_t n)
{
	size_t at = 0;

	for (size_t i = 1; i < n; i++)
		if (s->error[i] < s->error[at])
			at = i;
	return at;
}

/* Moves that lower the error, those that do most first. */
static void list_better(struct search *s, size_t n, double now)
{
	s->n_better = 0;
	for (size_t i = 0; i < n; i++) {
		size_t k = s->n_better;

		if (s->error[i] >= now)
			continue;
		for (; k > 0 && s->error[s->better[k - 1]] > s->error[i]; k--)
			s->better[k] = s->better[k - 1];
		s->better[k] = i;
		s->n_better++;
	}
}

/* Free channels by increasing key. */
static void sort_by(struct search *s, const double *key, size_t *order)
{
	const struct imc_eq *e = s->e;

	s->n_moved = 0;
	for (size_t i = 0; i < s->n; i++) {
		size_t k = s->n_moved, r = s->member[i];

		if (e->fixed[r])
			continue;
		for (; k > 0 && key[order[k - 1]] > key[r]; k--)
			order[k] = order[k - 1];
		order[k] = r;
		s->n_moved++;
	}
}

static void take(struct search *s, size_t at)
{
	memcpy(s->e->scale, s->scale[at], s->e->n_slot * sizeof *s->e->scale);
}

static double refine(struct search *s, double now)
{
	sort_by(s, s->range, s->order[0]);
	sort_by(s, s->made, s->order[1]);
	sort_by(s, s->read, s->order[2]);
	s->n_bin = s->n_moved < N_BIN ? s->n_moved : N_BIN;
	for (int i = 0; i < N_STEP; i++) {
		size_t n = 2 * 3 * s->n_bin, at;

		imc_parallel_for(n, try_move, s);
		list_better(s, n, now);
		if (s->n_better == 0)
			break;
		imc_parallel_for(N_PREFIX, try_prefix, s);
		at = least_error(s, N_PREFIX);
		if (s->error[at] >= STEP_GAIN * now)
			break;
		now = s->error[at];
		take(s, at);
	}
	return now;
}

static void search_group(struct search *s)
{
	struct imc_eq *e = s->e;
	double first, best;
	size_t at;

	list_members(s);
	if (n_free(s) == 0)
		return;
	look(s);
	memcpy(s->before, e->scale, e->n_slot * sizeof *e->scale);
	first = best = imc_eq_error(e, s->group, e->scale);
	imc_parallel_for(N_TRY, try_powers, s);
	at = least_error(s, N_TRY);
	if (s->error[at] < best) {
		best = s->error[at];
		take(s, at);
	}
	if (refine(s, best) >= GAIN * first)
		memcpy(e->scale, s->before, e->n_slot * sizeof *e->scale);
}

void imc_eq_search(struct imc_eq *e)
{
	struct search s = {.e = e};
	struct imc_arena *a = imc_arena_new();

	e->scale = imc_arena_array(e->a, e->n_slot, sizeof *e->scale);
	s.member = imc_arena_array(a, e->n_slot, sizeof *s.member);
	s.range = imc_arena_array(a, e->n_slot, sizeof *s.range);
	s.made = imc_arena_array(a, e->n_slot, sizeof *s.made);
	s.read = imc_arena_array(a, e->n_slot, sizeof *s.read);
	s.error = imc_arena_array(a, N_MOST, sizeof *s.error);
	s.scale = imc_arena_array(a, N_MOST, sizeof *s.scale);
	s.before = imc_arena_array(a, e->n_slot, sizeof *s.before);
	s.better = imc_arena_array(a, N_MOST, sizeof *s.better);
	for (size_t i = 0; i < 3; i++)
		s.order[i] = imc_arena_array(a, e->n_slot, sizeof *s.order[i]);
	for (size_t i = 0; i < N_MOST; i++)
		s.scale[i] = imc_arena_array(a, e->n_slot, sizeof **s.scale);
	for (size_t i = 0; i < e->n_slot; i++)
		e->scale[i] = 1;
	for (int round = 0; round < N_ROUND; round++)
		for (s.group = 0; s.group < e->n_slot; s.group++)
			if (e->group[s.group] == s.group)
				search_group(&s);
	imc_arena_free(a);
}
