#include "tests/bench/plain_conv.h"

#include <math.h>

#include "ir/num.h"
#include "ir/op/q_conv.h"
#include "ir/window.h"

/* A window at output (y, x) of a picture of h * w pixels of c channels. */
struct window {
	const struct imc_attrs *a;
	int64_t h, w, c, y, x;
};

/* The pixel of tap (ky, kx), or -1. */
static int64_t pixel_of(const struct window *v, int64_t ky, int64_t kx)
{
	const struct imc_attrs *a = v->a;
	int64_t y = v->y * a->stride[0] - a->pads[0] + ky * a->dilation[0];
	int64_t x = v->x * a->stride[1] - a->pads[1] + kx * a->dilation[1];

	return y < 0 || y >= v->h || x < 0 || x >= v->w ? -1 : y * v->w + x;
}

/* Sums of several channels are fused, those of a single one are not. */
static float float_sum(const struct window *v, const float *x, const float *w,
		       int64_t n, float sum)
{
	bool fused = n > 1;

	for (int64_t ky = 0; ky < v->a->kernel[0]; ky++)
		for (int64_t kx = 0; kx < v->a->kernel[1]; kx++, w += n) {
			int64_t p = pixel_of(v, ky, kx);

			for (int64_t i = 0; i < n && p >= 0; i++)
				sum = fused ? fmaf(w[i], x[p * v->c + i], sum)
					    : sum + w[i] * x[p * v->c + i];
		}
	return sum;
}

static void float_conv(const struct imc_node *n, const struct imc_tensor *in,
		       struct imc_tensor *out)
{
	const float *w = in[1].data;
	const float *b = n->n_in > 2 ? in[2].data : NULL;
	struct window v = {&n->a, in[0].dim[1], in[0].dim[2], in[0].dim[3], 0,
			   0};
	int64_t k = out->dim[3], per = in[1].dim[3];
	int64_t size = in[1].dim[1] * in[1].dim[2] * per;
	int64_t group_k = k / n->a.group[0];
	float *y = out->data;

	for (v.y = 0; v.y < out->dim[1]; v.y++)
		for (v.x = 0; v.x < out->dim[2]; v.x++)
			for (int64_t j = 0; j < k; j++, y++) {
				const float *x = in[0].data;

				x += j / group_k * per;
				*y = float_sum(&v, x, w + j * size, per,
					       b ? b[j] : 0);
				if (n->a.act[0] && *y < n->a.act_lo[0])
					*y = n->a.act_lo[0];
				if (n->a.act[0] && *y > n->a.act_hi[0])
					*y = n->a.act_hi[0];
			}
}

static int32_t int_sum(const struct window *v, const int8_t *x, int32_t zero,
		       const int8_t *w, int64_t n)
{
	int32_t sum = 0;

	for (int64_t ky = 0; ky < v->a->kernel[0]; ky++)
		for (int64_t kx = 0; kx < v->a->kernel[1]; kx++, w += n) {
			int64_t p = pixel_of(v, ky, kx);

			for (int64_t i = 0; i < n && p >= 0; i++)
				sum += w[i] * (x[p * v->c + i] - zero);
		}
	return sum;
}

static void int_conv(const struct imc_q_conv *q, int8_t *y)
{
	struct window v = {&q->n->a, q->h, q->w, q->c, 0, 0};
	int64_t size = q->kh * q->kw * q->group_c;
	int32_t lo = (int32_t)q->n->a.lo[0], hi = (int32_t)q->n->a.hi[0];

	for (v.y = 0; v.y < q->oh; v.y++)
		for (v.x = 0; v.x < q->ow; v.x++)
			for (int64_t j = 0; j < q->k; j++, y++) {
				const int8_t *x =
					q->x + j / q->group_k * q->group_c;
				int64_t sum = int_sum(&v, x, q->zero_x,
						      q->weight + j * size,
						      q->group_c);

				*y = (int8_t)imc_requant(
					sum + q->bias[j], q->mult[j],
					q->shift[j], q->zero_y, lo, hi);
			}
}

bool plain_conv(void *cx, imc_node_id id, const struct imc_tensor *in,
		struct imc_tensor *out, struct imc_arena *scratch)
{
	const struct imc_graph *g = cx;
	const struct imc_node *n = imc_node_at(g, id);
	struct imc_q_conv q;

	(void)scratch;
	if (n->op == IMC_OP_CONV2D) {
		float_conv(n, in, out);
		return true;
	}
	if (n->op != IMC_OP_Q_CONV2D || n->a.adc[0])
		return false;
	imc_q_conv_open(&q, g, n, in);
	int_conv(&q, out->data);
	return true;
}
