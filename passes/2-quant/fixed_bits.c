/* Copies of layers whose bits are given. */
#include "passes/2-quant/fixed_bits.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The options of one layer that remain, and where they were. */
struct part {
	struct imc_alloc_layer layer;
	struct imc_bit_option *option;
	int32_t *from;
};

static bool on_arrays(const struct imc_bit_option *o)
{
	return o->as.engine == IMC_ENGINE_CROSSBAR;
}

static struct imc_bits bits_of(const struct imc_bit_option *o)
{
	return (struct imc_bits){o->as.weight_bits, o->as.act_bits};
}

static bool same_bits(struct imc_bits a, struct imc_bits b)
{
	return a.weight == b.weight && a.act == b.act;
}

bool imc_fixed_has_choice(const struct imc_bit_problem *b, size_t i)
{
	const struct imc_bit_option *first = NULL;

	for (int32_t k = 0; k < b->p.layer[i].n; k++) {
		const struct imc_bit_option *o = &b->option[i][k];

		if (!on_arrays(o))
			continue;
		if (first && !same_bits(bits_of(first), bits_of(o)))
			return true;
		first = o;
	}
	return false;
}

/* ---- the options of some bits ---- */

static int distance(struct imc_bits a, struct imc_bits b)
{
	return abs(a.weight - b.weight) + abs(a.act - b.act);
}

/* Of bits that are equally near those with more for the weights. */
static bool is_nearer(struct imc_bits a, struct imc_bits b,
		      struct imc_bits wanted)
{
	int x = distance(a, wanted), y = distance(b, wanted);

	return x < y || (x == y && a.weight > b.weight);
}

static struct imc_bits nearest(const struct imc_bit_problem *b, size_t i,
			       struct imc_bits wanted)
{
	struct imc_bits best = wanted;
	bool any = false;

	for (int32_t k = 0; k < b->p.layer[i].n; k++) {
		const struct imc_bit_option *o = &b->option[i][k];

		if (!on_arrays(o) ||
		    (any && !is_nearer(bits_of(o), best, wanted)))
			continue;
		best = bits_of(o);
		any = true;
	}
	return best;
}

static struct part part_of(const struct imc_bit_problem *b, size_t i,
			   struct imc_bits wanted, struct imc_arena *a)
{
	const struct imc_alloc_layer *all = &b->p.layer[i];
	size_t n = (size_t)all->n;
	struct imc_alloc_option *o = imc_arena_array(a, n, sizeof *o);
	struct imc_bits bits = nearest(b, i, wanted);
	struct part part = {
		.layer.option = o,
		.option = imc_arena_array(a, n, sizeof *part.option),
		.from = imc_arena_array(a, n, sizeof *part.from),
	};

	for (int32_t k = 0; k < all->n; k++) {
		const struct imc_bit_option *x = &b->option[i][k];

		if (on_arrays(x) && !same_bits(bits_of(x), bits))
			continue;
		part.from[part.layer.n] = k;
		part.option[part.layer.n] = *x;
		o[part.layer.n++] = all->option[k];
	}
	return part;
}

/* Solves with the options of part[] alone. */
static bool solve_parts(const struct imc_module *m,
			const struct imc_bit_problem *b,
			const struct part *part, struct imc_arena *a,
			struct imc_choice *out)
{
	struct imc_bit_problem some = *b;
	struct imc_alloc_layer *layer =
		imc_arena_array(a, b->n + 1, sizeof *layer);

	some.option = imc_arena_array(a, b->n + 1, sizeof *some.option);
	for (size_t i = 0; i < b->n; i++) {
		layer[i] = part[i].layer;
		some.option[i] = part[i].option;
	}
	some.p.layer = layer;
	if (!imc_choice_solve(m, &some, INFINITY, a, out))
		return false;
	for (size_t i = 0; out->found && i < b->n; i++)
		out->s.pick[i] = part[i].from[out->s.pick[i]];
	return true;
}

bool imc_fixed_solve(const struct imc_module *m,
		     const struct imc_bit_problem *b,
		     const struct imc_bits *bits, struct imc_arena *a,
		     struct imc_choice *out)
{
	struct part *part = imc_arena_array(a, b->n + 1, sizeof *part);

	for (size_t i = 0; i < b->n; i++)
		part[i] = part_of(b, i, bits[i], a);
	return solve_parts(m, b, part, a, out);
}

/* ---- fewer bits until a value is reached ---- */

static int64_t steps_left(const struct imc_bits *bits, size_t n)
{
	int64_t sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += bits[i].weight + bits[i].act - 2 * IMC_FEWEST_BITS;
	return sum;
}

/* n steps, no more than are left. */
static void take_steps(struct imc_bits *bits, size_t n_layer, int64_t n)
{
	while (n > 0)
		for (size_t i = n_layer; n > 0 && i-- > 0;) {
			if (bits[i].act > IMC_FEWEST_BITS) {
				bits[i].act--;
				n--;
			}
			if (n > 0 && bits[i].weight > IMC_FEWEST_BITS) {
				bits[i].weight--;
				n--;
			}
		}
}

struct clip {
	const struct imc_module *m;
	const struct imc_bit_problem *b;
	const struct imc_bits *from;
	double most;
	struct imc_arena *a;
};

static bool solve_after(const struct clip *c, int64_t n_step,
			struct imc_choice *out)
{
	size_t n = c->b->n;
	struct imc_bits *bits = imc_arena_array(c->a, n + 1, sizeof *bits);

	memcpy(bits, c->from, n * sizeof *bits);
	take_steps(bits, n, n_step);
	return imc_fixed_solve(c->m, c->b, bits, c->a, out);
}

static bool is_enough(const struct clip *c, const struct imc_choice *x)
{
	return x->found && x->value <= c->most;
}

/* The first of 0 .. n steps that is enough, else n. */
static bool find_steps(const struct clip *c, int64_t *n, struct imc_choice *out)
{
	int64_t lo = 0, hi = *n; /* lo steps are too few */
	struct imc_choice x;

	if (!solve_after(c, 0, out))
		return false;
	*n = 0;
	if (is_enough(c, out) || hi == 0)
		return true;
	*n = hi;
	if (!solve_after(c, hi, out))
		return false;
	while (is_enough(c, out) && hi - lo > 1) {
		int64_t mid = lo + (hi - lo) / 2;

		if (!solve_after(c, mid, &x))
			return false;
		if (is_enough(c, &x)) {
			*out = x;
			*n = hi = mid;
		} else {
			lo = mid;
		}
	}
	return true;
}

bool imc_fixed_clip(const struct imc_module *m, const struct imc_bit_problem *b,
		    double most, struct imc_bits *bits, struct imc_arena *a,
		    struct imc_choice *out)
{
	struct clip c = {m, b, bits, most, a};
	int64_t n = steps_left(bits, b->n);

	if (!find_steps(&c, &n, out))
		return false;
	take_steps(bits, b->n, n);
	return true;
}

/* ---- the baseline ---- */

/* One copy is what takes the fewest arrays. */
static struct part smallest(struct part p)
{
	struct part best = {{1, p.layer.option}, p.option, p.from};

	for (int32_t k = 1; k < p.layer.n; k++) {
		const struct imc_alloc_option *o = &p.layer.option[k];
		const struct imc_alloc_option *x = best.layer.option;

		if (o->arrays < x->arrays ||
		    (o->arrays == x->arrays && o->ns < x->ns)) {
			best.layer.option = o;
			best.option = &p.option[k];
			best.from = &p.from[k];
		}
	}
	return best;
}

bool imc_fixed_baseline(const struct imc_module *m,
			const struct imc_bit_problem *b, struct imc_arena *a,
			double *value)
{
	static const struct imc_bits most = {IMC_MOST_BITS, IMC_MOST_BITS};
	struct part *part = imc_arena_array(a, b->n + 1, sizeof *part);
	struct imc_bit_problem free = *b;
	struct imc_choice c;

	free.p.n_array = INT32_MAX;
	free.p.max_stage_ns = INFINITY;
	for (size_t i = 0; i < b->n; i++)
		part[i] = smallest(part_of(b, i, most, a));
	if (!solve_parts(m, &free, part, a, &c))
		return false;
	*value = c.found ? c.value : 0;
	return true;
}
