#include <fnmatch.h>
#include <stdio.h>

#include "frontend/cli/diff_print.h"
#include "frontend/cli/eval_noise.h"
#include "frontend/cli/open_bundle.h"
#include "passes/2-quant/equalise.h"

struct job {
	struct cli_opened in;
	int format;
	double threshold;
	struct cli_noise noise;
	struct imc_noise_case devices; /* of noise */
	struct diff_net net;
	bool *shown;
};

/* One set of devices at one time. */
static bool read_noise(const struct cli_options *o, struct cli_noise *out)
{
	if (!cli_noise_usage(o, out))
		return false;
	if (out->n_time > 1)
		return cli_bad_value(o, CLI_OPT_TIME, "one time");
	return cli_given(o, CLI_OPT_NOISE) || !cli_given(o, CLI_OPT_SEED) ||
	       imc_diag(o->d, IMC_NOWHERE, IMC_D_USAGE_NEEDS, "--noise=MODEL");
}

static bool read_usage(const struct cli_options *o, struct cli_ui *ui,
		       struct job *j)
{
	if (!cli_given(o, CLI_OPT_DATA))
		return imc_diag(o->d, IMC_NOWHERE, IMC_D_USAGE_NEEDS,
				"--data X.npy");
	j->threshold = 10;
	return cli_settings_read(o, ui, &j->in.s) &&
	       cli_word(o, CLI_OPT_FORMAT, &j->format) &&
	       cli_number(o, CLI_OPT_THRESHOLD, -1000, 1000, &j->threshold) &&
	       read_noise(o, &j->noise);
}

static bool open_bundle(struct job *j, const struct cli_options *o)
{
	const char *dir = o->operand.v[1];

	if (!cli_bundle_open(&j->in, dir, o->operand.v[0]))
		return false;
	return imc_module_has(j->in.m, IMC_FACT_PLANNED) ||
	       imc_diag(o->d, IMC_IN_FILE(dir), IMC_D_NOT_A_BUNDLE, "plan");
}

/* The name of a layer that the user may have meant. */
static const char *meant(const struct job *j, const char *pattern)
{
	struct imc_arena *a = j->in.arena;
	size_t n = j->net.n_layer;
	const char **names = imc_arena_array(a, n, sizeof *names), *near;

	for (size_t i = 0; i < n; i++)
		names[i] = j->net.layer[i].name;
	near = imc_nearest(pattern, names, n);
	return imc_arena_printf(a, "%s '%s'", near ? "did you mean" : "one is",
				near ? near : names[n - 1]);
}

/* The layers that --layers asks for. */
static bool choose_layers(struct job *j)
{
	const char *pattern = cli_text(j->in.s.o, CLI_OPT_LAYERS, "*");
	size_t n = j->net.n_layer, n_shown = 0;

	j->shown = imc_arena_array(j->in.arena, n, sizeof *j->shown);
	for (size_t i = 0; i < n; i++) {
		j->shown[i] = !fnmatch(pattern, j->net.layer[i].name, 0);
		n_shown += j->shown[i];
	}
	return n_shown || imc_diag(j->in.s.o->d, IMC_NOWHERE, IMC_D_DIFF_LAYER,
				   pattern, meant(j, pattern));
}

/* Layers are compared in the units that equalise gave channels. */
static bool match_layers(struct job *j, const char *model)
{
	imc_equalise_like(j->in.float_m->g, j->in.m->g);
	j->net = diff_net_open(j->in.m->g, &j->in.m->map, j->in.float_m->g,
			       j->in.arena);
	if (!j->net.n_layer)
		return imc_diag(j->in.s.o->d, IMC_IN_FILE(model),
				IMC_D_DIFF_NOTHING);
	return choose_layers(j);
}

static void print_report(const struct job *j, const struct diff_run *run,
			 const struct diff_figures *f)
{
	struct imc_buf b = {.arena = j->in.arena};
	struct diff_verdict v = diff_verdict_of(&j->net, f, j->threshold);
	struct diff_report r = {&j->net,	   f,	    &v, run->n,
				diff_n_level(run), j->shown};

	(j->format ? diff_report_json : diff_report_text)(&r, &b);
	fwrite(b.p, 1, b.n, stdout);
}

/* The arrays with noise; NULL: it is not asked for. */
static const struct imc_analog *program(struct job *j)
{
	const struct imc_module *m = j->in.m;

	if (!j->noise.model)
		return NULL;
	j->devices = (struct imc_noise_case){.noise = j->noise.model,
					     .seed = j->noise.seed,
					     .time_s = j->noise.time_s[0]};
	imc_noise_scale(m->hw, &j->devices);
	return imc_analog_program(m->g, &m->map, &j->in.images, &j->devices,
				  j->in.arena);
}

static bool compare(struct job *j, struct cli_ui *ui)
{
	struct imc_samples x = {0};
	struct diff_run r = {.net = &j->net,
			     .map = {.g = j->in.m->g,
				     .m = &j->in.m->map,
				     .img = &j->in.images},
			     .plan = &j->in.m->plan,
			     .samples = &x,
			     .first = j->in.s.skip};

	if (!cli_samples_open(&j->in, j->in.arena, &x, &r.n))
		return false;
	r.analog = program(j);
	print_report(j, &r, diff_run_all(&r, ui, j->in.arena));
	return true;
}

int cli_diff(const struct cli_options *o, struct cli_ui *ui)
{
	/* layers are compared as stage 2 got them */
	struct job j = {.in = {.arena = o->arena, .without_steps = true}};
	bool ok;

	if (!read_usage(o, ui, &j))
		return CLI_USAGE;
	ok = cli_noise_open(o, &j.noise) && open_bundle(&j, o) &&
	     (!j.noise.model || cli_noise_check(j.in.m, o->d)) &&
	     match_layers(&j, o->operand.v[0]) && compare(&j, ui);
	imc_module_free(j.in.m);
	imc_module_free(j.in.float_m);
	return ok ? CLI_OK : CLI_FAULT;
}
