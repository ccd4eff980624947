/* ADCs in float32, step by step: no step may be joined with another. */
#include "ir/num_adc.h"
#include "tests/quant_ops/quant_cases.h"

void choose_ends(const struct conv_case *c, struct rnd *r)
{
	struct imc_node *n = imc_node_at(c->g, c->id);
	int32_t max = (1 << (n->a.slice_bits[0] - 1)) - 1, mult, shift;
	int32_t low = (int32_t)pick(r, 0, 3), high = (int32_t)pick(r, 0, 3);
	int64_t k = imc_node_in(c->g, n, 5)->t.dim[0];

	if (low + high == 0)
		high = 1;
	imc_adc_ends_factor(max, low + high, &mult, &shift);
	n->a.adc_low[0] = low;
	n->a.adc_high[0] = high;
	n->a.adc_lo[0] = -((2 * 127 * low + low + high) / (2 * (low + high)));
	n->a.adc_hi[0] = (2 * 127 * high + low + high) / (2 * (low + high));
	n->a.adc_float[0] = pick(r, 0, 3) > 0;
	for (int64_t i = 0; i < k; i++) {
		((int32_t *)imc_node_in(c->g, n, 5)->t.data)[i] = mult;
		((int32_t *)imc_node_in(c->g, n, 6)->t.data)[i] = shift;
		((int32_t *)imc_node_in(c->g, n, 7)->t.data)[i] = 0;
	}
}

void naive_float_add(volatile float *sum, int64_t x, int64_t w, int64_t bits)
{
	volatile float v = (float)x;

	if (bits == 1)
		return; /* no ADC reads these */
	v = v / 127;
	v = v * (float)w;
	v = v / (float)((1 << (bits - 1)) - 1);
	*sum = *sum + v;
}

int64_t naive_float_code(float sum, int64_t low, int64_t high)
{
	volatile float v = sum;
	int64_t code;

	if (v >= (float)high)
		v = (float)high;
	else if (v <= (float)-low)
		v = (float)-low;
	v = v * 127;
	v = v / (float)(low + high);
	if (v >= 127)
		v = 127;
	else if (v <= -127)
		v = -127;
	code = (int64_t)v;
	if (v >= 0)
		return v - (float)code >= 0.5F ? code + 1 : code;
	return v - (float)code <= -0.5F ? code - 1 : code;
}
