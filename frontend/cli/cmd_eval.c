#include <stdio.h>

#include "frontend/cli/eval_noise.h"
#include "frontend/cli/eval_print.h"
#include "frontend/cli/open_bundle.h"
#include "frontend/data/data.h"
#include "hwdesc/adc_check.h"

/* Everything an evaluation holds on to. */
struct job {
	struct cli_opened in;
	int format;
	struct cli_noise noise;
};

static bool read_usage(const struct cli_options *o, struct cli_ui *ui,
		       struct job *j)
{
	if (!cli_given(o, CLI_OPT_DATA))
		return imc_diag(o->d, IMC_NOWHERE, IMC_D_USAGE_NEEDS,
				"--data X.npy");
	return cli_settings_read(o, ui, &j->in.s) &&
	       cli_noise_usage(o, &j->noise) &&
	       cli_word(o, CLI_OPT_FORMAT, &j->format);
}

/* What the bundle gave for n samples; NULL: not said. */
static bool read_outputs(const struct job *j, struct imc_arena *a, int64_t n,
			 const float ***out)
{
	const char *path = cli_text(j->in.s.o, CLI_OPT_OUTPUTS, NULL);

	*out = NULL;
	return !path || imc_data_outputs(path, cli_graph_of(&j->in), n, a,
					 j->in.s.o->d, out);
}

/* Data that does not fit is told before the long work. */
static bool check_data(const struct job *j)
{
	struct imc_arena *a = imc_arena_new();
	struct imc_samples x = {0};
	const float **outputs;
	int64_t n, *labels;
	bool ok = cli_samples_open(&j->in, a, &x, &n) &&
		  cli_labels_read(&j->in.s, x.n, j->in.arena, &labels) &&
		  read_outputs(j, a, n, &outputs);

	imc_arena_free(a);
	return ok;
}

static bool open_bundle(struct job *j, const char *dir)
{
	return cli_bundle_open(&j->in, dir,
			       cli_text(j->in.s.o, CLI_OPT_MODEL, NULL));
}

static bool open_model(struct job *j, const char *path)
{
	const struct cli_run how = {0};

	if (!cli_float_open(&j->in, path) || !check_data(j))
		return false;
	j->in.m = cli_module_open(&j->in.s, path);
	if (!j->in.m || !cli_module_run(j->in.m, &j->in.s, &how))
		return false;
	j->in.images = imc_map_images(j->in.m->g, &j->in.m->map, j->in.arena);
	return imc_adc_check(j->in.m, &j->in.images);
}

/* noisy: NULL without noise. */
static void print_scores(const struct job *j, const struct cli_scores *s,
			 bool labelled, const struct cli_noise_result *noisy)
{
	struct imc_buf b = {.arena = j->in.arena};

	if (j->format) {
		cli_scores_json(s, labelled, noisy, &b);
	} else {
		cli_scores_text(s, labelled, &b);
		if (noisy)
			cli_noise_text(noisy, &b);
	}
	fwrite(b.p, 1, b.n, stdout);
}

static struct cli_noise_result
run_noise(const struct job *j, const struct cli_eval *e, struct cli_ui *ui)
{
	struct cli_noise_job job = {.m = j->in.m,
				    .net = {.g = j->in.m->g,
					    .m = &j->in.m->map,
					    .img = &j->in.images,
					    .samples = e->samples,
					    .first = e->first,
					    .n = e->n},
				    .labels = e->labels,
				    .label_offset = e->label_offset};

	return cli_noise_run(&j->noise, &job, ui, j->in.arena);
}

static bool draw_noise(const struct job *j, const struct cli_noise_result *r)
{
	struct imc_buf b = {.arena = j->in.arena};

	if (!j->noise.picture)
		return true;
	cli_noise_svg(r, &b);
	return cli_file_write(j->noise.picture, b.p, b.n, j->in.s.o->d);
}

/* The levels that this module has. */
static void set_levels(const struct job *j, struct cli_eval *e)
{
	const struct imc_graph *g = j->in.m->g;

	e->g[CLI_FLOAT] = j->in.float_m ? j->in.float_m->g : NULL;
	e->g[CLI_QUANTISED] = g;
	e->g[CLI_MAPPED] = g;
	e->g[CLI_PLANNED] =
		imc_module_has(j->in.m, IMC_FACT_PLANNED) ? g : NULL;
	e->g[CLI_BUNDLE] = e->bundle ? g : NULL;
	e->map = (struct imc_map_eval){
		.g = g, .m = &j->in.m->map, .img = &j->in.images};
	e->plan = &j->in.m->plan;
}

static bool evaluate(struct job *j, struct cli_ui *ui)
{
	struct imc_samples x = {0};
	int64_t n = 0, *labels = NULL;
	const float **outputs;
	struct cli_eval e = {.samples = &x, .first = j->in.s.skip};
	struct cli_scores s;
	struct cli_noise_result noisy;
	bool noise = j->noise.model != NULL;

	if (noise && !cli_noise_check(j->in.m, j->in.s.o->d))
		return false;
	if (!cli_samples_open(&j->in, j->in.arena, &x, &n) ||
	    !cli_labels_read(&j->in.s, x.n, j->in.arena, &labels) ||
	    !read_outputs(j, j->in.arena, n, &outputs))
		return false;
	e.bundle = outputs;
	set_levels(j, &e);
	e.input = imc_data_input(j->in.m->g);
	e.n = n;
	e.labels = labels;
	e.label_offset = j->in.s.label_offset;
	s = cli_eval_run(&e, ui);
	if (noise)
		noisy = run_noise(j, &e, ui);
	print_scores(j, &s, labels != NULL, noise ? &noisy : NULL);
	return !noise || draw_noise(j, &noisy);
}

int cli_eval(const struct cli_options *o, struct cli_ui *ui)
{
	const char *path = o->operand.v[0];
	struct job j = {.in.arena = o->arena};
	bool ok;

	if (!read_usage(o, ui, &j))
		return CLI_USAGE;
	ok = cli_noise_open(o, &j.noise) &&
	     (cli_is_dir(path) ? open_bundle : open_model)(&j, path) &&
	     evaluate(&j, ui);
	imc_module_free(j.in.m);
	imc_module_free(j.in.float_m);
	return ok ? CLI_OK : CLI_FAULT;
}
