/* Compares the float evaluator, after stage 1, with stored outputs.
 * usage: float_expected MODEL.onnx X.npy EXPECTED.npy LIMIT [SCALE [MEANS
 * [STDS]]] Prints the largest difference relative to the largest output; fails
 * above 1e-4. Exit status 77 when a file is not there. */
#include <math.h>
#include <stdlib.h>
#include <unistd.h>

#include "frontend/data/data.h"
#include "frontend/onnx/onnx.h"
#include "ir/eval.h"
#include "ir/support/parallel.h"
#include "passes/pass.h"
#include "tests/check.h"

#define TOLERANCE 1e-4

struct compare {
	const struct imc_graph *g;
	const struct imc_samples *s;
	const float *want;
	int64_t n_out;
	double *error, *size; /* of each sample */
};

static void run_sample(void *p, size_t i, size_t thread)
{
	struct compare *c = p;
	struct imc_arena *a = imc_arena_new();
	struct imc_tensor in = {.dtype = IMC_F32}, out;
	const float *y, *want = c->want + (int64_t)i * c->n_out;

	(void)thread;
	in.data = c->s->x[0] + (int64_t)i * c->s->size[0];
	imc_eval_real(c->g, &in, &out, NULL, a);
	y = out.data;
	for (int64_t k = 0; k < c->n_out; k++) {
		double d = fabs((double)y[k] - want[k]);

		c->error[i] = d > c->error[i] ? d : c->error[i];
		c->size[i] = fmax(c->size[i], fabs((double)want[k]));
	}
	imc_arena_free(a);
}

static struct imc_preprocess preprocessing(char **v, int n)
{
	struct imc_preprocess pre = {.given = n > 0, .scale = 1};

	if (n > 0)
		pre.scale = strtod(v[0], NULL);
	if (n > 1)
		pre.n_mean = imc_parse_floats(v[1], pre.mean);
	if (n > 2)
		pre.n_std = imc_parse_floats(v[2], pre.std);
	return pre;
}

/* The model after stage 1, or NULL. */
static struct imc_module *read_model(const char *path, struct imc_diags *d)
{
	struct imc_module *m = imc_module_new(d);
	struct imc_pass_run how = {.stop_after = "to_nhwc"};

	m->g = imc_onnx_read(path, m->arena, d, NULL);
	return m->g && imc_passes_run(m, &how) ? m : NULL;
}

static void check_all(struct compare *c, struct imc_arena *a)
{
	size_t n = (size_t)c->s->n;
	double error = 0, size = 0;

	c->error = imc_arena_array(a, n, sizeof *c->error);
	c->size = imc_arena_array(a, n, sizeof *c->size);
	imc_parallel_for(n, run_sample, c);
	for (size_t i = 0; i < n; i++) {
		error = fmax(error, c->error[i]);
		size = fmax(size, c->size[i]);
	}
	printf("%zu samples, largest relative difference %.2e\n", n,
	       error / size);
	CHECK(error <= TOLERANCE * size, "%g of %g", error, size);
}

int main(int argc, char **argv)
{
	struct imc_arena *a;
	struct imc_diags d = {0};
	struct imc_preprocess pre;
	struct imc_samples s;
	struct imc_tensor want;
	struct imc_module *m;
	struct compare c = {.s = &s};

	if (argc < 5)
		return 2;
	for (int i = 1; i < 4; i++)
		if (access(argv[i], R_OK)) {
			printf("skipped: no %s\n", argv[i]);
			return 77;
		}
	a = d.arena = imc_arena_new();
	pre = preprocessing(argv + 5, argc - 5);
	m = read_model(argv[1], &d);
	CHECK(m &&
		      imc_data_samples(argv[2], m->g, imc_onnx_read_tensor,
				       &pre, strtol(argv[4], NULL, 10), a, &d,
				       &s) &&
		      imc_data_tensor(argv[3], imc_onnx_read_tensor, a, &d,
				      &want),
	      "%s", d.n ? d.v[0].text : "");
	if (!n_fail) {
		c.g = m->g;
		c.want = want.data;
		c.n_out = imc_tensor_count(&want) / want.dim[0];
		check_all(&c, a);
	}
	imc_module_free(m);
	imc_arena_free(a);
	return check_result();
}
