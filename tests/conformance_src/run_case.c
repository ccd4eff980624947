/* One case: read, infer, evaluate, compare; for each of its data sets. */
#include <string.h>
#include <sys/stat.h>

#include "frontend/onnx/onnx_import.h"
#include "ir/eval.h"
#include "tests/conformance_src/conformance.h"

/* One data set on its way through. */
struct run {
	const struct test_case *c;
	const struct tolerance *tol;
	struct imc_arena *a, *kept; /* kept: for *why */
	struct imc_diags d;
	const char *set;
	size_t n_in, cap_in;
	struct imc_tensor *in;
	const char *bad_in; /* why the inputs end there, or NULL */
	struct imc_graph *g;
	const char *why;
};

static enum verdict refused(struct run *r)
{
	r->why = imc_arena_strdup(r->kept,
				  r->d.n ? r->d.v[0].text : "no reason given");
	return CASE_REFUSED;
}

static bool read_pb(struct run *r, const char *path, struct imc_tensor *out)
{
	size_t size;
	const char *name;
	void *bytes = imc_onnx_read_file(path, r->a, &r->d, &size);

	return bytes &&
	       imc_onnx_read_tensor(path, bytes, size, r->a, &r->d, out, &name);
}

static const char *pb_path(struct run *r, const char *kind, size_t k)
{
	return imc_arena_printf(r->a, "%s/%s_%zu.pb", r->set, kind, k);
}

static bool exists(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0;
}

/* What cannot be read ends the list: the model may have a better reason. */
static void read_inputs(struct run *r)
{
	struct imc_tensor t;

	for (size_t k = 0; exists(pb_path(r, "input", k)); k++) {
		if (!read_pb(r, pb_path(r, "input", k), &t)) {
			r->bad_in = imc_arena_strdup(r->kept, r->d.v[0].text);
			break;
		}
		*IMC_PUSH(r->a, r->in, r->n_in, r->cap_in) = t;
	}
	r->d.n = r->d.n_error = 0;
}

static bool read_model(struct run *r)
{
	struct imc_onnx_given given = {r->n_in, r->in};
	size_t size;
	void *bytes = imc_onnx_read_file(r->c->model, r->a, &r->d, &size);

	if (bytes)
		r->g = imc_onnx_read_given(r->c->model, bytes, size, r->a,
					   &r->d, NULL, &given);
	return r->g;
}

static bool is_integer(enum imc_dtype t)
{
	return t != IMC_F32 && t != IMC_F16 && t != IMC_F64;
}

/* Makes constants of the inputs that may decide a shape. */
static void bind_inputs(struct run *r, bool floats)
{
	struct imc_graph *g = r->g;
	size_t kept = 0;

	for (size_t k = 0; k < g->n_input; k++) {
		const struct imc_tensor *t = &r->in[k];

		if (t->rank <= 1 && (floats || is_integer(t->dtype))) {
			imc_value_at(g, g->input[k])->t.data = t->data;
			continue;
		}
		r->in[kept] = *t;
		g->input[kept++] = g->input[k];
	}
	g->n_input = kept;
}

/* First only integers become constants; then all short inputs. */
static bool prepare(struct run *r, bool floats)
{
	if (!read_model(r))
		return false;
	if (r->n_in < r->g->n_input)
		return true;
	bind_inputs(r, floats);
	return fold_graph(r->g, &r->d);
}

static bool prepare_either(struct run *r)
{
	struct imc_tensor *in = imc_arena_array(r->a, r->n_in, sizeof *in);

	if (r->n_in)
		memcpy(in, r->in, r->n_in * sizeof *in);
	if (prepare(r, false))
		return true;
	if (!r->g)
		return false;
	r->in = in;
	r->g = NULL;
	r->d.n = r->d.n_error = 0;
	return prepare(r, true);
}

static enum verdict compare_outputs(struct run *r)
{
	size_t n = r->g->n_output;
	struct imc_tensor *out = imc_arena_array(r->a, n, sizeof *out), want;

	imc_eval_graph(r->g, r->in, out, NULL, r->a);
	for (size_t k = 0; k < n; k++) {
		const char *fault;

		if (!read_pb(r, pb_path(r, "output", k), &want))
			return refused(r);
		fault = compare_tensors(&out[k], &want, r->tol, r->a);
		if (!fault)
			continue;
		r->why = imc_arena_printf(
			r->kept, "output %zu ('%s'): %s", k,
			imc_value_at(r->g, r->g->output[k])->name, fault);
		return CASE_FAIL;
	}
	return CASE_PASS;
}

static enum verdict run_set(struct run *r)
{
	read_inputs(r);
	if (!prepare_either(r))
		return refused(r);
	if (r->n_in < r->g->n_input) {
		r->why = r->bad_in ? r->bad_in
				   : imc_arena_printf(
					     r->kept, "%s is missing",
					     pb_path(r, "input", r->n_in));
		return CASE_REFUSED;
	}
	return compare_outputs(r);
}

enum verdict run_case(const struct test_case *c, const struct tolerance *tol,
		      struct imc_arena *a, const char **why)
{
	size_t n;
	const char **sets = list_folder(a, c->folder, "test_data_set_", &n);
	enum verdict verdict = CASE_PASS;

	*why = c->model ? "it has no test_data_set_K" : "it has several models";
	if (!sets || n == 0 || !c->model)
		return CASE_REFUSED;
	for (size_t i = 0; i < n && verdict == CASE_PASS; i++) {
		struct run r = {.c = c, .tol = tol, .kept = a};

		r.a = imc_arena_new();
		r.d.arena = r.a;
		r.set = imc_arena_printf(r.a, "%s/%s", c->folder, sets[i]);
		verdict = run_set(&r);
		*why = r.why;
		imc_arena_free(r.a);
	}
	return verdict;
}
