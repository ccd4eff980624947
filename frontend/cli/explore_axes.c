#include "frontend/cli/explore_axes.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- lists ---- */

static bool bad_arrays(const struct cli_options *o)
{
	return cli_bad_value(o, CLI_OPT_ARRAYS,
			     "A..B, A..B:STEP or A,B,..: arrays");
}

static bool add_arrays(const struct cli_options *o, struct cli_axes *x,
		       long first, long last, long step)
{
	static size_t const most = CLI_MOST_POINTS;
	size_t n;

	if (first < 0 || last < first || last > 1000000 || step < 1 ||
	    x->n_arrays >= most)
		return false;
	n = (size_t)((last - first) / step) + 1;
	if (n > most - x->n_arrays)
		return false;
	if (!x->arrays)
		x->arrays = imc_arena_array(o->arena, most, sizeof *x->arrays);
	for (size_t i = 0; i < n; i++)
		x->arrays[x->n_arrays++] = (int32_t)(first + (long)i * step);
	return true;
}

/* "28..64", "28..64:4", "34" or some of them between commas. */
static bool read_arrays(const struct cli_options *o, struct cli_axes *x)
{
	const char *text = cli_text(o, CLI_OPT_ARRAYS, "");

	for (;; text++) {
		long first = 0, last = 0, step = 1;
		int end = 0, n = 0;

		if (sscanf(text, "%ld%n", &first, &end) != 1)
			return bad_arrays(o);
		last = first;
		if (sscanf(text + end, "..%ld%n", &last, &n) == 1) {
			end += n;
			n = 0;
			if (sscanf(text + end, ":%ld%n", &step, &n) == 1)
				end += n;
		}
		text += end;
		if ((*text && *text != ',') ||
		    !add_arrays(o, x, first, last, step))
			return bad_arrays(o);
		if (!*text)
			return true;
	}
}

/* Numbers of lo .. hi between commas. */
static bool read_numbers(const struct cli_options *o, enum cli_option id,
			 double lo, double hi, double **out, size_t *n)
{
	const char *text = cli_text(o, id, NULL);
	char *end = NULL;
	size_t cap = 0;

	while (text) {
		double v = strtod(text, &end);

		if (end == text || !(v >= lo && v <= hi) || *n >= 64 ||
		    (*end && *end != ','))
			return cli_bad_value(
				o, id,
				imc_arena_printf(
					o->arena,
					"numbers of %g to %g between commas",
					lo, hi));
		*IMC_PUSH(o->arena, *out, *n, cap) = v;
		text = *end ? end + 1 : NULL;
	}
	return true;
}

bool cli_axes_read(const struct cli_options *o, struct cli_axes *x)
{
	int64_t steps = 5;

	*x = (struct cli_axes){.one = cli_given(o, CLI_OPT_OBJECTIVE)};
	if ((cli_given(o, CLI_OPT_ARRAYS) && !read_arrays(o, x)) ||
	    !read_numbers(o, CLI_OPT_DROP, 0, 100, &x->drop, &x->n_drop) ||
	    !read_numbers(o, CLI_OPT_BUDGETS, 2, 8, &x->budget, &x->n_budget) ||
	    !cli_int(o, CLI_OPT_STEPS, 2, 100, &steps))
		return false;
	x->steps = (int)steps;
	if (x->n_drop && x->n_budget)
		return cli_bad_value(o, CLI_OPT_BUDGETS, "no --drop beside it");
	if (x->n_arrays * (x->n_drop + x->n_budget + 1) * (size_t)steps >
	    CLI_MOST_POINTS)
		return cli_bad_value(o, CLI_OPT_ARRAYS,
				     "fewer points: at most 4096 in all");
	return true;
}

/* ---- points ---- */

static void add_curve(const struct cli_axes *x, const struct imc_options *opt,
		      struct imc_curve_point p, struct imc_curve *c)
{
	p.objective = (enum imc_objective)opt->objective;
	p.min_images = opt->min_throughput;
	if (x->one || !c->spatial) {
		c->point[c->n++] = p;
		return;
	}
	p.objective = IMC_OBJECTIVE_LATENCY;
	c->point[c->n++] = p;
	p.objective = IMC_OBJECTIVE_THROUGHPUT;
	p.min_images = 0;
	c->point[c->n++] = p;
}

/* The least latency of layers that all end in the cores (post 1) or, as far as
 * can be, in the ADC (2), whatever is lost. */
static void add_end(const struct imc_options *opt, struct imc_curve *c,
		    struct imc_curve_point p, int post)
{
	if (!c->traded || opt->post)
		return;
	p.objective = (enum imc_objective)opt->objective;
	p.post = post;
	p.drop = 100;
	c->point[c->n++] = p;
}

void cli_axes_ends(const struct cli_axes *x, const struct imc_options *opt,
		   struct imc_arena *a, struct imc_curve *c)
{
	size_t per = x->n_drop + x->n_budget + 2;

	c->n = 0;
	c->point = imc_arena_array(a, x->n_arrays * per * 2, sizeof *c->point);
	for (size_t i = 0; i < x->n_arrays; i++) {
		struct imc_curve_point p = {.arrays = x->arrays[i]};

		p.has_drop = true;
		add_end(opt, c, p, 1);
		for (size_t k = 0; k < x->n_drop; k++) {
			p.drop = x->drop[k];
			add_curve(x, opt, p, c);
		}
		add_end(opt, c, p, 2);
		p = (struct imc_curve_point){.arrays = x->arrays[i]};
		for (size_t k = 0; k < x->n_budget; k++) {
			p.budget_bits = x->budget[k];
			add_curve(x, opt, p, c);
		}
		if (x->n_drop || x->n_budget)
			continue;
		p.has_drop = opt->has_drop;
		p.drop = opt->max_drop;
		p.budget_bits = opt->budget_bits;
		add_curve(x, opt, p, c);
	}
}

/* Step k between the ends p and p[1]. */
static struct imc_curve_point between(const struct imc_curve_point *p, int k,
				      int steps)
{
	double ratio = p[1].images_per_s / p[0].images_per_s;
	struct imc_curve_point q = {
		.arrays = p->arrays,
		.objective = IMC_OBJECTIVE_LATENCY,
		.has_drop = p->has_drop,
		.drop = p->drop,
		.budget_bits = p->budget_bits,
	};

	q.min_images =
		p[0].images_per_s * pow(ratio, (double)k / (double)(steps - 1));
	return q;
}

/* Both are there, and differ: something lies between them. */
static bool are_apart(const struct imc_curve_point *p)
{
	return p[0].found && p[1].found && p[0].images_per_s > 0 &&
	       p[1].images_per_s > p[0].images_per_s * 1.001;
}

void cli_axes_between(const struct cli_axes *x, struct imc_arena *a,
		      struct imc_curve *c)
{
	struct imc_curve ends = *c;

	if (x->one || !c->spatial)
		return;
	c->n = 0;
	c->point =
		imc_arena_array(a, ends.n * (size_t)x->steps, sizeof *c->point);
	for (size_t i = 0; i + 1 < ends.n; i += 2) {
		const struct imc_curve_point *p = &ends.point[i];

		c->point[c->n++] = p[0];
		for (int k = 1; k < x->steps - 1 && are_apart(p); k++)
			c->point[c->n++] = between(p, k, x->steps);
		c->point[c->n++] = p[1];
	}
}
