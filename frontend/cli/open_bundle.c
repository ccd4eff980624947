#include "frontend/cli/open_bundle.h"

#include <dirent.h>
#include <string.h>
#include <unistd.h>

#include "backend/bundle/bundle.h"
#include "backend/bundle/read_images.h"
#include "frontend/data/data.h"
#include "hwdesc/adc_check.h"

bool cli_float_open(struct cli_opened *j, const char *path)
{
	struct cli_run how = {.stop_after = "to_nhwc"};

	j->float_m = cli_module_import(path, j->s.o->d, NULL);
	/* run as its file says, before its steps are gone */
	if (j->float_m && !j->without_steps && cli_is_quantised(j->float_m->g))
		how.stop_after = "fold_constants";
	return j->float_m && cli_module_run(j->float_m, &j->s, &how);
}

static bool read_image(struct cli_opened *j, const char *dir, int32_t k)
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
static bool read_images(struct cli_opened *j, const char *dir)
{
	j->images = imc_map_images(j->m->g, &j->m->map, j->arena);
	for (int32_t k = 0; k < j->images.n; k++)
		if (!read_image(j, dir, k))
			return false;
	return imc_adc_check(j->m, &j->images);
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

static const struct imc_value *first_unlike(const struct imc_graph *a,
					    const imc_val *va,
					    const struct imc_graph *b,
					    const imc_val *vb, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct imc_tensor x = imc_data_model_tensor(a, va[i]);
		struct imc_tensor y = imc_data_model_tensor(b, vb[i]);

		if (x.rank != y.rank ||
		    memcmp(x.dim, y.dim, (size_t)x.rank * sizeof *x.dim) != 0)
			return imc_value_at(a, va[i]);
	}
	return NULL;
}

/* Inputs and outputs of the model must be those of the bundle. */
static bool check_model(const struct cli_opened *j, const char *path)
{
	const struct imc_graph *f = j->float_m->g, *g = j->m->g;
	struct imc_loc at = IMC_IN_FILE(path);
	const struct imc_value *bad;

	if (f->n_input != g->n_input || f->n_output != g->n_output)
		return imc_diag(j->s.o->d, at, IMC_D_MODEL_ENDS,
				(long long)f->n_input, (long long)f->n_output,
				(long long)g->n_input, (long long)g->n_output);
	bad = first_unlike(f, f->input, g, g->input, g->n_input);
	if (!bad)
		bad = first_unlike(f, f->output, g, g->output, g->n_output);
	return !bad || imc_diag(j->s.o->d, at, IMC_D_MODEL_SHAPE, bad->name);
}

/* model: as the user said, or NULL. */
static bool open_float_of(struct cli_opened *j, const char *dir,
			  const char *model)
{
	struct imc_diags *d = j->s.o->d;
	const char *path = model ? model : j->m->model_path;

	if (!model && (!path || access(path, F_OK) != 0)) {
		imc_diag(d, IMC_IN_FILE(dir), IMC_D_MODEL_GONE,
			 path ? path : "");
		return true;
	}
	if (!cli_float_open(j, path))
		return false;
	if (j->m->model_sha256 &&
	    strcmp(j->m->model_sha256, j->float_m->model_sha256) != 0)
		imc_diag(d, IMC_IN_FILE(path), IMC_D_MODEL_CHANGED);
	return check_model(j, path);
}

bool cli_bundle_open(struct cli_opened *j, const char *dir, const char *model)
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
	       open_float_of(j, dir, model);
}

const struct imc_graph *cli_graph_of(const struct cli_opened *j)
{
	return j->m ? j->m->g : j->float_m->g;
}

/* From the options, else like the calibration set; of a bundle: as its runner
 * reads them. */
static bool read_data(const struct cli_opened *j, const char *path,
		      struct imc_arena *a, struct imc_samples *x)
{
	struct imc_preprocess pre = j->s.pre;
	int64_t most = j->s.limit ? j->s.skip + j->s.limit : 0;

	if (!pre.given && j->bundle)
		return imc_data_samples_compiled(
			path, cli_graph_of(j), imc_onnx_read_tensor, &j->m->pre,
			most, a, j->s.o->d, x);
	if (!pre.given && j->m) {
		pre = j->m->pre;
		pre.given = false;
	}
	return imc_data_samples(path, cli_graph_of(j), imc_onnx_read_tensor,
				&pre, most, a, j->s.o->d, x);
}

bool cli_samples_open(const struct cli_opened *j, struct imc_arena *a,
		      struct imc_samples *x, int64_t *n)
{
	const char *path = cli_text(j->s.o, CLI_OPT_DATA, "");

	if (!read_data(j, path, a, x))
		return false;
	*n = x->n - j->s.skip;
	return *n > 0 || imc_diag(j->s.o->d, IMC_IN_FILE(path), IMC_D_SKIP_ALL,
				  (long long)j->s.skip, (long long)x->n);
}
