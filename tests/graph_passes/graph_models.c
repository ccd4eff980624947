/* Stage 1 on real models: the outputs are the same after every pass.
 *
 * graph_models FOLDER   (models, generated, structures below it)
 * graph_models FILE.onnx...   prints the operators that are left, too */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "build.h"
#include "check.h"
#include "frontend/onnx/onnx.h"

/* Where values are rounded, one step more or less spreads. */
#define TOLERANCE 1e-4
#define TOLERANCE_ROUNDED 0.05

static const char *const stage[] = {
	"infer_shapes", "fold_constants", "simplify", "fold_bn", "fold_scale",
	"fold_pad",	"lower_matmul",	  "fuse_act", "to_nhwc",
};

static bool verbose;

/* A file that the importer or a type rule refuses is none of ours. */
static bool load(const char *path, struct imc_module *m)
{
	m->g = imc_onnx_read(path, m->arena, m->diags, NULL);
	if (m->g && t_pass(m, stage[0], NULL) && t_pass(m, stage[1], NULL))
		return true;
	if (verbose)
		for (size_t i = 0; i < m->diags->n; i++)
			puts(m->diags->v[i].text);
	return false;
}

static bool has_op(const struct imc_graph *g, enum imc_op op)
{
	for (size_t i = 0; i < g->n_order; i++)
		if (imc_node_at(g, g->order[i])->op == op)
			return true;
	return false;
}

/* Large enough to hold a whole test up. */
static bool is_large(const struct imc_graph *g)
{
	int64_t n = 0;

	for (size_t i = 0; i < g->n_value; i++)
		n += g->value[i].t.data ? 0 : imc_tensor_count(&g->value[i].t);
	return n > 3000000;
}

static void run_passes(const char *path, struct imc_module *m,
		       struct imc_arena *a)
{
	struct imc_tensor *in = t_samples(m->g, 3, a), *y, *out;
	double far, most = TOLERANCE;
	int64_t n_changed;

	if (has_op(m->g, IMC_OP_QUANTIZE_LINEAR) ||
	    has_op(m->g, IMC_OP_QLINEAR_CONV))
		most = TOLERANCE_ROUNDED;
	out = t_eval(m->g, in, a);
	for (size_t i = 2; i < sizeof stage / sizeof *stage; i++) {
		bool ok = t_pass(m, stage[i], &n_changed);

		CHECK(ok, "%s: %s: %s", path, stage[i],
		      m->diags->n ? m->diags->v[0].text : "?");
		if (!ok)
			return;
		if (!n_changed)
			continue;
		y = t_eval(m->g, in, a);
		far = t_distance(out, y, m->g->n_output);
		CHECK(far <= most, "%s: %s changes outputs by %g", path,
		      stage[i], far);
		if (verbose)
			printf("%s: %g\n", stage[i], far);
	}
	if (verbose)
		puts(t_ops(m->g, a));
}

static bool run_file(const char *path)
{
	struct imc_arena *a = imc_arena_new();
	struct imc_diags d = {.arena = a};
	struct imc_module *m = imc_module_new(&d);
	bool ok = load(path, m);

	if (ok && has_op(m->g, IMC_OP_CONV_TRANSPOSE))
		printf("skipped: %s: only channel-first\n", path);
	else if (ok && !verbose && is_large(m->g))
		printf("skipped: %s: large\n", path);
	else if (ok)
		run_passes(path, m, a);
	imc_module_free(m);
	imc_arena_free(a);
	return ok;
}

/* Large files cost minutes. */
static bool is_wanted(const char *path)
{
	struct stat st;

	return !stat(path, &st) && st.st_size < 500000;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

/* NAME.onnx and NAME/model.onnx in dir; the number of those that ran. */
static int run_folder(const char *dir)
{
	struct dirent **e;
	int n = scandir(dir, &e, NULL, by_name), n_run = 0;

	if (n < 0)
		printf("skipped: %s\n", dir);
	for (int i = 0; i < n; i++) {
		char path[4096];

		snprintf(path, sizeof path, "%s/%s%s", dir, e[i]->d_name,
			 strstr(e[i]->d_name, ".onnx") ? "" : "/model.onnx");
		if (is_wanted(path))
			n_run += run_file(path);
		free(e[i]);
	}
	if (n >= 0)
		free(e);
	return n_run;
}

static int run_all(const char *root)
{
	static const char *const folder[] = {"models", "generated",
					     "structures"};
	int n = 0;

	for (size_t i = 0; i < 3; i++) {
		char path[2048];

		snprintf(path, sizeof path, "%s/%s", root, folder[i]);
		n += run_folder(path);
	}
	printf("%d models\n", n);
	return n;
}

int main(int argc, char **argv)
{
	int n = 0;

	for (int i = 1; i < argc; i++) {
		verbose = strstr(argv[i], ".onnx") != NULL;
		n += verbose ? run_file(argv[i]) : run_all(argv[i]);
	}
	if (!n)
		return 77;
	return check_result();
}
