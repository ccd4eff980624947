/* Bits of their own for layers: codes, who reads which, numbers. */
#include <math.h>
#include <string.h>

#include "ir/eval.h"
#include "passes/2-quant/quant.h"
#include "tests/check.h"
#include "tests/stage2/lab.h"

#define OK(condition) CHECK(condition, "wrong")

/* ---- networks ---- */

/* Convolutions in a row, with a pool between the first two. */
static void build_chain(struct lab *l, const char *name)
{
	imc_val x;

	lab_open_bits(l, name, 400);
	x = t_conv(&l->b, t_input(&l->b, DIM(1, 3, 8, 8)), 3, 8, 3, 1);
	x = OP(&l->b, MAX_POOL, OP(&l->b, RELU, x));
	for (int i = 0; i < 2; i++) {
		t_attrs(&l->b, x)->kernel[i] = 2;
		t_attrs(&l->b, x)->stride[i] = 2;
	}
	x = OP(&l->b, RELU, t_conv(&l->b, x, 8, 8, 3, 1));
	t_output(&l->b, t_conv(&l->b, x, 8, 4, 1, 0));
}

/* What the first one gives is read by three others and by an add. */
static void build_residual(struct lab *l, const char *name)
{
	imc_val x, a, b, c;

	lab_open_bits(l, name, 400);
	x = t_conv(&l->b, t_input(&l->b, DIM(1, 3, 6, 6)), 3, 8, 3, 1);
	x = OP(&l->b, RELU, x);
	a = t_conv(&l->b, x, 8, 8, 3, 1);
	b = t_conv(&l->b, x, 8, 8, 1, 0);
	c = t_conv(&l->b, x, 8, 8, 1, 0);
	a = OP(&l->b, ADD, OP(&l->b, ADD, a, x), OP(&l->b, ADD, b, c));
	t_output(&l->b, a);
}

/* Weights of layer i are 8 - 2 * i bits, and what it reads has i less. */
static void fewer_each(struct lab *l)
{
	lab_all_arrays(l);
	for (int i = 0; i < 4; i++)
		lab_set_bits(l, i, 8 - 2 * i, 8 - i);
}

static void all_eight(struct lab *l)
{
	lab_all_arrays(l);
}

static void all_four(struct lab *l)
{
	lab_all_arrays(l);
	for (int i = 0; i < 4; i++)
		lab_set_bits(l, i, 4, 4);
}

/* Of the residual: two layers want 4 bits, one 6. */
static void four_and_six(struct lab *l)
{
	lab_all_arrays(l);
	lab_set_bits(l, 0, 5, 8);
	lab_set_bits(l, 1, 3, 4);
	lab_set_bits(l, 2, 3, 6);
	lab_set_bits(l, 3, 2, 4);
}

/* The four input bits of all layers, as a graph input has them. */
static void few_inputs(struct lab *l)
{
	lab_all_arrays(l);
	lab_set_bits(l, 0, 8, 4);
}

/* ---- codes ---- */

static int count(const struct lab *l, enum imc_op op)
{
	const struct imc_graph *g = l->m->g;
	int n = 0;

	for (size_t i = 0; i < g->n_order; i++)
		n += imc_node_at(g, g->order[i])->op == op;
	return n;
}

/* Weights of every layer are in the range of their bits, and use its lowest
 * code somewhere when they are few. */
static void check_weights(const struct lab *l)
{
	const struct imc_graph *g = l->m->g;

	for (size_t i = 0; i < g->n_order; i++) {
		const struct imc_node *n = imc_node_at(g, g->order[i]);
		const struct imc_assign *as = &l->m->map.assign[g->order[i].i];
		const struct imc_tensor *w;
		const int8_t *x;
		int least = 0, most = 0;

		if (as->engine != IMC_ENGINE_CROSSBAR)
			continue;
		w = &imc_node_in(g, n, 1)->t;
		x = w->data;
		for (int64_t k = 0; k < imc_tensor_count(w); k++) {
			least = x[k] < least ? x[k] : least;
			most = x[k] > most ? x[k] : most;
		}
		OK(n->a.slice_bits[0] == 1 && !n->a.adc[0]);
		OK(n->a.slices[0] == as->weight_bits);
		CHECK(least >= -(1 << (as->weight_bits - 1)) &&
			      most < 1 << (as->weight_bits - 1),
		      "%s: %d .. %d of %d bits", l->name, least, most,
		      (int)as->weight_bits);
		OK(as->weight_bits > 3 ||
		   least == -(1 << (as->weight_bits - 1)));
	}
}

/* For imc_eval_how: codes beyond the bits that a layer reads. */
struct probe {
	const struct lab *l;
	int64_t n_read, n_beyond;
};

static bool look(void *cx, imc_node_id id, const struct imc_tensor *in,
		 struct imc_tensor *out, struct imc_arena *scratch)
{
	struct probe *p = cx;
	const struct imc_assign *as = &p->l->m->map.assign[id.i];
	int half = 1 << (as->act_bits - 1);
	const int8_t *q = in[0].data;

	(void)out;
	(void)scratch;
	if (as->engine != IMC_ENGINE_CROSSBAR)
		return false;
	for (int64_t i = 0; i < imc_tensor_count(&in[0]); i++, p->n_read++)
		p->n_beyond += q[i] < -half || q[i] >= half;
	return false;
}

/* Inputs far beyond the range of calibration. */
static void drive_hard(const struct lab *l)
{
	const struct imc_graph *g = l->m->g;
	struct probe p = {.l = l};
	struct imc_eval_how how = {.compute = look, .cx = &p};
	struct imc_tensor in, out;
	float x[3 * 8 * 8];

	for (int i = 0; i < 3 * 8 * 8; i++)
		x[i] = (float)((i * 37 % 19 - 9) * 5);
	imc_real_to_device(g, g->input[0], x, &in, l->a);
	imc_eval_graph(g, &in, &out, &how, l->a);
	OK(p.n_read > 400);
	CHECK(p.n_beyond == 0, "%s: %lld codes of %lld", l->name,
	      (long long)p.n_beyond, (long long)p.n_read);
}

static void run_chain(const char *name, void (*assign)(struct lab *),
		      double most, double mean, int n_rescale)
{
	struct lab l;

	build_chain(&l, name);
	l.assign = assign;
	lab_check(&l, most, mean);
	check_weights(&l);
	drive_hard(&l);
	CHECK(count(&l, IMC_OP_Q_RESCALE) == n_rescale, "%s: %d", name,
	      count(&l, IMC_OP_Q_RESCALE));
	lab_close(&l);
}

static void run_residual(void)
{
	const struct imc_node *add;
	struct lab l;

	build_residual(&l, "residual");
	l.assign = four_and_six;
	lab_check(&l, 90, 20);
	check_weights(&l);
	drive_hard(&l);
	/* one of 4 bits, which two layers share, and one of 6 */
	CHECK(count(&l, IMC_OP_Q_RESCALE) == 2, "%d",
	      count(&l, IMC_OP_Q_RESCALE));
	add = lab_node(&l, IMC_OP_Q_ADD);
	for (int k = 0; k < 2; k++) {
		imc_node_id id = imc_node_in(l.m->g, add, k)->def;
		const struct imc_node *n = imc_node_at(l.m->g, id);

		OK(n->op != IMC_OP_Q_RESCALE && n->a.hi[0] == 127);
	}
	lab_close(&l);
}

/* ---- ranges and scales ---- */

/* Many small numbers and a few large: fewer bits clip more. */
static void check_clips(void)
{
	float x[4096], clip[IMC_N_CLIP][2];

	for (int i = 0; i < 4096; i++)
		x[i] = i % 512 ? (float)(i * 37 % 101) / 101 : 8;
	imc_clips_of(x, 4096, 0, 8, false, clip);
	for (int k = 0; k < IMC_N_CLIP; k++) {
		OK(clip[k][0] == 0 && clip[k][1] <= 8);
		OK(k == 0 || clip[k][1] >= clip[k - 1][1]);
	}
	OK(clip[0][1] < 4 && clip[IMC_N_CLIP - 1][1] > 7);
	for (int i = 0; i < 4096; i++)
		x[i] = -x[i];
	imc_clips_of(x, 4096, -8, 0, false, clip);
	OK(clip[0][1] == 0 && clip[0][0] > -4);
}

static double error_of(const float *w, int n, double scale, int bits)
{
	double e = 0;

	for (int i = 0; i < n; i++) {
		double d = w[i] - scale * imc_twos_code(w[i] / scale, bits);

		e += d * d;
	}
	return e;
}

/* No scale of a fine grid is much better. */
static void check_scales(void)
{
	float w[151];

	for (int i = 0; i < 151; i++)
		w[i] = (float)(sin(i * 1.7) * fabs(sin(i * 0.37)) - 0.05);
	for (int bits = 2; bits <= 8; bits++)
		for (int n = 1; n <= 151; n += 50) {
			double is = error_of(
				w, n, (double)imc_twos_scale(w, n, bits), bits);
			double best = INFINITY;

			for (int i = 1; i < 3000; i++)
				best = fmin(best,
					    error_of(w, n, i * 3e-4, bits));
			CHECK(is <= best * 1.15 + 1e-6, "%d bits of %d: %g, %g",
			      bits, n, is, best);
		}
	memset(w, 0, sizeof w);
	OK(imc_twos_scale(w, 151, 4) > 0);
	OK(imc_twos_code(-9, 3) == -4 && imc_twos_code(9, 3) == 3);
}

static double sum_of_errors(const int8_t *code, const float *w, int64_t first,
			    int64_t step, int64_t n)
{
	double sum = 0;

	for (int64_t i = first; i < n; i += step)
		sum += code[i] - (double)w[i];
	return fabs(sum);
}

/* Errors of 7 kernels of 9 taps that are all rounded down: none is off by
 * more than 1 when the row has been levelled, and nor is the row. */
static void check_sums(void)
{
	int8_t code[63];
	float w[63];

	for (int i = 0; i < 63; i++) {
		w[i] = (float)(i % 5 - 2) + 0.05f * (float)(i % 9);
		code[i] = imc_twos_code((double)w[i], 3);
	}
	OK(sum_of_errors(code, w, 0, 1, 63) > 5);
	imc_round_sums(code, w, 1, 9, 7, 3);
	for (int c = 0; c < 7; c++)
		CHECK(sum_of_errors(code, w, c, 7, 63) <= 1.001, "kernel %d",
		      c);
	OK(sum_of_errors(code, w, 0, 1, 63) <= 0.501);
	for (int i = 0; i < 63; i++)
		OK(fabs((double)code[i] - (double)w[i]) < 1);
	for (int i = 0; i < 63; i++) { /* nothing can move beyond the codes */
		w[i] = 9;
		code[i] = 3;
	}
	imc_round_sums(code, w, 1, 9, 7, 3);
	for (int i = 0; i < 63; i++)
		OK(code[i] == 3);
}

int test_bits(void)
{
	check_sums();
	check_scales();
	check_clips();
	run_chain("8 bits", all_eight, 4, 1, 0);
	run_chain("4 bits", all_four, 60, 15, 1);
	run_chain("bits each", fewer_each, 60, 15, 0);
	run_chain("input of 4 bits", few_inputs, 40, 10, 1);
	run_residual();
	return check_result();
}
