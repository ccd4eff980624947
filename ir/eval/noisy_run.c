#include <math.h>
#include <string.h>

#include "ir/eval.h"
#include "ir/noise.h"
#include "ir/support/checked.h"
#include "ir/support/parallel.h"

struct work {
	const struct imc_noisy *e;
	const struct imc_analog *analog;
	int64_t *top;
	float *out;
};

static int64_t first_largest(const float *x, int64_t n)
{
	int64_t best = 0;

	for (int64_t i = 1; i < n; i++)
		if (x[i] > x[best])
			best = i;
	return best;
}

static void run_sample(void *cx, size_t i, size_t thread)
{
	const struct work *w = cx;
	const struct imc_noisy *e = w->e;
	const struct imc_samples *s = e->samples;
	int64_t sample = e->first + (int64_t)i, count;
	struct imc_map_eval me = {.g = e->g,
				  .m = e->m,
				  .img = e->img,
				  .analog = w->analog,
				  .sample = sample};
	struct imc_eval_how how = {.compute = imc_map_compute, .cx = &me};
	struct imc_arena *a = imc_arena_new();
	struct imc_tensor *out =
		imc_arena_array(a, e->g->n_output, sizeof *out);
	struct imc_tensor in[IMC_MAX_INPUT] = {{.dtype = IMC_F32}};

	for (size_t k = 0; k < e->g->n_input; k++) {
		in[k].dtype = IMC_F32;
		in[k].data = s->x[k] + sample * s->size[k];
	}
	imc_eval_real(e->g, in, out, &how, a);
	count = imc_tensor_count(&out[0]);
	if (w->top)
		w->top[i] = first_largest(out[0].data, count);
	if (w->out)
		memcpy(w->out + (int64_t)i * count, out[0].data,
		       (size_t)count * sizeof *w->out);
	imc_arena_free(a);
	if (thread == 0 && e->progress)
		e->progress(e->cx, (int64_t)i);
}

void imc_noisy_run(const struct imc_noisy *e, const struct imc_noise_case *c,
		   int64_t *top, float *out)
{
	struct imc_arena *a = imc_arena_new();
	struct work w = {.e = e, .top = top, .out = out};

	w.analog = imc_analog_program(e->g, e->m, e->img, c, a);
	imc_parallel_for((size_t)e->n, run_sample, &w);
	imc_arena_free(a);
}

void imc_noisy_ideal(const struct imc_noisy *e, int64_t *top, float *out)
{
	struct work w = {.e = e, .top = top, .out = out};

	imc_parallel_for((size_t)e->n, run_sample, &w);
}

struct imc_noisy_stat imc_noisy_stat_of(const double *v, int64_t n)
{
	struct imc_noisy_stat s = {.worst = v[0]};
	double square = 0;

	for (int64_t i = 0; i < n; i++) {
		s.mean += v[i] / (double)n;
		s.worst = fmin(s.worst, v[i]);
	}
	for (int64_t i = 0; i < n; i++)
		square += (v[i] - s.mean) * (v[i] - s.mean);
	if (n > 1)
		s.std = sqrt(square / (double)(n - 1));
	return s;
}
