#include <math.h>
#include <string.h>

#include "backend/report/plot.h"
#include "backend/report/table.h"
#include "frontend/cli/eval_noise.h"

/* ---- text ---- */

static void add_percent(struct imc_table *t, double v)
{
	imc_table_cell(t, imc_arena_printf(t->a, "%.2f %%", v * 100));
}

static void add_stat(struct imc_table *t, const struct imc_noisy_stat *s)
{
	add_percent(t, s->mean);
	add_percent(t, s->std);
	add_percent(t, s->worst);
}

static void print_heading(const struct cli_noise_result *r, struct imc_buf *out)
{
	const struct cli_noise *n = r->asked;

	imc_buf_printf(out, "\nnoisy: %s, %lld run%s, seed %llu\n",
		       n->model->name, (long long)n->runs,
		       n->runs == 1 ? "" : "s", (unsigned long long)n->seed);
	if (n->model->drift_nu_max > 0)
		imc_buf_printf(out, "drift %s\n",
			       n->model->drift_compensate
				       ? "compensated, one factor a tile"
				       : "not compensated");
}

void cli_noise_text(const struct cli_noise_result *r, struct imc_buf *out)
{
	static const char *const names[] = {"level", "time",  "top-1",
					    "std",   "worst", "agree",
					    "std",   "worst", "relative d"};
	struct imc_table t = {.a = out->arena, .n_col = 6, .left = "lrrrrr"};

	print_heading(r, out);
	if (r->labelled) {
		t.n_col = 9;
		t.left = "lrrrrrrrr";
		imc_table_head(&t, names);
	} else {
		imc_table_cell(&t, names[0]);
		imc_table_cell(&t, names[1]);
		for (int i = 5; i < 9; i++)
			imc_table_cell(&t, names[i]);
	}
	for (size_t i = 0; i < r->asked->n_time; i++) {
		const struct cli_noise_point *p = &r->point[i];

		imc_table_cell(&t, "noisy");
		imc_table_cell(&t, r->asked->label[i]);
		if (r->labelled)
			add_stat(&t, &p->top1);
		add_stat(&t, &p->agree);
		imc_table_cell(&t,
			       imc_arena_printf(t.a, "%.4g", p->relative.mean));
	}
	imc_table_print(&t, out);
	imc_buf_text(out, "mean, standard deviation and worst of the runs; "
			  "agree, d: against ideal devices\n");
}

/* ---- JSON ---- */

static void write_stat(struct imc_json *j, const char *key,
		       const struct imc_noisy_stat *s)
{
	imc_json_open(j, key, '{');
	imc_json_number(j, "mean", s->mean);
	imc_json_number(j, "std", s->std);
	imc_json_number(j, "worst", s->worst);
	imc_json_close(j, '}');
}

void cli_noise_json(const struct cli_noise_result *r, struct imc_json *j)
{
	const struct cli_noise *n = r->asked;

	imc_json_open(j, "noisy", '{');
	imc_json_text(j, "model", n->model->name);
	imc_json_int(j, "runs", n->runs);
	imc_json_int(j, "seed", (int64_t)n->seed);
	imc_json_bool(j, "compensated", n->model->drift_compensate == 1);
	imc_json_open(j, "times", '[');
	for (size_t i = 0; i < n->n_time; i++) {
		imc_json_open(j, NULL, '{');
		imc_json_text(j, "time", n->label[i]);
		imc_json_number(j, "time_s", n->time_s[i]);
		if (r->labelled)
			write_stat(j, "top1", &r->point[i].top1);
		write_stat(j, "agree", &r->point[i].agree);
		write_stat(j, "relative", &r->point[i].relative);
		imc_json_close(j, '}');
	}
	imc_json_close(j, ']');
	imc_json_close(j, '}');
}

/* ---- picture ---- */

enum { WIDTH = 760, HEIGHT = 400, LEFT = 70, TOP = 50, HIGH = 290 };
enum { MEAN, WORST, IDEAL, N_SERIES };

/* Times lie on a logarithmic axis, those below a second at one. */
static double place_of(double time_s)
{
	return log10(fmax(time_s, 1));
}

static const struct imc_noisy_stat *drawn(const struct cli_noise_result *r,
					  size_t i)
{
	return r->labelled ? &r->point[i].top1 : &r->point[i].agree;
}

static struct imc_plot_point point_of(const struct cli_noise_result *r,
				      size_t i, int series, struct imc_arena *a)
{
	const struct imc_noisy_stat *s = drawn(r, i);
	double y = series == MEAN    ? s->mean
		   : series == WORST ? s->worst
		   : r->labelled     ? r->top1
				     : 1;

	return (struct imc_plot_point){
		.x = place_of(r->asked->time_s[i]),
		.y = 100 * y,
		.filled = series == MEAN,
		.hint = imc_arena_printf(a, "%s: %.2f %% (std %.2f %%)",
					 r->asked->label[i], 100 * y,
					 100 * s->std)};
}

static struct imc_plot_series series_of(const struct cli_noise_result *r,
					int series, struct imc_arena *a)
{
	size_t n = r->asked->n_time;
	struct imc_plot_point *v = imc_arena_array(a, n, sizeof *v);

	for (size_t i = 0; i < n; i++)
		v[i] = point_of(r, i, series, a);
	return (struct imc_plot_series){.colour =
						imc_plot_colour((size_t)series),
					.dashed = series == IDEAL,
					.n = n,
					.point = v};
}

static const struct imc_plot_tick *ticks_of(const struct cli_noise *n,
					    struct imc_arena *a)
{
	struct imc_plot_tick *t = imc_arena_array(a, n->n_time, sizeof *t);

	for (size_t i = 0; i < n->n_time; i++)
		t[i] = (struct imc_plot_tick){place_of(n->time_s[i]),
					      n->label[i]};
	return t;
}

void cli_noise_svg(const struct cli_noise_result *r, struct imc_buf *out)
{
	const struct cli_noise *n = r->asked;
	struct imc_arena *a = out->arena;
	struct imc_plot_series s[N_SERIES];
	struct imc_plot_panel p = {.left = LEFT,
				   .top = TOP,
				   .width = WIDTH - LEFT - 40,
				   .height = HIGH,
				   .x_title = "since programming",
				   .names_above = true,
				   .n = N_SERIES,
				   .series = s,
				   .n_tick = n->n_time,
				   .tick = ticks_of(n, a)};

	for (int i = 0; i < N_SERIES; i++)
		s[i] = series_of(r, i, a);
	s[MEAN].name =
		imc_arena_printf(a, "mean of %lld run%s", (long long)n->runs,
				 n->runs == 1 ? "" : "s");
	s[WORST].name = "worst";
	s[IDEAL].name = "ideal devices";
	p.title = r->labelled ? "top-1, %" : "same class as ideal devices, %";
	imc_plot_open(
		out, WIDTH, HEIGHT,
		imc_arena_printf(a, "%s on %s, devices: %s%s", r->network,
				 r->target, n->model->name,
				 n->model->drift_nu_max > 0 &&
						 !n->model->drift_compensate
					 ? ", drift not compensated"
					 : ""));
	imc_plot_add(out, &p);
	imc_plot_close(out);
}
