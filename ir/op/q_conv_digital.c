/* q_conv2d without an ADC: neither blocks nor slices nor bundles matter. */
#include <string.h>

#include "ir/eval/simd.h"
#include "ir/op/q_strip.h"
#include "ir/support/checked.h"

/* With fewer windows packing the weights does not pay. */
#define FEW 4

/* ---- depth-wise ---- */

/* Channels whose sums stay in registers. */
#define LANES 16

/* The taps of a depth-wise convolution: where each lies behind the beginning
 * of a window, and weights [tap][k], so that channels lie side by side. */
struct taps {
	int64_t n;
	const int64_t *at;
	const int16_t *w;
};

static struct taps turn_weights(const struct imc_q_strip *s,
				struct imc_arena *a)
{
	const struct imc_q_conv *q = s->q;
	const int64_t *dilation = q->n->a.dilation;
	int64_t n = q->kh * q->kw;
	int16_t *w = imc_arena_array(a, (size_t)(n * q->k), sizeof *w);
	int64_t *at = imc_arena_array(a, (size_t)n, sizeof *at);

	for (int64_t t = 0; t < n; t++)
		at[t] = (t / q->kw * dilation[0] * s->width +
			 t % q->kw * dilation[1]) *
			q->c;
	for (int64_t k = 0; k < q->k; k++)
		for (int64_t t = 0; t < n; t++)
			w[t * q->k + k] = q->weight[k * n + t];
	return (struct taps){n, at, w};
}

/* The sums of one window. A product fits into int16: |x| <= 255. */
IMC_SIMD
static void depthwise_window(const struct taps *taps, const int16_t *x,
			     int64_t k, int32_t *sum)
{
	int64_t c = 0;

	for (; c + LANES <= k; c += LANES) {
		int32_t s[LANES] = {0};

		for (int64_t t = 0; t < taps->n; t++) {
			const int16_t *from = x + taps->at[t] + c;
			const int16_t *w = taps->w + t * k + c;

			for (int i = 0; i < LANES; i++)
				s[i] += (int16_t)(from[i] * w[i]);
		}
		memcpy(sum + c, s, sizeof s);
	}
	for (; c < k; c++) {
		sum[c] = 0;
		for (int64_t t = 0; t < taps->n; t++)
			sum[c] += x[taps->at[t] + c] * taps->w[t * k + c];
	}
}

/* ---- one group ---- */

/* How the sums of the jobs of a strip are made. */
struct maker {
	struct imc_q_strip strip;
	enum { DEPTHWISE, DOTS, PANELS } how;
	const struct imc_gemm_run *run; /* of DOTS and PANELS */
	int64_t n_run;
	struct taps taps;
	struct imc_panels panels;
};

static struct maker maker_of(const struct imc_q_conv *q,
			     const struct imc_q_bundle *b, struct imc_arena *a)
{
	struct imc_q_piece p = {.b = *b,
				.n_row = b->n_row,
				.n_col = b->n_col,
				.slices = 1,
				.patch_h = 1,
				.patch_w = 1};
	struct maker m = {.strip = imc_q_strip_open(q, &p, b->n_col, a),
			  .how = PANELS};

	if (b->n_c == b->n_col && q->group_c == 1 && q->group_k == 1) {
		m.how = DEPTHWISE;
		m.taps = turn_weights(&m.strip, a);
		return m;
	}
	m.run = imc_q_strip_runs(&m.strip, 0, b->n_row, &m.n_run, a);
	if (q->n_window < FEW)
		m.how = DOTS;
	else
		m.panels = imc_panels_pack(m.run, m.n_run, b->n_col,
					   q->weight + b->k0 * b->n_row, 1,
					   b->n_row, NULL, a);
	return m;
}

static void dots(const struct maker *m, const int16_t *x, int32_t *sum)
{
	const struct imc_q_bundle *b = &m->strip.p.b;
	const int8_t *w = m->strip.q->weight + b->k0 * b->n_row;

	for (int64_t j = 0; j < b->n_col; j++) {
		sum[j] = 0;
		for (int64_t i = 0; i < m->n_run; w += m->run[i++].n)
			sum[j] += imc_dot_int(x + m->run[i].at, w, m->run[i].n);
	}
}

static void make_sums(const struct maker *m, int32_t *sum)
{
	const struct imc_q_strip *s = &m->strip;
	int64_t n_col = s->p.b.n_col;

	if (m->how == PANELS) {
		imc_gemm_int(&m->panels, s->row, s->n, sum, n_col);
		return;
	}
	for (int64_t i = 0; i < s->n; i++)
		if (m->how == DOTS)
			dots(m, s->row[i], sum + i * n_col);
		else
			depthwise_window(&m->taps, s->row[i], n_col,
					 sum + i * n_col);
}

static void run_group(const struct imc_q_conv *q, const struct imc_q_bundle *b,
		      int8_t *y)
{
	struct imc_arena *a = imc_arena_new();
	struct maker m = maker_of(q, b, a);
	int32_t *sum = imc_arena_room(
		a, (size_t)(imc_q_strip_room(&m.strip) * b->n_col),
		sizeof *sum);

	for (int64_t job = 0; job < m.strip.jobs.n; job += m.strip.n) {
		imc_q_strip_load(&m.strip, job);
		make_sums(&m, sum);
		imc_q_conv_requant(q, b->k0, b->n_col, m.strip.n, sum,
				   y + job * q->k);
	}
	imc_arena_free(a);
}

void imc_q_conv_digital(const struct imc_q_conv *q, int8_t *y)
{
	struct imc_q_conv one = *q;
	bool depthwise = q->group == q->c && q->group == q->k;

	one.bundle = depthwise ? q->group : 1;
	one.n_bundle = q->group / one.bundle;
	for (int b = 0; b < one.n_bundle; b++) {
		struct imc_q_bundle u = imc_q_conv_bundle(&one, b);

		run_group(&one, &u, y);
	}
}
