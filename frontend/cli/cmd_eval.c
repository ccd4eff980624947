#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "backend/bundle/bundle.h"
#include "backend/bundle/read_images.h"
#include "frontend/cli/driver.h"
#include "frontend/cli/eval_print.h"
#include "frontend/data/data.h"

/* Everything an evaluation holds on to. */
struct job {
	struct cli_settings s;
	int format;
	bool bundle;		    /* a bundle is evaluated, not a model */
	struct imc_module *m;	    /* quantised and mapped */
	struct imc_module *float_m; /* NULL: its model was not found */
	struct imc_images images;
	struct imc_arena *arena;
};

static bool read_usage(const struct cli_options *o, struct cli_ui *ui,
		       struct job *j)
{
	if (!cli_given(o, CLI_OPT_DATA))
		return imc_diag(o->d, IMC_NOWHERE, IMC_D_USAGE_NEEDS,
				"--data X.npy");
	return cli_settings_read(o, ui, &j->s) &&
	       cli_word(o, CLI_OPT_FORMAT, &j->format);
}

/* Stage 1 of the model alone: the float network that stage 2 quantises. */
static bool open_float(struct job *j, const char *path)
{
	const struct cli_run how = {.stop_after = "to_nhwc"};

	j->float_m = cli_module_import(path, j->s.o->d, NULL);
	return j->float_m && cli_module_run(j->float_m, &j->s, &how);
}

static bool read_image(struct job *j, const char *dir, int32_t k)
{
	const struct imc_module *m = j->m;
	struct imc_arena *file = imc_arena_new();
	const char *name = imc_c_name(m->model_name, file);
	const char *path = imc_arena_printf(
		file, "%s/%s", dir, imc_image_path(file, name, k, j->images.n));
	size_t size = 0;
	const void *bytes = imc_file_read(path, file, j->s.o->d, &size);
	bool ok = bytes && imc_image_read(path, bytes, size, m->map.array_rows,
					  m->map.array_cols, j->images.cell[k],
					  j->s.o->d);

	imc_arena_free(file);
	return ok;
}

/* What the bundle programs, instead of what the module would. */
static bool read_images(struct job *j, const char *dir)
{
	j->images = imc_map_images(j->m->g, &j->m->map, j->arena);
	for (int32_t k = 0; k < j->images.n; k++)
		if (!read_image(j, dir, k))
			return false;
	return true;
}

/* The module of a bundle: DIR/module/NAME.imc; NULL: it has none. */
static const char *module_path(const char *dir, struct imc_arena *a)
{
	const char *folder = imc_arena_printf(a, "%s/module", dir);
	const char *found = NULL;
	DIR *p = opendir(folder);

	for (struct dirent *e; p && (e = readdir(p));) {
		size_t n = strlen(e->d_name);

		if (n > 4 && !strcmp(e->d_name + n - 4, ".imc"))
			found = imc_arena_printf(a, "%s/%s", folder, e->d_name);
	}
	if (p)
		closedir(p);
	return found;
}

static bool open_float_of(struct job *j, const char *dir)
{
	struct imc_diags *d = j->s.o->d;
	const char *path = cli_text(j->s.o, CLI_OPT_MODEL, j->m->model_path);

	if (!cli_given(j->s.o, CLI_OPT_MODEL) &&
	    (!path || access(path, F_OK) != 0)) {
		imc_diag(d, IMC_IN_FILE(dir), IMC_D_MODEL_GONE,
			 path ? path : "");
		return true;
	}
	if (!open_float(j, path))
		return false;
	if (j->m->model_sha256 &&
	    strcmp(j->m->model_sha256, j->float_m->model_sha256) != 0)
		imc_diag(d, IMC_IN_FILE(path), IMC_D_MODEL_CHANGED);
	return true;
}

static bool open_bundle(struct job *j, const char *dir)
{
	struct imc_diags *d = j->s.o->d;
	const char *path = module_path(dir, j->arena);

	if (!path)
		return imc_diag(d, IMC_IN_FILE(dir), IMC_D_NOT_A_BUNDLE,
				"module/NAME.imc");
	j->m = cli_module_parse(path, d);
	j->bundle = true;
	if (!j->m)
		return false;
	if (!imc_module_has(j->m, IMC_FACT_PLACED))
		return imc_diag(d, IMC_IN_FILE(path), IMC_D_NOT_A_BUNDLE,
				"placed tiles");
	return imc_module_verify(j->m) && read_images(j, dir) &&
	       open_float_of(j, dir);
}

/* The graph whose inputs and outputs the data must fit. */
static const struct imc_graph *graph_of(const struct job *j)
{
	return j->m ? j->m->g : j->float_m->g;
}

/* From the options, else like the calibration set; of a bundle: as its runner
 * reads them. */
static bool read_data(const struct job *j, const char *path,
		      struct imc_arena *a, struct imc_samples *x)
{
	struct imc_preprocess pre = j->s.pre;
	int64_t most = j->s.limit ? j->s.skip + j->s.limit : 0;

	if (!pre.given && j->bundle)
		return imc_data_samples_compiled(
			path, graph_of(j), imc_onnx_read_tensor, &j->m->pre,
			most, a, j->s.o->d, x);
	if (!pre.given && j->m) {
		pre = j->m->pre;
		pre.given = false;
	}
	return imc_data_samples(path, graph_of(j), imc_onnx_read_tensor, &pre,
				most, a, j->s.o->d, x);
}

/* Samples skip .. skip+limit; n of them. */
static bool read_samples(const struct job *j, struct imc_arena *a,
			 struct imc_samples *x, int64_t *n)
{
	const char *path = cli_text(j->s.o, CLI_OPT_DATA, "");

	if (!read_data(j, path, a, x))
		return false;
	*n = x->n - j->s.skip;
	return *n > 0 || imc_diag(j->s.o->d, IMC_IN_FILE(path), IMC_D_SKIP_ALL,
				  (long long)j->s.skip, (long long)x->n);
}

/* What the bundle gave for n samples; NULL: not said. */
static bool read_outputs(const struct job *j, struct imc_arena *a, int64_t n,
			 const float ***out)
{
	const char *path = cli_text(j->s.o, CLI_OPT_OUTPUTS, NULL);

	*out = NULL;
	return !path ||
	       imc_data_outputs(path, graph_of(j), n, a, j->s.o->d, out);
}

/* Data that does not fit is told before the long work. */
static bool check_data(const struct job *j)
{
	struct imc_arena *a = imc_arena_new();
	struct imc_samples x = {0};
	const float **outputs;
	int64_t n, *labels;
	bool ok = read_samples(j, a, &x, &n) &&
		  cli_labels_read(&j->s, x.n, j->arena, &labels) &&
		  read_outputs(j, a, n, &outputs);

	imc_arena_free(a);
	return ok;
}

static bool open_model(struct job *j, const char *path)
{
	const struct cli_run how = {0};

	if (!open_float(j, path) || !check_data(j))
		return false;
	j->m = cli_module_open(&j->s, path);
	if (!j->m || !cli_module_run(j->m, &j->s, &how))
		return false;
	j->images = imc_map_images(j->m->g, &j->m->map, j->arena);
	return true;
}

static void print_scores(const struct job *j, const struct cli_scores *s,
			 bool labelled)
{
	struct imc_buf b = {.arena = j->arena};

	if (j->format)
		cli_scores_json(s, labelled, &b);
	else
		cli_scores_text(s, labelled, &b);
	fwrite(b.p, 1, b.n, stdout);
}

/* The levels that this module has. */
static void set_levels(const struct job *j, struct cli_eval *e)
{
	const struct imc_graph *g = j->m->g;

	e->g[CLI_FLOAT] = j->float_m ? j->float_m->g : NULL;
	e->g[CLI_QUANTISED] = g;
	e->g[CLI_MAPPED] = g;
	e->g[CLI_PLANNED] = imc_module_has(j->m, IMC_FACT_PLANNED) ? g : NULL;
	e->g[CLI_BUNDLE] = e->bundle ? g : NULL;
	e->map = (struct imc_map_eval){g, &j->m->map, &j->images};
	e->plan = &j->m->plan;
}

static bool evaluate(struct job *j, struct cli_ui *ui)
{
	struct imc_samples x = {0};
	int64_t n = 0, *labels = NULL;
	const float **outputs;
	struct cli_eval e = {.samples = &x, .first = j->s.skip};
	struct cli_scores s;

	if (!read_samples(j, j->arena, &x, &n) ||
	    !cli_labels_read(&j->s, x.n, j->arena, &labels) ||
	    !read_outputs(j, j->arena, n, &outputs))
		return false;
	e.bundle = outputs;
	set_levels(j, &e);
	e.input = imc_data_input(j->m->g);
	e.n = n;
	e.labels = labels;
	e.label_offset = j->s.label_offset;
	s = cli_eval_run(&e, ui);
	print_scores(j, &s, labels != NULL);
	return true;
}

int cli_eval(const struct cli_options *o, struct cli_ui *ui)
{
	const char *path = o->operand.v[0];
	struct job j = {.arena = o->arena};
	bool ok;

	if (!read_usage(o, ui, &j))
		return CLI_USAGE;
	ok = (cli_is_dir(path) ? open_bundle : open_model)(&j, path) &&
	     evaluate(&j, ui);
	imc_module_free(j.m);
	imc_module_free(j.float_m);
	return ok ? CLI_OK : CLI_FAULT;
}
