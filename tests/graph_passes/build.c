#include "build.h"

#include <math.h>
#include <string.h>

#include "ir/eval.h"
#include "ir/support/buf.h"
#include "passes/pass.h"

static float next(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return (float)((double)(*seed >> 40) * 0x1p-23 - 1);
}

static struct imc_tensor tensor(enum imc_dtype t, int rank, const int64_t *dim)
{
	struct imc_tensor x = {.dtype = t, .rank = rank};

	for (int i = 0; i < rank; i++)
		x.dim[i] = dim[i];
	return x;
}

static void fill_random(struct imc_tensor *t, uint64_t *seed,
			struct imc_arena *a)
{
	int64_t n = imc_tensor_count(t);
	float *x = imc_arena_array(a, (size_t)n, sizeof *x);

	for (int64_t i = 0; i < n; i++)
		x[i] = next(seed);
	t->data = x;
}

imc_val t_input(struct build *b, int rank, const int64_t *dim)
{
	struct imc_graph *g = b->g;
	imc_val v = imc_graph_add_value(g, "x");

	imc_value_at(g, v)->t = tensor(IMC_F32, rank, dim);
	imc_value_at(g, v)->shaped = true;
	*IMC_PUSH(g->arena, g->input, g->n_input, g->cap_input) = v;
	return v;
}

imc_val t_const(struct build *b, int rank, const int64_t *dim)
{
	struct imc_tensor t = tensor(IMC_F32, rank, dim);

	fill_random(&t, &b->seed, b->g->arena);
	return imc_graph_add_const(b->g, "c", &t);
}

imc_val t_fill(struct build *b, float x, int rank, const int64_t *dim)
{
	imc_val v = t_const(b, rank, dim);
	struct imc_tensor *t = &imc_value_at(b->g, v)->t;

	for (int64_t i = 0; i < imc_tensor_count(t); i++)
		((float *)t->data)[i] = x;
	return v;
}

imc_val t_ints(struct build *b, int n, const int64_t *v)
{
	struct imc_tensor t = tensor(IMC_I64, 1, (int64_t[]){n});

	t.data = imc_arena_memdup(b->g->arena, v, (size_t)n * sizeof *v);
	return imc_graph_add_const(b->g, "l", &t);
}

imc_val t_node(struct build *b, enum imc_op op, int n_in, const imc_val *in)
{
	imc_node_id id = imc_graph_add_node(b->g, op, n_in, 1, NULL);
	const char *name = imc_arena_printf(
		b->g->arena, "%s_%u", imc_op_info(op)->name, (unsigned)id.i);
	struct imc_node *n = imc_node_at(b->g, id);

	memcpy(n->in, in, (size_t)n_in * sizeof *in);
	n->name = name;
	n->n_origin = 1;
	n->origin = imc_arena_memdup(b->g->arena, &name, sizeof name);
	imc_node_set_out(b->g, id, 0, imc_graph_add_value(b->g, name));
	return n->out[0];
}

struct imc_attrs *t_attrs(struct build *b, imc_val of)
{
	return &imc_node_at(b->g, imc_value_at(b->g, of)->def)->a;
}

void t_output(struct build *b, imc_val v)
{
	struct imc_graph *g = b->g;

	*IMC_PUSH(g->arena, g->output, g->n_output, g->cap_output) = v;
}

imc_val t_conv(struct build *b, imc_val x, int64_t n_in, int64_t n_out,
	       int64_t k, int64_t pad)
{
	imc_val y = OP(b, CONV2D, x, t_const(b, DIM(n_out, n_in, k, k)),
		       t_const(b, DIM(n_out)));

	for (int i = 0; i < 4; i++)
		t_attrs(b, y)->pads[i] = pad;
	return y;
}

struct imc_tensor *t_samples(const struct imc_graph *g, uint64_t seed,
			     struct imc_arena *a)
{
	struct imc_tensor *in = imc_arena_array(a, g->n_input + 1, sizeof *in);

	for (size_t i = 0; i < g->n_input; i++) {
		in[i] = imc_value_at(g, g->input[i])->t;
		in[i].dtype = IMC_F32;
		fill_random(&in[i], &seed, a);
	}
	return in;
}

struct imc_tensor *t_eval(const struct imc_graph *g,
			  const struct imc_tensor *in, struct imc_arena *a)
{
	struct imc_tensor *out =
		imc_arena_array(a, g->n_output + 1, sizeof *out);

	imc_eval_real(g, in, out, NULL, a);
	return out;
}

static double distance(const struct imc_tensor *a, const struct imc_tensor *b)
{
	const float *x = a->data, *y = b->data;
	double most = 1e-3, apart = 0;

	if (a->dtype != b->dtype || a->rank != b->rank ||
	    memcmp(a->dim, b->dim, (size_t)a->rank * sizeof *a->dim))
		return 1e9;
	if (a->dtype != IMC_F32)
		return memcmp(x, y, imc_tensor_bytes(a)) ? 1e9 : 0;
	for (int64_t i = 0; i < imc_tensor_count(a); i++) {
		if (!isfinite(x[i]) || !isfinite(y[i])) {
			if (memcmp(&x[i], &y[i], sizeof *x))
				return 1e9;
			continue;
		}
		most = fmax(most, fabs((double)x[i]));
		apart = fmax(apart, fabs((double)x[i] - (double)y[i]));
	}
	return apart / most;
}

double t_distance(const struct imc_tensor *a, const struct imc_tensor *b,
		  size_t n)
{
	double most = 0;

	for (size_t i = 0; i < n; i++)
		most = fmax(most, distance(&a[i], &b[i]));
	return most;
}

static imc_pass_fn *pass_fn(const char *name)
{
	static const struct {
		const char *name;
		imc_pass_fn *run;
	} stage[] = {
		{"infer_shapes", imc_pass_infer_shapes},
		{"fold_constants", imc_pass_fold_constants},
		{"simplify", imc_pass_simplify},
		{"fold_bn", imc_pass_fold_bn},
		{"fold_scale", imc_pass_fold_scale},
		{"fold_pad", imc_pass_fold_pad},
		{"lower_matmul", imc_pass_lower_matmul},
		{"fuse_act", imc_pass_fuse_act},
		{"to_nhwc", imc_pass_to_nhwc},
	};

	for (size_t i = 0; i < sizeof stage / sizeof *stage; i++)
		if (!strcmp(stage[i].name, name))
			return stage[i].run;
	return NULL;
}

bool t_pass(struct imc_module *m, const char *name, int64_t *n_changed)
{
	struct imc_pass_cx cx = {.scratch = imc_arena_new()};
	imc_pass_fn *run = pass_fn(name);
	bool ok = run && run(m, &cx);

	imc_arena_free(cx.scratch);
	if (n_changed)
		*n_changed = cx.n_changed;
	m->facts |= 1u << IMC_FACT_SHAPED;
	return ok && imc_module_verify(m);
}

const char *t_ops(const struct imc_graph *g, struct imc_arena *a)
{
	struct imc_buf b = {.arena = a};

	imc_buf_text(&b, "");
	for (size_t i = 0; i < g->n_order; i++)
		imc_buf_printf(
			&b, "%s%s", i ? " " : "",
			imc_op_info(imc_node_at(g, g->order[i])->op)->name);
	return b.p ? b.p : "";
}
