/* SPDX-License-Identifier: Apache-2.0 */
/* Codes that go to their place through the cores. */
#include "imc_rt_num.h"
#include "imc_rt_share.h"
#include "pulp_job.h"

/* One pixel; row blocks add up. */
static void put_pixel(const struct imc_pulp_post *p, const int8_t *code,
		      int8_t *to)
{
	const struct imc_hal_job *job = p->job;
	int32_t block = p->n_y * p->n_x * p->step;

	if (p->n_block == 1) {
		imc_pulp_copy(to, code, p->width);
		return;
	}
	for (int32_t j = 0; j < p->width; j++) {
		int32_t v = job->sum_zero;

		for (int32_t b = 0; b < p->n_block; b++)
			v += code[b * block + j];
		to[j] = (int8_t)imc_rt_clamp(v, job->sum_lo, job->sum_hi);
	}
}

static void put_pixels(void *arg, int32_t core, int32_t n_core)
{
	const struct imc_pulp_post *p = arg;
	int32_t out_w = p->job->window->out_w;
	struct imc_rt_range r =
		imc_rt_share((int64_t)p->n_y * p->n_x, core, n_core);

	for (int32_t i = (int32_t)r.first; i < r.end; i++) {
		int32_t y = p->y + i / p->n_x, x = p->x + i % p->n_x;
		int32_t line = p->lines ? y % p->lines : y - p->row0;

		put_pixel(p, p->codes + i * p->step,
			  p->dst + (line * out_w + x) * p->pixel);
	}
}

void imc_pulp_result(struct imc_hal *hal, const struct imc_pulp_post *post)
{
	struct imc_pulp_post p = *post;

	imc_hal_fork(hal, put_pixels, &p);
}
