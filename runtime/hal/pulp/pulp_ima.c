/* SPDX-License-Identifier: Apache-2.0 */
/* The registers of the IMA. */
#include "imc_rt.h"
#include "pulp_job.h"
#include "pulp_regs.h"

static uint32_t page_of(int32_t array)
{
	return PULP_IMA + (uint32_t)array * PULP_IMA_PAGE;
}

static void put(uint32_t page, enum pulp_ima_register r, int32_t value)
{
	pulp_write(page + (uint32_t)r, (uint32_t)value);
}

/* The IMA gives itself free when a job, or the cells of a region, are done; it
 * must be taken before any of the registers below is written. */
static void acquire(uint32_t page)
{
	while (pulp_read(page + IMA_ACQUIRE))
		;
}

/* ---- jobs ---- */

/* Its event comes to all cores, so only the one that waits lets it through. One
 * that is left over from a job that was done before anyone waited says nothing:
 * the state does. */
static void wait_idle(struct imc_hal *hal)
{
	if (!hal->running)
		return;
	while (pulp_read(page_of(hal->running - 1) + IMA_STATUS))
		pulp_wait_event(PULP_EVENT_IMA);
	pulp_fence();
	hal->running = 0;
}

static void put_walk(uint32_t page, const struct imc_pulp_trigger *t)
{
	put(page, IMA_NUM_JOBS, t->n_x * t->n_y);
	put(page, IMA_ALPHA_IN_LENGTH, t->n_x - 1);
	put(page, IMA_ALPHA_IN_STRIDE, t->in_x);
	put(page, IMA_BETA_IN_LENGTH, t->n_y);
	put(page, IMA_BETA_IN_STRIDE, t->in_y - (t->n_x - 1) * t->in_x);
	put(page, IMA_ALPHA_OUT_LENGTH, t->n_x - 1);
	put(page, IMA_ALPHA_OUT_STRIDE, t->out_x);
	put(page, IMA_BETA_OUT_LENGTH, t->n_y);
	put(page, IMA_BETA_OUT_STRIDE, t->out_y - (t->n_x - 1) * t->out_x);
}

/* All job registers are latched whenever one of those from START_X to
 * DST_STRIDE is written: these come last. */
void imc_pulp_trigger(struct imc_hal *hal, const struct imc_pulp_trigger *t)
{
	uint32_t page = page_of(t->array);

	wait_idle(hal);
	pulp_fence();
	acquire(page);
	put(page, IMA_ADC_LOW, t->adc_low);
	put(page, IMA_ADC_HIGH, t->adc_high);
	put(page, IMA_FETCH_LENGTH, t->h);
	put(page, IMA_STORE_LENGTH, t->w);
	put(page, IMA_LINE_LENGTH, t->line);
	put(page, IMA_FEAT_STRIDE, 0);
	put(page, IMA_FEAT_LENGTH, t->n_line);
	put_walk(page, t);
	put(page, IMA_START_X, t->x);
	put(page, IMA_START_Y, t->y);
	put(page, IMA_WIDTH, t->w);
	put(page, IMA_HEIGHT, t->h);
	put(page, IMA_SRC, (int32_t)(uintptr_t)t->src);
	put(page, IMA_DST, (int32_t)(uintptr_t)t->dst);
	put(page, IMA_SRC_STRIDE, t->line_step);
	put(page, IMA_DST_STRIDE, 0);
	put(page, IMA_TRIGGER, 0);
	hal->running = t->array + 1;
	if (hal->post.job) {
		struct imc_pulp_post post = hal->post;

		hal->post.job = 0;
		imc_pulp_result(hal, &post);
	}
}

void imc_pulp_finish(struct imc_hal *hal)
{
	struct imc_pulp_post post = hal->post;

	wait_idle(hal);
	hal->post.job = 0;
	if (post.job)
		imc_pulp_result(hal, &post);
}

/* ---- cells ---- */

#define AT_ONCE 8 /* cells of a word, the lowest column in the lowest bits */

static void begin_plot(uint32_t page, int32_t x, int32_t y, int32_t w,
		       int32_t h)
{
	acquire(page);
	put(page, IMA_P_START_X, x);
	put(page, IMA_P_START_Y, y);
	put(page, IMA_P_WIDTH, w);
	put(page, IMA_P_HEIGHT, h);
}

static uint32_t pack(const int8_t *cell)
{
	uint32_t word = 0;

	for (int i = 0; i < AT_ONCE; i++)
		word |= ((uint32_t)cell[i] & 15) << 4 * i;
	return word;
}

static uint32_t read_cells(uint32_t page, int32_t x, int32_t y)
{
	acquire(page);
	put(page, IMA_PR_ADDR_X, x);
	put(page, IMA_PR_ADDR_Y, y);
	return pulp_read(page + IMA_PR_VAL);
}

/* The n < 8 columns of each row that do not fill a word: the IMA writes whole
 * words, so what others have beside them is read, and written again. The word
 * begins earlier where it would end behind the array. */
static void write_rest(uint32_t page, const struct imc_hal_tile *t, int32_t n,
		       const int8_t *cells, int32_t stride)
{
	int32_t from = t->x + t->w - n, x = from;

	if (x > IMC_PULP_COLS - AT_ONCE)
		x = IMC_PULP_COLS - AT_ONCE;
	for (int32_t r = 0; r < t->h; r++) {
		const int8_t *cell = cells + r * stride + t->w - n;
		uint32_t word = read_cells(page, x, t->y + r);

		for (int32_t i = 0; i < n; i++) {
			int32_t bit = 4 * (from + i - x);

			word &= ~(15u << bit);
			word |= ((uint32_t)cell[i] & 15) << bit;
		}
		begin_plot(page, x, t->y + r, AT_ONCE, 1);
		pulp_write(page + IMA_SUBMIT_PLOT, word);
	}
}

int imc_hal_ima_write(struct imc_hal *hal, const struct imc_hal_tile *region,
		      const int8_t *cells, int32_t stride)
{
	const struct imc_hal_tile *t = region;
	int32_t whole = t->w / AT_ONCE * AT_ONCE;
	uint32_t page;

	imc_pulp_finish(hal);
	if (t->array < 0 || t->array >= IMC_PULP_ARRAYS || t->x < 0 ||
	    t->y < 0 || t->w < 0 || t->h < 0 || t->w > IMC_PULP_COLS - t->x ||
	    t->h > IMC_PULP_ROWS - t->y)
		return IMC_RT_E_DEVICE;
	page = page_of(t->array);
	if (whole && t->h)
		begin_plot(page, t->x, t->y, whole, t->h);
	for (int32_t r = 0; r < t->h; r++)
		for (int32_t c = 0; c < whole; c += AT_ONCE)
			pulp_write(page + IMA_SUBMIT_PLOT,
				   pack(cells + r * stride + c));
	if (whole < t->w)
		write_rest(page, t, t->w - whole, cells, stride);
	return IMC_RT_OK;
}

int imc_hal_ima_has(struct imc_hal *hal, int32_t n_array, int32_t rows,
		    int32_t cols)
{
	(void)hal;
	return n_array <= IMC_PULP_ARRAYS && rows <= IMC_PULP_ROWS &&
	       cols <= IMC_PULP_COLS;
}
