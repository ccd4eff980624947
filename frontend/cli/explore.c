/* One process a point: a mapping changes the module, and a copy of the whole
 * process is the cheapest copy of a module. */
#include "frontend/cli/explore.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "frontend/data/data.h"
#include "hwdesc/cost.h"
#include "ir/support/parallel.h"
#include "ir/text.h"
#include "passes/2-quant/tried.h"

/* How a child ends that has a result and cannot write it. */
#define LOST 3

struct sweep {
	struct imc_module *m;
	const struct cli_settings *s;
	const char *dir, *key;
	struct imc_curve *c;
	int64_t n_done;
	size_t n_child;
	bool failed; /* a child, which said why */
};

/* By what was asked for. */
static const char *point_path(const struct sweep *w, size_t i)
{
	const struct imc_curve_point *p = &w->c->point[i];
	struct imc_buf b = {.arena = w->s->o->arena};

	imc_buf_printf(&b, "%s/points/%d", w->dir, (int)p->arrays);
	if (w->c->spatial)
		imc_buf_printf(&b, "-%s", imc_objective_name(p->objective));
	if (p->post)
		imc_buf_printf(&b, "-%s", p->post == 1 ? "digital" : "adc");
	if (p->has_drop)
		imc_buf_printf(&b, "-drop%.9g", p->drop);
	if (p->budget_bits > 0)
		imc_buf_printf(&b, "-bits%.9g", p->budget_bits);
	if (p->min_images > 0)
		imc_buf_printf(&b, "-images%.9g", p->min_images);
	imc_buf_text(&b, ".txt");
	return b.p;
}

/* Of a file that an option names; what cannot be read is reported later. */
static void add_file(const struct cli_options *o, enum cli_option id,
		     struct imc_buf *out)
{
	const char *path = cli_text(o, id, NULL);
	struct imc_arena *a = imc_arena_new();
	struct imc_diags d = {.arena = a};
	const void *bytes;
	size_t size = 0;

	bytes = path ? imc_file_read(path, a, &d, &size) : NULL;
	if (bytes)
		imc_buf_printf(out, "%s", cli_sha256(bytes, size, a));
	imc_buf_text(out, "\n");
	imc_arena_free(a);
}

/* Says what a kept point was computed from: the module before any choice, what
 * it is measured on, how far it went. */
static const char *key_of(const struct imc_module *m,
			  const struct cli_settings *s)
{
	static const enum cli_option words[] = {
		CLI_OPT_STOP_AFTER,  CLI_OPT_LIMIT,	   CLI_OPT_SKIP,
		CLI_OPT_CALIB_LIMIT, CLI_OPT_LABEL_OFFSET, CLI_OPT_MEAN,
		CLI_OPT_STD,	     CLI_OPT_SCALE};
	struct imc_arena *a = s->o->arena;
	struct imc_buf text = {.arena = a}, blob = {.arena = a};

	imc_buf_printf(&text, "imcc %s\n", IMCC_VERSION);
	imc_text_print(m, &imc_hw_text, "", &text, &blob);
	add_file(s->o, CLI_OPT_CALIB, &text);
	add_file(s->o, CLI_OPT_DATA, &text);
	add_file(s->o, CLI_OPT_LABELS, &text);
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		imc_buf_printf(&text, "%s\n", cli_text(s->o, words[i], ""));
	return cli_sha256(text.p, text.n, a);
}

/* ---- a point as a file: the key, then its numbers, exact ---- */

/* p stays as it is unless there is a result of this very sweep. */
static bool read_point(const struct sweep *w, size_t i)
{
	struct imc_curve_point *p = &w->c->point[i], q = *p;
	FILE *in = fopen(point_path(w, i), "r");
	char key[65] = "";
	int found = 0, used = 0, measured = 0, adc = 0, digital = 0, sliced = 0;
	bool ok;

	if (!in)
		return false;
	ok = fscanf(in,
		    "%64s %d %d %la %la %la %la %la %d %la %la %la %la %la %la "
		    "%d %d %d",
		    key, &found, &used, &q.latency_ms, &q.energy_uj,
		    &q.bound_ms, &q.images_per_s, &q.error, &measured, &q.lost,
		    &q.weight_bits, &q.act_bits, &q.gap, &q.seconds, &q.right,
		    &adc, &digital, &sliced) == 18 &&
	     !strcmp(key, w->key);
	fclose(in);
	q.found = found;
	q.used = used;
	q.measured = measured;
	q.n_adc = adc;
	q.n_digital = digital;
	q.n_sliced = sliced;
	if (ok)
		*p = q;
	return ok;
}

static bool write_point(const struct sweep *w, size_t i)
{
	const struct imc_curve_point *p = &w->c->point[i];
	const char *path = point_path(w, i);
	const char *part = imc_arena_printf(w->s->o->arena, "%s.part", path);
	const char *text = imc_arena_printf(
		w->s->o->arena,
		"%s %d %d %a %a %a %a %a %d %a %a %a %a %a %a %d %d %d\n",
		w->key, p->found, (int)p->used, p->latency_ms, p->energy_uj,
		p->bound_ms, p->images_per_s, p->error, p->measured, p->lost,
		p->weight_bits, p->act_bits, p->gap, p->seconds, p->right,
		(int)p->n_adc, (int)p->n_digital, (int)p->n_sliced);

	return cli_file_write(part, text, strlen(text), w->s->o->d) &&
	       (rename(part, path) == 0 ||
		imc_diag(w->s->o->d, IMC_NOWHERE, IMC_D_CANNOT_WRITE, path,
			 strerror(errno)));
}

/* ---- in the child ---- */

/* Nothing went wrong but that there are too few arrays, or none. */
static bool only_lacks_arrays(const struct imc_diags *d, int64_t arrays)
{
	for (size_t i = 0; i < d->n; i++)
		if (d->v[i].severity == IMC_ERROR &&
		    d->v[i].id != IMC_D_NO_ROOM &&
		    d->v[i].id != IMC_D_TOO_FEW_ARRAYS &&
		    d->v[i].id != IMC_D_BUDGET_ROOM &&
		    d->v[i].id != IMC_D_TOO_SLOW &&
		    (d->v[i].id != IMC_D_ENGINE_FORCED || arrays > 0))
			return false;
	return true;
}

/* The options of m become those of the point. */
static void ask(struct imc_module *m, const struct imc_curve_point *p)
{
	m->opt.objective = (int)p->objective;
	m->opt.has_drop = p->has_drop;
	m->opt.max_drop = p->drop;
	m->opt.budget_bits = p->budget_bits;
	m->opt.min_throughput = p->min_images;
	if (p->post)
		m->opt.post = p->post;
}

static double error_of(const struct imc_module *m)
{
	double sum = 0;

	for (size_t i = 0; i < m->n_error; i++)
		sum += imc_layer_error_as(&m->error[i],
					  &m->map.assign[m->error[i].node.i]);
	return sum;
}

/* Of the plan, or of what is known before there is one. */
static struct imc_cost total_of(const struct imc_module *m)
{
	struct imc_cost sum = {0};

	if (m->plan.step)
		return imc_plan_total(&m->plan, NULL);
	for (size_t i = 0; i < m->g->n_order; i++) {
		const struct imc_assign *as = &m->map.assign[m->g->order[i].i];

		sum.ns += as->cost.ns;
		sum.pj += as->cost.pj;
	}
	if (!imc_module_has(m, IMC_FACT_QUANTISED)) {
		sum.ns += m->map.narrow.ns;
		sum.pj += m->map.narrow.pj;
	}
	return sum;
}

static int32_t used_by(const struct imc_module *m)
{
	int64_t n = 0;

	if (m->plan.step || !imc_hw_is_spatial(m->hw))
		return m->map.n_used;
	for (size_t i = 0; i < m->g->n_order; i++)
		n += imc_cost_arrays(m->hw, m->g, m->g->order[i],
				     &m->map.assign[m->g->order[i].i]);
	return (int32_t)n;
}

/* Bits of a layer with weights, on average. */
static void find_bits(const struct imc_module *m, struct imc_curve_point *p)
{
	double n = 0;

	for (size_t i = 0; i < m->g->n_order; i++) {
		const struct imc_assign *as = &m->map.assign[m->g->order[i].i];

		if (as->engine != IMC_ENGINE_CROSSBAR)
			continue;
		p->weight_bits += as->weight_bits;
		p->act_bits += as->act_bits;
		n++;
	}
	if (n > 0) {
		p->weight_bits /= n;
		p->act_bits /= n;
	}
}

static double seconds_of(const struct imc_module *m, const char *pass)
{
	for (size_t i = 0; i < m->n_pass; i++)
		if (!strcmp(m->pass[i].name, pass))
			return m->pass[i].ms * 1e-3;
	return 0;
}

/* What only spatial machines have. */
static void find_stages(const struct imc_module *m, struct imc_curve_point *p)
{
	p->images_per_s = imc_pipeline_of(m->hw, m->g, &m->map).images_per_s;
	p->error = error_of(m);
	p->gap = m->map.chooser_gap;
	if (m->opt.timings)
		p->seconds = seconds_of(m, "choose_engine");
	find_bits(m, p);
}

/* What is known of accuracy. */
static void find_trial(const struct imc_module *m, struct imc_curve_point *p)
{
	for (size_t i = 0; i < m->n_trial; i++)
		if (m->trial[i].taken) {
			p->measured = true;
			p->lost = m->trial[i].drop;
			p->right = m->trial[i].right;
		}
}

static void find_posts(const struct imc_module *m, struct imc_curve_point *p)
{
	p->error = error_of(m);
	for (size_t i = 0; i < m->g->n_order; i++) {
		const struct imc_assign *as = &m->map.assign[m->g->order[i].i];

		if (as->engine != IMC_ENGINE_CROSSBAR)
			continue;
		p->n_adc += as->post_adc;
		p->n_digital += !as->post_adc;
		p->n_sliced += as->slices > 1;
	}
}

/* False: reported. */
static bool map_point(const struct sweep *w, size_t i)
{
	struct imc_curve_point *p = &w->c->point[i];
	const char *arrays =
		imc_arena_printf(w->s->o->arena, "%d", (int)p->arrays);
	struct cli_run how = {
		.stop_after = cli_text(w->s->o, CLI_OPT_STOP_AFTER, NULL),
	};
	struct imc_cost total;

	w->s->ui->terminal = w->s->ui->verbose = false;
	if (w->c->spatial || w->c->traded)
		ask(w->m, p);
	if (!cli_set_arrays(w->m->hw, arrays, IMC_NOWHERE, w->s->o->d) ||
	    !cli_module_run(w->m, w->s, &how))
		return only_lacks_arrays(w->s->o->d, p->arrays);
	total = total_of(w->m);
	p->found = true;
	p->used = used_by(w->m);
	p->latency_ms = total.ns * 1e-6;
	p->energy_uj = total.pj * 1e-6;
	p->bound_ms = imc_plan_bound_ns(&w->m->map, &w->m->plan) * 1e-6;
	if (w->c->spatial)
		find_stages(w->m, p);
	if (w->c->traded)
		find_posts(w->m, p);
	find_trial(w->m, p);
	return true;
}

/* ---- in the parent ---- */

/* A point that could not begin is missed by collect. */
static void start_child(struct sweep *w, size_t i)
{
	int status;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		setenv("IMC_THREADS", "1", 1);
		/* the parent says what was found before */
		*w->s->o->d = (struct imc_diags){.arena = w->s->o->arena};
		status = !map_point(w, i)    ? CLI_FAULT
			 : write_point(w, i) ? CLI_OK
					     : LOST;
		cli_ui_diags(w->s->ui, w->s->o->d);
		_exit(status);
	}
	w->n_child += pid > 0;
}

static void end_child(struct sweep *w)
{
	int status = 0;

	wait(&status);
	if (WIFEXITED(status) && WEXITSTATUS(status) == CLI_FAULT)
		w->failed = true;
	w->n_child--;
	w->n_done++;
	cli_ui_progress(w->s->ui, "explore", w->n_done, (int64_t)w->c->n);
}

static bool collect(const struct sweep *w)
{
	for (size_t i = 0; i < w->c->n; i++)
		if (!read_point(w, i))
			return imc_diag(w->s->o->d, IMC_NOWHERE, IMC_D_NO_POINT,
					(int)w->c->point[i].arrays);
	return true;
}

/* ---- networks that are measured, for all points together ---- */

/* As the point asks, up to the choice; what it says is said again later. */
static void choose_point(const struct sweep *w, size_t i)
{
	const struct imc_curve_point *p = &w->c->point[i];
	struct cli_run how = {.stop_after = "choose_engine"};
	const char *arrays =
		imc_arena_printf(w->s->o->arena, "%d", (int)p->arrays);
	struct imc_module *m = imc_module_fork(w->m);

	ask(m, p);
	if (cli_set_arrays(m->hw, arrays, IMC_NOWHERE, w->s->o->d))
		cli_module_run(m, w->s, &how);
	imc_module_free(m);
}

static bool all_kept(const struct sweep *w)
{
	struct imc_curve_point p;
	bool all = true;

	for (size_t i = 0; i < w->c->n; i++) {
		p = w->c->point[i];
		all &= read_point(w, i);
		w->c->point[i] = p;
	}
	return all;
}

/* Every network once, with all processors: then points choose among them. */
static void measure_networks(struct sweep *w, struct imc_tried *tried)
{
	struct imc_diags *d = w->s->o->d, before = *d;
	struct cli_ui *ui = w->s->ui, shown = *ui;

	if (!w->c->traded || all_kept(w))
		return;
	w->m->tried = tried;
	ui->verbose = false;
	for (size_t i = 0; i < w->c->n; i++)
		if (w->c->point[i].has_drop)
			choose_point(w, i);
	ui->verbose = shown.verbose;
	*d = before;
	tried->complete = true;
}

/* ---- what comes out ---- */

/* What the point is to have little of. */
static double value_of(const struct imc_curve_point *p)
{
	switch (p->objective) {
	case IMC_OBJECTIVE_LATENCY:
	case IMC_OBJECTIVE_THROUGHPUT:
		return p->latency_ms;
	case IMC_OBJECTIVE_ENERGY:
		return p->energy_uj;
	case IMC_OBJECTIVE_EDP:
		return p->latency_ms * p->energy_uj;
	case IMC_OBJECTIVE_ARRAYS:
		return p->used;
	case IMC_N_OBJECTIVE:
		break;
	}
	return p->latency_ms;
}

/* True if q does what p was asked for, and does it better: it loses less where
 * p loses too much, or costs less and loses no more than allowed. */
static bool does_better(const struct imc_curve_point *q,
			const struct imc_curve_point *p)
{
	if (q->arrays != p->arrays || q->objective != p->objective ||
	    !q->found || !q->measured)
		return false;
	if (!p->found || !p->measured)
		return !p->found;
	if (p->lost > p->drop)
		return q->lost < p->lost ||
		       (q->lost <= p->lost && value_of(q) < value_of(p));
	return q->lost <= p->drop &&
	       (value_of(q) < value_of(p) ||
		(value_of(q) <= value_of(p) && q->lost < p->lost));
}

/* Latencies that were chosen by are those before the numbers of ADCs are known:
 * what another point came to in the end may be better. */
static void share_points(struct imc_curve *c)
{
	for (size_t i = 0; i < c->n; i++)
		for (size_t k = 0; k < c->n; k++) {
			struct imc_curve_point *p = &c->point[i], q;

			if (!p->has_drop || p->post ||
			    !does_better(&c->point[k], p))
				continue;
			q = *p;
			*p = c->point[k];
			p->drop = q.drop;
			p->post = q.post;
		}
}

bool cli_explore_points(struct imc_module *m, const struct cli_settings *s,
			const char *dir, struct imc_curve *c)
{
	struct sweep w = {
		.m = m, .s = s, .dir = dir, .key = key_of(m, s), .c = c};
	struct imc_tried tried = {.arena = imc_arena_new()};

	measure_networks(&w, &tried);
	for (size_t i = 0; i < c->n && !w.failed; i++) {
		if (read_point(&w, i)) {
			w.n_done++;
			continue;
		}
		while (w.n_child >= imc_n_thread())
			end_child(&w);
		start_child(&w, i);
	}
	while (w.n_child > 0)
		end_child(&w);
	cli_ui_clear(s->ui);
	m->tried = NULL;
	imc_arena_free(tried.arena);
	if (w.failed || !collect(&w))
		return false;
	if (c->traded)
		share_points(c);
	return true;
}
