#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "frontend/cli/explore.h"

/* Points of a sweep at most. */
#define MOST_POINTS 4096

static bool bad_range(const struct cli_options *o)
{
	return cli_bad_value(o, CLI_OPT_ARRAYS,
			     "A..B or A..B:STEP, arrays from A to B");
}

/* "28..64", "28..64:4" or "34". */
static bool read_range(const struct cli_options *o, struct imc_curve *c)
{
	const char *text = cli_text(o, CLI_OPT_ARRAYS, "");
	long first = 0, last = 0, step = 1;
	int end = 0;

	if (sscanf(text, "%ld..%ld:%ld%n", &first, &last, &step, &end) == 3) {
	} else if (sscanf(text, "%ld..%ld%n", &first, &last, &end) == 2) {
		step = 1;
	} else if (sscanf(text, "%ld%n", &first, &end) == 1) {
		last = first;
	}
	if (!end || text[end] || first < 0 || last < first || last > 1000000 ||
	    step < 1 || (last - first) / step >= MOST_POINTS)
		return bad_range(o);
	c->n = (size_t)((last - first) / step) + 1;
	c->point = imc_arena_array(o->arena, c->n, sizeof *c->point);
	for (size_t i = 0; i < c->n; i++)
		c->point[i].arrays = (int32_t)(first + (long)i * step);
	return true;
}

static bool check_usage(const struct cli_options *o, struct imc_curve *c)
{
	static const struct {
		enum cli_option id;
		const char *text;
	} needed[] = {{CLI_OPT_TARGET, "-t TARGET"},
		      {CLI_OPT_OUTPUT, "-o DIR"},
		      {CLI_OPT_ARRAYS, "--arrays=A..B"}};

	for (size_t i = 0; i < sizeof needed / sizeof *needed; i++)
		if (!cli_given(o, needed[i].id))
			return imc_diag(o->d, IMC_NOWHERE, IMC_D_USAGE_NEEDS,
					needed[i].text);
	return read_range(o, c);
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

static void print_points(const struct imc_curve *c)
{
	printf("%7s %6s %12s %12s %10s\n", "arrays", "used", "latency ms",
	       "bound ms", "energy uJ");
	for (size_t i = 0; i < c->n; i++) {
		const struct imc_curve_point *p = &c->point[i];
		char text[32];

		if (p->found)
			printf("%7d %6d %12.4f %12s %10.2f%s\n", (int)p->arrays,
			       (int)p->used, p->latency_ms, bound_text(p, text),
			       p->energy_uj, p->pareto ? " *" : "");
		else
			printf("%7d  does not fit\n", (int)p->arrays);
	}
}

static bool explore(const struct cli_settings *s, const char *dir,
		    struct imc_curve *c)
{
	const struct cli_options *o = s->o;
	struct cli_run how = {.stop_after = "calibrate"};
	struct imc_module *m;
	bool ok;

	if (!make_dir(dir, o->d) ||
	    !make_dir(imc_arena_printf(o->arena, "%s/points", dir), o->d))
		return false;
	m = cli_module_open(s, o->operand.v[0]);
	ok = m && cli_module_run(m, s, &how) &&
	     cli_explore_points(m, s, dir, c);
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
	struct imc_curve c = {0};
	struct cli_settings s;

	if (!check_usage(o, &c) || !cli_settings_read(o, ui, &s))
		return CLI_USAGE;
	return explore(&s, cli_text(o, CLI_OPT_OUTPUT, ""), &c) ? CLI_OK
								: CLI_FAULT;
}
