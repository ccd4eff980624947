#include "frontend/cli/eval_noise.h"

#include <math.h>
#include <string.h>

#include "hwdesc/key.h"

/* Seconds: 300000 years. */
#define TIME_MAX 1e13
#define MAX_TIME 64
#define MAX_RUN 10000

/* ---- options ---- */

bool cli_check_pairs(const struct cli_options *o, enum cli_option id)
{
	const struct cli_values *set = &o->value[id];

	for (size_t i = 0; i < set->n; i++)
		if (!strchr(set->v[i], '='))
			return imc_diag(
				o->d, IMC_NOWHERE, IMC_D_USAGE_BAD_VALUE,
				cli_option_name(id), set->v[i], "KEY=VALUE");
	return true;
}

static bool bad_time(const struct cli_options *o)
{
	return cli_bad_value(o, CLI_OPT_TIME,
			     "up to 64 times of 0 to 1e13 s, in ns, us, ms, s, "
			     "min, h, day, month or year, such as "
			     "25s,1day,1month");
}

static bool read_times(const struct cli_options *o, struct cli_noise *out)
{
	const char *text = cli_text(o, CLI_OPT_TIME, "0s");

	out->label = imc_arena_array(o->arena, MAX_TIME, sizeof *out->label);
	out->time_s = imc_arena_array(o->arena, MAX_TIME, sizeof *out->time_s);
	for (;; text++) {
		size_t n = strcspn(text, ","), i = out->n_time;

		if (i == MAX_TIME)
			return bad_time(o);
		out->label[i] = imc_arena_strndup(o->arena, text, n);
		if (!imc_key_number(out->label[i], "s", &out->time_s[i]) ||
		    !(out->time_s[i] >= 0 && out->time_s[i] <= TIME_MAX))
			return bad_time(o);
		out->n_time++;
		text += n;
		if (!*text)
			return true;
	}
}

static bool needs_noise(const struct cli_options *o)
{
	static const enum cli_option with[] = {CLI_OPT_PICTURE, CLI_OPT_RUNS,
					       CLI_OPT_TIME, CLI_OPT_NOISE_SET};
	bool robust = cli_given(o, CLI_OPT_ROBUST);

	if (cli_given(o, CLI_OPT_NOISE))
		return true;
	for (size_t i = 0; i < sizeof with / sizeof *with; i++)
		if (cli_given(o, with[i]) && (i == 0 || !robust))
			return imc_diag(o->d, IMC_NOWHERE, IMC_D_USAGE_NEEDS,
					o->command == CLI_EVAL ||
							o->command == CLI_DIFF
						? "--noise=MODEL"
						: "--robust=MODEL");
	return true;
}

bool cli_noise_usage(const struct cli_options *o, struct cli_noise *out)
{
	int64_t seed = 1;

	*out = (struct cli_noise){.runs = 10};
	out->picture = cli_text(o, CLI_OPT_PICTURE, NULL);
	if (!needs_noise(o) || !cli_check_pairs(o, CLI_OPT_NOISE_SET) ||
	    !cli_int(o, CLI_OPT_RUNS, 1, MAX_RUN, &out->runs) ||
	    !cli_int(o, CLI_OPT_SEED, 0, INT64_MAX, &seed))
		return false;
	out->seed = (uint64_t)seed;
	return read_times(o, out);
}

struct imc_noise *cli_noise_load(const struct cli_options *o, const char *model)
{
	const struct cli_values *set = &o->value[CLI_OPT_NOISE_SET];
	struct imc_noise *n = imc_noise_load(model, o->arena, o->d);

	for (size_t i = 0; n && i < set->n; i++) {
		const char *equals = strchr(set->v[i], '=');
		const char *key = imc_arena_strndup(
			o->arena, set->v[i], (size_t)(equals - set->v[i]));

		if (!imc_noise_set(n, key, equals + 1, IMC_NOWHERE, o->d))
			return NULL;
	}
	return n && imc_noise_check(n, IMC_NOWHERE, o->d) ? n : NULL;
}

bool cli_noise_open(const struct cli_options *o, struct cli_noise *out)
{
	const char *model = cli_text(o, CLI_OPT_NOISE, NULL);

	if (!model)
		return true;
	out->model = cli_noise_load(o, model);
	return out->model != NULL;
}

bool cli_noise_is_exact(const struct imc_hw *hw, enum cli_option id,
			struct imc_diags *d)
{
	return imc_diag(d, IMC_NOWHERE, IMC_D_NOISE_EXACT, cli_option_name(id),
			hw->name,
			hw->ima_adc ? "it has no ADC"
				    : "its ADC tells apart all sums of a step");
}

bool cli_noise_check(const struct imc_module *m, struct imc_diags *d)
{
	if (imc_hw_sums_exact(m->hw))
		return cli_noise_is_exact(m->hw, CLI_OPT_NOISE, d);
	return imc_analog_has_work(m->g, &m->map) ||
	       imc_diag(d, IMC_NOWHERE, IMC_D_NOISE_NO_ARRAY);
}

/* ---- running ---- */

/* What is known while the runs go by. */
struct runs {
	const struct cli_noise_job *job;
	struct imc_noisy net;
	struct cli_ui *ui;
	int64_t done, total; /* samples */
	int64_t count;	     /* elements of an output */
	int64_t *top, *ideal_top;
	float *out, *ideal_out;
};

static void progress(void *cx, int64_t done)
{
	struct runs *r = cx;

	cli_ui_progress(r->ui, "noise", r->done + done, r->total);
}

static void open_runs(struct runs *r, const struct cli_noise *n,
		      struct imc_arena *a)
{
	const struct imc_graph *g = r->net.g;
	size_t samples = (size_t)r->net.n;

	r->count = imc_tensor_count(&imc_value_at(g, g->output[0])->t);
	r->total = r->net.n * (n->runs * (int64_t)n->n_time + 1);
	r->top = imc_arena_array(a, samples, sizeof *r->top);
	r->ideal_top = imc_arena_array(a, samples, sizeof *r->ideal_top);
	r->out = imc_arena_array(a, samples * (size_t)r->count, sizeof *r->out);
	r->ideal_out = imc_arena_array(a, samples * (size_t)r->count,
				       sizeof *r->ideal_out);
	r->net.progress = progress;
	r->net.cx = r;
	imc_noisy_ideal(&r->net, r->ideal_top, r->ideal_out);
	r->done = r->net.n;
}

static double right_part(const struct runs *r, const int64_t *top)
{
	const struct cli_noise_job *job = r->job;
	int64_t right = 0;

	for (int64_t i = 0; job->labels && i < r->net.n; i++)
		right += top[i] ==
			 job->labels[r->net.first + i] + job->label_offset;
	return (double)right / (double)r->net.n;
}

static double same_part(const struct runs *r)
{
	int64_t same = 0;

	for (int64_t i = 0; i < r->net.n; i++)
		same += r->top[i] == r->ideal_top[i];
	return (double)same / (double)r->net.n;
}

static double relative_error(const struct runs *r)
{
	double error = 0, of = 0;

	for (int64_t i = 0; i < r->net.n * r->count; i++) {
		double x = (double)r->ideal_out[i];
		double d = (double)r->out[i] - x;

		error += d * d;
		of += x * x;
	}
	return of > 0 ? sqrt(error / of) : 0;
}

static struct cli_noise_point run_time(struct runs *r,
				       const struct cli_noise *n, double time_s,
				       struct imc_arena *a)
{
	double *top1 = imc_arena_array(a, (size_t)n->runs, sizeof *top1);
	double *agree = imc_arena_array(a, (size_t)n->runs, sizeof *agree);
	double *error = imc_arena_array(a, (size_t)n->runs, sizeof *error);
	struct imc_noise_case c = {
		.noise = n->model, .seed = n->seed, .time_s = time_s};
	struct cli_noise_point p;

	imc_noise_scale(r->job->m->hw, &c);
	for (c.run = 0; c.run < n->runs; c.run++) {
		imc_noisy_run(&r->net, &c, r->top, r->out);
		r->done += r->net.n;
		top1[c.run] = right_part(r, r->top);
		agree[c.run] = same_part(r);
		error[c.run] = -relative_error(r);
	}
	p.top1 = imc_noisy_stat_of(top1, n->runs);
	p.agree = imc_noisy_stat_of(agree, n->runs);
	p.relative = imc_noisy_stat_of(error, n->runs);
	p.relative.mean = 0 - p.relative.mean; /* no -0 */
	p.relative.worst = 0 - p.relative.worst;
	return p;
}

struct cli_noise_result cli_noise_run(const struct cli_noise *n,
				      const struct cli_noise_job *job,
				      struct cli_ui *ui, struct imc_arena *a)
{
	struct runs r = {.job = job, .net = job->net, .ui = ui};
	struct cli_noise_result out = {.asked = n,
				       .network = job->m->model_name,
				       .target = job->m->hw->name,
				       .labelled = job->labels != NULL};

	open_runs(&r, n, a);
	out.top1 = right_part(&r, r.ideal_top);
	out.point = imc_arena_array(a, n->n_time, sizeof *out.point);
	for (size_t i = 0; i < n->n_time; i++)
		out.point[i] = run_time(&r, n, n->time_s[i], a);
	cli_ui_clear(ui);
	return out;
}
