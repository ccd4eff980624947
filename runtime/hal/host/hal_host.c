/* SPDX-License-Identifier: Apache-2.0 */
#include "imc_hal_host.h"
#include "imc_rt.h"
#include "imc_rt_num.h"
#include "imc_rt_share.h"

void imc_hal_fork(struct imc_hal *hal,
		  void (*fn)(void *arg, int32_t core, int32_t n_core),
		  void *arg)
{
	(void)hal;
	fn(arg, 0, 1);
}

int imc_hal_dma_copy(struct imc_hal *hal, void *dst, const void *src,
		     size_t bytes)
{
	unsigned char *to = dst;
	const unsigned char *from = src;

	(void)hal;
	for (size_t i = 0; i < bytes; i++)
		to[i] = from[i];
	return IMC_RT_OK;
}

void imc_hal_step(struct imc_hal *hal, int32_t k)
{
	if (hal->step)
		hal->step(hal->cx, k);
}

int imc_hal_ima_has(struct imc_hal *hal, int32_t n_array, int32_t rows,
		    int32_t cols)
{
	return n_array <= hal->n_array && rows <= hal->rows &&
	       cols <= hal->cols;
}

static int inside(const struct imc_hal *hal, const struct imc_hal_tile *t)
{
	return t->array >= 0 && t->array < hal->n_array && t->x >= 0 &&
	       t->y >= 0 && t->w >= 0 && t->h >= 0 &&
	       t->w <= hal->cols - t->x && t->h <= hal->rows - t->y;
}

static int8_t *cells_at(const struct imc_hal *hal, const struct imc_hal_tile *t,
			int32_t row)
{
	size_t line =
		(size_t)t->array * (size_t)hal->rows + (size_t)(t->y + row);

	return hal->cells + line * (size_t)hal->cols + t->x;
}

int imc_hal_ima_write(struct imc_hal *hal, const struct imc_hal_tile *region,
		      const int8_t *cells, int32_t stride)
{
	if (!inside(hal, region))
		return IMC_RT_E_DEVICE;
	for (int32_t r = 0; r < region->h; r++)
		for (int32_t c = 0; c < region->w; c++)
			cells_at(hal, region, r)[c] =
				cells[(size_t)r * (size_t)stride + (size_t)c];
	return IMC_RT_OK;
}

/* sum[j] += x * cell of every column of a word line. */
static void drive_line(int32_t *sum, const int8_t *cell, int32_t n, int32_t x)
{
	if (x)
		for (int32_t j = 0; j < n; j++)
			sum[j] += x * cell[j];
}

/* The code on matrix row r (ky, kx, c) for the window at (oy, ox). */
static int32_t word_line(const struct imc_hal_job *job,
			 const struct imc_hal_tile *t, int32_t r, int32_t oy,
			 int32_t ox)
{
	const struct imc_hal_window *w = job->window;
	int32_t c = r % t->n_channel, at = r / t->n_channel;
	int32_t y = oy * w->stride_h - w->pad_top +
		    at / w->kernel_w * w->dilation_h;
	int32_t x = ox * w->stride_w - w->pad_left +
		    at % w->kernel_w * w->dilation_w;

	if (y < 0 || x < 0 || y >= w->in_h || x >= w->in_w)
		return 0;
	return job->src[((int64_t)y * w->in_w + x) * w->in_c + t->c0 + c] -
	       job->zero;
}

/* The sums of every column of tile t for one window. */
static void multiply(const struct imc_hal *hal, const struct imc_hal_job *job,
		     const struct imc_hal_tile *t, int32_t window, int32_t *sum)
{
	int32_t oy = job->row + window / job->window->out_w;
	int32_t ox = window % job->window->out_w;
	int32_t n_row = t->h - t->n_bias;

	for (int32_t j = 0; j < t->w; j++)
		sum[j] = 0;
	for (int32_t r = 0; r < n_row; r++)
		drive_line(sum, cells_at(hal, t, r), t->w,
			   word_line(job, t, t->row0 + r, oy, ox));
	for (int32_t i = 0; i < t->n_bias; i++)
		drive_line(sum, cells_at(hal, t, n_row + i), t->w,
			   job->drive[i]);
}

static int32_t read_adc(const struct imc_hal_adc *adc, int32_t j, int32_t sum)
{
	int32_t k = j % adc->n_setting;

	return imc_rt_requant(sum, adc->mult[k], adc->shift[k], adc->zero[k],
			      adc->lo, adc->hi);
}

/* The aggregation block: codes of several tiles of the same columns. */
static void aggregate(const struct imc_hal *hal, const struct imc_hal_job *job,
		      int32_t window, int8_t *dst)
{
	const struct imc_hal_adc *adc = job->adc;
	int32_t *sum = hal->sums, *total = hal->sums + hal->cols;
	int32_t n = job->tile->w;

	for (int32_t j = 0; j < n; j++)
		total[j] = job->sum_zero;
	for (int32_t b = 0; b < job->n_tile; b++) {
		multiply(hal, job, &job->tile[b], window, sum);
		for (int32_t j = 0; j < n; j++)
			total[j] += read_adc(adc, j, sum[j]) -
				    adc->zero[j % adc->n_setting];
	}
	for (int32_t j = 0; j < n; j++)
		dst[j] = (int8_t)imc_rt_clamp(total[j], job->sum_lo,
					      job->sum_hi);
}

static void run_window(const struct imc_hal *hal, const struct imc_hal_job *job,
		       int32_t window)
{
	int64_t at = (int64_t)window * job->dst_step;
	int8_t *codes = job->dst;
	int32_t *sums = job->dst;

	if (job->n_tile > 1) {
		aggregate(hal, job, window, codes + at);
		return;
	}
	multiply(hal, job, job->tile, window, hal->sums);
	for (int32_t j = 0; j < job->tile->w; j++)
		if (job->adc)
			codes[at + j] =
				(int8_t)read_adc(job->adc, j, hal->sums[j]);
		else
			sums[at + j] = hal->sums[j];
}

int imc_hal_ima_run(struct imc_hal *hal, const struct imc_hal_job *job)
{
	for (int32_t b = 0; b < job->n_tile; b++)
		if (!inside(hal, &job->tile[b]) ||
		    job->tile[b].w != job->tile->w ||
		    (job->tile[b].n_bias && !job->drive))
			return IMC_RT_E_DEVICE;
	if (job->n_tile > 1 && !job->adc)
		return IMC_RT_E_DEVICE;
	for (int32_t i = 0; i < job->n_row * job->window->out_w; i++)
		run_window(hal, job, i);
	return IMC_RT_OK;
}

/* Channel k of the window at (oy, ox). */
static int32_t depthwise_point(const struct imc_hal_depthwise *p,
			       const int8_t *src, int32_t oy, int32_t ox,
			       int32_t k)
{
	const struct imc_hal_window *w = p->window;
	int32_t y0 = oy * w->stride_h - w->pad_top;
	int32_t x0 = ox * w->stride_w - w->pad_left;
	int32_t c = k / (w->out_c / w->in_c), sum = p->bias[k];
	struct imc_rt_range rows =
		imc_rt_taps(y0, w->kernel_h, w->dilation_h, w->in_h);
	struct imc_rt_range cols =
		imc_rt_taps(x0, w->kernel_w, w->dilation_w, w->in_w);

	for (int64_t ky = rows.first; ky < rows.end; ky++)
		for (int64_t kx = cols.first; kx < cols.end; kx++) {
			int64_t y = y0 + ky * w->dilation_h;
			int64_t x = x0 + kx * w->dilation_w;
			int64_t tap =
				((int64_t)k * w->kernel_h + ky) * w->kernel_w +
				kx;

			sum += (src[(y * w->in_w + x) * w->in_c + c] -
				p->zero_x) *
			       p->weights[tap];
		}
	return sum;
}

int imc_hal_depthwise_run(struct imc_hal *hal,
			  const struct imc_hal_depthwise *p, const int8_t *src,
			  int8_t *dst)
{
	const struct imc_hal_window *w = p->window;

	(void)hal;
	for (int32_t y = 0; y < w->out_h; y++)
		for (int32_t x = 0; x < w->out_w; x++)
			for (int32_t k = 0; k < w->out_c; k++) {
				int32_t s = depthwise_point(p, src, y, x, k);

				*dst++ = (int8_t)imc_rt_requant(
					s, 1, p->shift[k], p->zero_y, p->lo,
					p->hi);
			}
	return IMC_RT_OK;
}
