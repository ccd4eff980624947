#include <math.h>
#include <string.h>

#include "ir/eval.h"
#include "ir/eval/simd.h"

/* Between the model (float32, channel first) and the graph (its types, its
 * layout). */

/* Far beyond the codes, and within int32. */
#define FAR ((double)(1 << 20))

IMC_SIMD
void imc_quantise_array(const struct imc_value *v, const float *x, int8_t *q,
			int64_t n)
{
	double scale = v->scale > 0 ? (double)v->scale : 1;
	int32_t zero = v->scale > 0 ? v->zero : 0;

	for (int64_t i = 0; i < n; i++) {
		double y = (double)x[i] / scale, rest;
		int32_t code;

		/* In this order a value that is no number becomes -128. */
		y = y > -FAR ? y : -FAR;
		y = y < FAR ? y : FAR;
		code = (int32_t)y;
		rest = y - code; /* exact: halves go away from zero */
		code += (rest >= 0.5) - (rest <= -0.5) + zero;
		code = code > INT8_MIN ? code : INT8_MIN;
		q[i] = (int8_t)(code < INT8_MAX ? code : INT8_MAX);
	}
}

void imc_dequantise_array(const struct imc_value *v, const int8_t *q, float *x,
			  int64_t n)
{
	float scale = v->scale > 0 ? v->scale : 1;
	int32_t zero = v->scale > 0 ? v->zero : 0;

	for (int64_t i = 0; i < n; i++)
		x[i] = scale * (float)(q[i] - zero);
}

/* Stores `real` as element i of type t: rounded, saturated. */
static void store_as(enum imc_dtype t, double real, void *to, int64_t i)
{
	double x = round(real);

	switch (t) {
	case IMC_F32:
		((float *)to)[i] = (float)real;
		break;
	case IMC_F64:
		((double *)to)[i] = real;
		break;
	case IMC_BOOL:
		((uint8_t *)to)[i] = x < 0 || x > 0;
		break;
	case IMC_U8:
		((uint8_t *)to)[i] = (uint8_t)fmin(fmax(x, 0), UINT8_MAX);
		break;
	case IMC_I8:
		((int8_t *)to)[i] = (int8_t)fmin(fmax(x, INT8_MIN), INT8_MAX);
		break;
	case IMC_U16:
		((uint16_t *)to)[i] = (uint16_t)fmin(fmax(x, 0), UINT16_MAX);
		break;
	case IMC_I16:
		((int16_t *)to)[i] =
			(int16_t)fmin(fmax(x, INT16_MIN), INT16_MAX);
		break;
	case IMC_U32:
		((uint32_t *)to)[i] = (uint32_t)fmin(fmax(x, 0), UINT32_MAX);
		break;
	case IMC_I32:
		((int32_t *)to)[i] =
			(int32_t)fmin(fmax(x, INT32_MIN), INT32_MAX);
		break;
	case IMC_U64:
		((uint64_t *)to)[i] = (uint64_t)fmin(fmax(x, 0), 0x1p63);
		break;
	case IMC_I64:
		((int64_t *)to)[i] = (int64_t)fmin(fmax(x, -0x1p62), 0x1p62);
		break;
	case IMC_F16: /* no input has it: the importer widens it */
	case IMC_N_DTYPE:
		break;
	}
}

/* Puts element (k, p) of from[c][area] to (p, k). */
static void turn(const char *from, size_t c, size_t area, size_t size, char *to)
{
	for (size_t p = 0; p < area; p++)
		for (size_t k = 0; k < c; k++, to += size) {
			const char *x = from + (k * area + p) * size;

			if (size == 1)
				*to = *x;
			else if (size == sizeof(float))
				memcpy(to, x, sizeof(float));
			else
				memcpy(to, x, size);
		}
}

/* Moves the channels of a picture t: from place 1 to the end (to_last), or
 * back. Other ranks have no channels to move. */
static struct imc_tensor move_channels(const struct imc_tensor *t, bool to_last,
				       struct imc_arena *a)
{
	size_t size = imc_dtype_size(t->dtype), n, c, area;
	struct imc_tensor y = *t;
	const char *src = t->data;
	char *dst;

	if (t->rank != 4)
		return y;
	y.dim[1] = to_last ? t->dim[2] : t->dim[3];
	y.dim[2] = to_last ? t->dim[3] : t->dim[1];
	y.dim[3] = to_last ? t->dim[1] : t->dim[2];
	n = (size_t)t->dim[0];
	c = (size_t)(to_last ? t->dim[1] : t->dim[3]);
	area = (size_t)(to_last ? t->dim[2] * t->dim[3]
				: t->dim[1] * t->dim[2]);
	y.data = dst = imc_arena_alloc(a, imc_tensor_bytes(t));
	for (size_t i = 0; i < n; i++) {
		size_t at = i * c * area * size;

		turn(src + at, to_last ? c : area, to_last ? area : c, size,
		     dst + at);
	}
	return y;
}

/* The shape that the model gives value v. */
static struct imc_tensor model_shape(const struct imc_graph *g,
				     const struct imc_value *v)
{
	struct imc_tensor t = v->t;

	if (g->layout == IMC_NHWC && t.rank == 4) {
		t.dim[1] = v->t.dim[3];
		t.dim[2] = v->t.dim[1];
		t.dim[3] = v->t.dim[2];
	}
	return t;
}

static struct imc_tensor to_device(const struct imc_graph *g, imc_val id,
				   const struct imc_tensor *in,
				   struct imc_arena *a)
{
	const struct imc_value *v = imc_value_at(g, id);
	struct imc_tensor t = model_shape(g, v);
	int64_t n = imc_tensor_count(&t);
	const float *x;

	t.dtype = in->dtype;
	t.data = in->data;
	if (g->layout == IMC_NHWC)
		t = move_channels(&t, true, a);
	if (t.dtype == v->t.dtype || t.dtype != IMC_F32)
		return t;
	x = t.data;
	t.dtype = v->t.dtype;
	t.data = imc_arena_array(a, (size_t)n, imc_dtype_size(t.dtype));
	if (t.dtype == IMC_I8 && v->scale > 0)
		imc_quantise_array(v, x, t.data, n);
	else
		for (int64_t i = 0; i < n; i++)
			store_as(t.dtype, (double)x[i], t.data, i);
	return t;
}

void imc_real_to_device(const struct imc_graph *g, imc_val input,
			const float *x, struct imc_tensor *out,
			struct imc_arena *a)
{
	struct imc_tensor in = {.dtype = IMC_F32};
	union {
		const float *from;
		void *to;
	} data = {x};

	in.data = data.to;
	*out = to_device(g, input, &in, a);
}

void imc_device_to_real(const struct imc_graph *g, imc_val output,
			const struct imc_tensor *x, struct imc_tensor *out,
			struct imc_arena *a)
{
	const struct imc_value *v = imc_value_at(g, output);
	struct imc_tensor t = *x;
	int64_t n = imc_tensor_count(x);

	if (t.dtype == IMC_I8 && v->scale > 0) {
		t.dtype = IMC_F32;
		t.data = imc_arena_array(a, (size_t)n, sizeof(float));
		imc_dequantise_array(v, x->data, t.data, n);
	}
	*out = g->layout == IMC_NHWC ? move_channels(&t, false, a) : t;
}

void imc_eval_real(const struct imc_graph *g, const struct imc_tensor *in,
		   struct imc_tensor *out, const struct imc_eval_how *how,
		   struct imc_arena *result)
{
	struct imc_arena *own = imc_arena_new();
	struct imc_tensor *device =
		imc_arena_array(own, g->n_input, sizeof *device);

	for (size_t i = 0; i < g->n_input; i++)
		device[i] = to_device(g, g->input[i], &in[i], own);
	imc_eval_graph(g, device, out, how, result);
	for (size_t i = 0; i < g->n_output; i++) {
		struct imc_tensor y = out[i];

		imc_device_to_real(g, g->output[i], &y, &out[i], result);
	}
	imc_arena_free(own);
}
