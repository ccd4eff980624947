/* Whole graphs: order, release, layouts, quantised ends, samples. */
#include <math.h>

#include "ir/eval.h"
#include "ir/samples.h"
#include "tests/ops_core/rig.h"

static imc_val add_value(struct imc_graph *g, const char *name, int rank,
			 const int64_t *dim, enum imc_dtype t)
{
	imc_val id = imc_graph_add_value(g, name);
	struct imc_value *v = imc_value_at(g, id);

	v->t = (struct imc_tensor){.dtype = t, .rank = rank};
	memcpy(v->t.dim, dim, (size_t)rank * sizeof *dim);
	v->shaped = true;
	return id;
}

static imc_val add_matmul(struct imc_graph *g, imc_val a, imc_val b)
{
	imc_node_id n = imc_graph_add_node(g, IMC_OP_MATMUL, 2, 1, NULL);
	imc_val y = add_value(g, "y", 2, (int64_t[]){2, 2}, IMC_F32);

	imc_node_at(g, n)->in[0] = a;
	imc_node_at(g, n)->in[1] = b;
	imc_node_set_out(g, n, 0, y);
	return y;
}

struct seen {
	int n_node;
	float first[8];
	uint32_t other; /* the node that is computed in another way */
};

static void note(void *cx, imc_node_id n, const struct imc_tensor *out)
{
	struct seen *s = cx;

	(void)n;
	s->first[s->n_node++] = *(const float *)out[0].data;
}

static bool compute(void *cx, imc_node_id id, const struct imc_tensor *in,
		    struct imc_tensor *out, struct imc_arena *scratch)
{
	struct seen *s = cx;

	(void)scratch;
	if (id.i != s->other)
		return false;
	*(float *)out[0].data = 100 + *(const float *)in[0].data;
	return true;
}

/* x^2, x^3 (read twice), x^6; outputs: x^6, x itself, x^3. */
static void check_graph(void)
{
	struct imc_arena *a = imc_arena_new();
	struct imc_graph *g = imc_graph_new(a, "g");
	const int64_t dim[] = {2, 2};
	float x[] = {1, 1, 0, 1};
	const float six[] = {1, 6, 0, 1}, three[] = {1, 3, 0, 1};
	struct imc_tensor in = {.rank = 2, .dim = {2, 2}, .data = x}, out[3];
	struct seen seen = {.other = 9};
	struct imc_eval_how how = {note, compute, &seen};
	imc_val vx = add_value(g, "x", 2, dim, IMC_F32), v2, v3, v6;

	v2 = add_matmul(g, vx, vx);
	v3 = add_matmul(g, v2, vx);
	v6 = add_matmul(g, v3, v3);
	*IMC_PUSH(a, g->input, g->n_input, g->cap_input) = vx;
	*IMC_PUSH(a, g->output, g->n_output, g->cap_output) = v6;
	*IMC_PUSH(a, g->output, g->n_output, g->cap_output) = vx;
	*IMC_PUSH(a, g->output, g->n_output, g->cap_output) = v3;
	imc_eval_graph(g, &in, out, &how, a);
	OK(!memcmp(out[0].data, six, sizeof six));
	OK(out[1].data != x && !memcmp(out[1].data, x, sizeof x));
	OK(!memcmp(out[2].data, three, sizeof three));
	OK(seen.n_node == 3 && seen.first[2] == 1);
	seen = (struct seen){.other = 2};
	imc_eval_graph(g, &in, out, &how, a);
	OK(*(float *)out[0].data == 101 && seen.first[2] == 101);
	imc_arena_free(a);
}

static void check_arrays(void)
{
	struct imc_value v = {.scale = 0.5f, .zero = 3};
	const float x[] = {0, 0.25f, -0.25f, 0.2f, 100, -100, INFINITY};
	const int8_t want[] = {3, 4, 2, 3, 127, -128, 127};
	int8_t q[7];
	float back[7];

	imc_quantise_array(&v, x, q, 7);
	OK(!memcmp(q, want, sizeof q));
	imc_dequantise_array(&v, q, back, 7);
	OK(back[0] == 0 && back[1] == 0.5f && back[5] == -65.5f);
	v.scale = 0;
	imc_quantise_array(&v, x, q, 5);
	OK(q[0] == 0 && q[4] == 100 && q[3] == 0);
}

/* A max pool over width 2 of a quantised network, channel-last inside. */
static void check_real(void)
{
	struct imc_arena *a = imc_arena_new();
	struct imc_graph *g = imc_graph_new(a, "g");
	const int64_t dx[] = {1, 2, 2, 3}, dy[] = {1, 2, 1, 3};
	imc_val x = add_value(g, "x", 4, dx, IMC_I8);
	imc_val y = add_value(g, "y", 4, dy, IMC_I8);
	imc_node_id id = imc_graph_add_node(g, IMC_OP_MAX_POOL, 1, 1, NULL);
	struct imc_node *n = imc_node_at(g, id);
	float real[12];
	const float want[] = {0.5f, 1.5f, 2.5f, 3.5f, 4.5f, 5.5f};
	struct imc_tensor in = {.rank = 4, .dim = {1, 3, 2, 2}}, out;

	g->layout = IMC_NHWC;
	imc_value_at(g, x)->scale = imc_value_at(g, y)->scale = 0.5f;
	imc_value_at(g, x)->zero = imc_value_at(g, y)->zero = -7;
	n->in[0] = x;
	n->a.kernel[1] = 2;
	imc_node_set_out(g, id, 0, y);
	*IMC_PUSH(a, g->input, g->n_input, g->cap_input) = x;
	*IMC_PUSH(a, g->output, g->n_output, g->cap_output) = y;
	for (int i = 0; i < 12; i++)
		real[i] = 0.5f * (float)i;
	in.data = real;
	imc_eval_real(g, &in, &out, NULL, a);
	OK(out.dtype == IMC_F32 && out.rank == 4);
	OK(out.dim[1] == 3 && out.dim[2] == 2 && out.dim[3] == 1);
	OK(!memcmp(out.data, want, sizeof want));
	imc_arena_free(a);
}

static void check_samples(void)
{
	struct imc_arena *a = imc_arena_new();
	struct imc_graph *g = imc_graph_new(a, "g");
	const int64_t dim[] = {1, 3, 50};
	struct imc_samples s, again, more;
	double sum = 0, square = 0;
	size_t bytes = 20 * 150 * sizeof(float);

	*IMC_PUSH(a, g->input, g->n_input, g->cap_input) =
		add_value(g, "x", 3, dim, IMC_F32);
	s = imc_samples_make(g, 20, 7, a);
	again = imc_samples_make(g, 20, 7, a);
	more = imc_samples_make(g, 21, 8, a);
	OK(s.n_input == 1 && s.size[0] == 150 && s.synthetic);
	OK(!memcmp(s.x[0], again.x[0], bytes));
	OK(memcmp(s.x[0], more.x[0], bytes));
	for (int i = 0; i < 3000; i++) {
		sum += (double)s.x[0][i];
		square += (double)s.x[0][i] * (double)s.x[0][i];
	}
	CHECK(fabs(sum / 3000) < 0.06, "mean %g", sum / 3000);
	CHECK(fabs(square / 3000 - 1) < 0.1, "variance %g", square / 3000);
	imc_arena_free(a);
}

int main(void)
{
	check_graph();
	check_arrays();
	check_real();
	check_samples();
	return check_result();
}
