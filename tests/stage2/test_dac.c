/* DACs of few bits: what arrays read has their codes, whatever the input. */
#include "ir/eval.h"
#include "tests/check.h"
#include "tests/stage2/lab.h"

#define OK(condition) CHECK(condition, "wrong")

/* Input, pool, lut, add and concat in front of convolutions. */
static void build(struct lab *l, const char *name, int64_t dac_bits, int adc)
{
	imc_val x, a, b;

	lab_open(l, name, 40);
	l->m->hw->ima_dac_bits = dac_bits;
	l->m->hw->ima_adc = adc;
	l->m->opt.conv_engine = IMC_ENGINE_CROSSBAR;
	x = t_conv(&l->b, t_input(&l->b, DIM(1, 3, 8, 8)), 3, 8, 3, 1);
	x = OP(&l->b, MAX_POOL, x);
	for (int i = 0; i < 2; i++) {
		t_attrs(&l->b, x)->kernel[i] = 2;
		t_attrs(&l->b, x)->stride[i] = 2;
	}
	a = t_conv(&l->b, x, 8, 8, 1, 0);
	b = OP(&l->b, SIGMOID, a);
	b = t_conv(&l->b, b, 8, 8, 1, 0);
	a = OP(&l->b, ADD, a, b);
	a = OP(&l->b, CONCAT, a, b);
	t_attrs(&l->b, a)->axis[0] = 1;
	t_output(&l->b, t_conv(&l->b, a, 16, 4, 1, 0));
}

/* For imc_eval_how: counts codes beyond the DAC, and leaves the rest alone. */
struct probe {
	const struct lab *l;
	int64_t n_read, n_beyond;
};

static bool look(void *cx, imc_node_id id, const struct imc_tensor *in,
		 struct imc_tensor *out, struct imc_arena *scratch)
{
	struct probe *p = cx;
	int64_t half = 1 << (p->l->m->hw->ima_dac_bits - 1);
	const int8_t *q = in[0].data;

	(void)out;
	(void)scratch;
	if (p->l->m->map.assign[id.i].engine != IMC_ENGINE_CROSSBAR)
		return false;
	for (int64_t i = 0; i < imc_tensor_count(&in[0]); i++, p->n_read++)
		p->n_beyond += q[i] < -half || q[i] >= half;
	return false;
}

/* Inputs far beyond the range of calibration. */
static void drive_hard(struct lab *l)
{
	struct imc_graph *g = l->m->g;
	struct probe p = {.l = l};
	struct imc_eval_how how = {.compute = look, .cx = &p};
	float x[3 * 8 * 8];
	struct imc_tensor in, out;

	for (int i = 0; i < 3 * 8 * 8; i++)
		x[i] = (float)((i * 37 % 19 - 9) * 5);
	imc_real_to_device(g, g->input[0], x, &in, l->a);
	imc_eval_graph(g, &in, &out, &how, l->a);
	OK(p.n_read > 500);
	CHECK(p.n_beyond == 0, "%s: %lld codes of %lld", l->name,
	      (long long)p.n_beyond, (long long)p.n_read);
}

/* Whether the input passes a q_rescale first. */
static bool input_is_narrowed(struct lab *l)
{
	const struct imc_node *n = lab_node(l, IMC_OP_Q_RESCALE);

	return n && n->in[0].i == l->m->g->input[0].i;
}

/* What no array reads has 8 bits: the scale of the output. */
static float output_scale(int64_t dac_bits)
{
	struct lab l;
	float scale;

	build(&l, "output", dac_bits, 1);
	OK(lab_run(&l, false));
	scale = imc_value_at(l.m->g, l.m->g->output[0])->scale;
	lab_close(&l);
	return scale;
}

int test_dac(void)
{
	for (int64_t bits = 4; bits <= 8; bits++)
		for (int adc = 0; adc < 2; adc++) {
			double most = 80.0 / (1 << (bits - 4));
			struct lab l;

			build(&l, adc ? "no ADC" : "ADC", bits, adc);
			lab_check(&l, most + 6, most / 4 + 2);
			drive_hard(&l);
			OK(input_is_narrowed(&l) == (bits < 8));
			lab_close(&l);
		}
	OK(output_scale(6) == output_scale(8));
	return check_result();
}
