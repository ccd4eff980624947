#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "frontend/cli/explore.h"
#include "frontend/cli/explore_axes.h"
#include "passes/2-quant/map_options.h"

static bool check_usage(const struct cli_options *o, struct cli_axes *x)
{
	/* What trades accuracy needs no other number of arrays. */
	bool arrays =
		cli_given(o, CLI_OPT_ARRAYS) || cli_given(o, CLI_OPT_DROP);

	if (!cli_check_target(o))
		return false;
	if (!cli_given(o, CLI_OPT_OUTPUT) || !arrays)
		return imc_diag(o->d, IMC_NOWHERE, IMC_D_USAGE_NEEDS,
				cli_given(o, CLI_OPT_OUTPUT) ? "--arrays=A..B"
							     : "-o DIR");
	return cli_axes_read(o, x);
}

static bool make_dir(const char *dir, struct imc_diags *d)
{
	return mkdir(dir, 0777) == 0 || cli_is_dir(dir) ||
	       imc_diag(d, IMC_NOWHERE, IMC_D_CANNOT_WRITE, dir,
			strerror(errno));
}

static bool write_files(const struct cli_options *o, const char *dir,
			const struct imc_curve *c)
{
	static const struct {
		const char *name;
		void (*print)(const struct imc_curve *c, struct imc_buf *out);
	} files[] = {{"curve.csv", imc_curve_csv},
		     {"curve.json", imc_curve_json},
		     {"curve.svg", imc_curve_svg}};

	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		struct imc_buf b = {.arena = o->arena};

		files[i].print(c, &b);
		if (!cli_file_write(imc_arena_printf(o->arena, "%s/%s", dir,
						     files[i].name),
				    b.p, b.n, o->d))
			return false;
	}
	return true;
}

/* "-": not known. */
static const char *bound_text(const struct imc_curve_point *p, char text[32])
{
	if (!(p->bound_ms > 0))
		return "-";
	snprintf(text, 32, "%.4f", p->bound_ms);
	return text;
}

static void print_point(const struct imc_curve *c,
			const struct imc_curve_point *p)
{
	char text[32];

	printf("%7d %6d %12.4f %12s %10.2f", (int)p->arrays, (int)p->used,
	       p->latency_ms, bound_text(p, text), p->energy_uj);
	if (c->spatial)
		printf(" %10.1f %10.4g", p->images_per_s, p->error);
	if (c->traded)
		printf(" %8.2f", p->right);
	if ((c->spatial || c->traded) && p->measured)
		printf(" %7.2f", p->lost);
	if (c->traded)
		printf(" %4d %7d %6d", (int)p->n_adc, (int)p->n_digital,
		       (int)p->n_sliced);
	printf("%s\n", p->pareto ? " *" : "");
}

/* A line in front of what was asked for with another error. */
static void print_asked(const struct imc_curve_point *p)
{
	if (p->post)
		printf(p->post == 1 ? "all digital\n" : "all adc\n");
	else if (p->has_drop)
		printf("drop of %g %% at most\n", p->drop);
	else if (p->budget_bits > 0)
		printf("error of %g bits everywhere\n", p->budget_bits);
}

static void print_points(const struct imc_curve *c)
{
	printf("%7s %6s %12s %12s %10s", "arrays", "used", "latency ms",
	       "bound ms", "energy uJ");
	if (c->traded)
		printf(" %8s %7s %4s %7s %6s\n", "right %", "drop %", "adc",
		       "digital", "sliced");
	else
		printf(c->spatial ? " %10s %10s %7s\n" : "\n", "images/s",
		       "error", "drop %");
	for (size_t i = 0; i < c->n; i++) {
		const struct imc_curve_point *p = &c->point[i];

		if (i == 0 || !imc_curve_same(p, p - 1, false))
			print_asked(p);
		if (p->found)
			print_point(c, p);
		else
			printf("%7d  does not fit\n", (int)p->arrays);
	}
}

/* Bits are to be chosen at some point: then errors are measured first. */
static void ask_for_bits(struct imc_module *m, const struct cli_axes *x)
{
	if (x->n_drop)
		m->opt.has_drop = true;
	if (x->n_budget)
		m->opt.budget_bits = x->budget[0];
}

static bool sweep(struct imc_module *m, const struct cli_settings *s,
		  const char *dir, const struct cli_axes *x,
		  struct imc_curve *c)
{
	c->spatial = imc_hw_is_spatial(m->hw);
	c->traded = x->n_drop && imc_variants_can(m->hw);
	cli_axes_ends(x, &m->opt, s->o->arena, c);
	if (!cli_explore_points(m, s, dir, c))
		return false;
	if (!c->spatial || x->one)
		return true;
	cli_axes_between(x, s->o->arena, c);
	return cli_explore_points(m, s, dir, c);
}

/* As many arrays as the target has, if nothing is said. */
static bool settle_arrays(const struct imc_module *m,
			  const struct cli_options *o, struct cli_axes *x)
{
	if (x->n_arrays)
		return true;
	if (imc_hw_is_spatial(m->hw))
		return imc_diag(o->d, IMC_NOWHERE, IMC_D_USAGE_NEEDS,
				"--arrays=A..B");
	x->n_arrays = 1;
	x->arrays = imc_arena_array(o->arena, 1, sizeof *x->arrays);
	x->arrays[0] = (int32_t)m->hw->ima_arrays;
	return true;
}

static bool explore(const struct cli_settings *s, const char *dir,
		    struct cli_axes *x)
{
	const struct cli_options *o = s->o;
	struct cli_run how = {.stop_after = "measure_errors"};
	struct imc_curve curve = {0}, *c = &curve;
	struct imc_module *m;
	bool ok;

	if (!make_dir(dir, o->d) ||
	    !make_dir(imc_arena_printf(o->arena, "%s/points", dir), o->d))
		return false;
	m = cli_module_open(s, o->operand.v[0]);
	if (m)
		ask_for_bits(m, x);
	ok = m && settle_arrays(m, o, x) && cli_module_run(m, s, &how) &&
	     sweep(m, s, dir, x, c);
	if (ok) {
		c->model = imc_arena_strdup(o->arena, m->model_name);
		c->target = imc_arena_strdup(o->arena, m->hw->name);
		imc_curve_mark(c);
		ok = write_files(o, dir, c);
	}
	if (ok)
		print_points(c);
	imc_module_free(m);
	return ok;
}

int cli_explore(const struct cli_options *o, struct cli_ui *ui)
{
	struct cli_settings s;
	struct cli_axes x;

	if (!check_usage(o, &x) || !cli_settings_read(o, ui, &s))
		return CLI_USAGE;
	return explore(&s, cli_text(o, CLI_OPT_OUTPUT, ""), &x) ? CLI_OK
								: CLI_FAULT;
}
