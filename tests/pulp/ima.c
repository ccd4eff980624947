/* The in-memory accelerator: arrays of 256 x 256 cells of 4 bits, each with a
 * page of registers. Its numbers are single precision floats, as those of the
 * public model of this machine; an option makes them whole. */
#include "tests/pulp/machine.h"

#include <math.h>
#include <string.h>

/* Registers by number. */
enum {
	TRIGGER = 0,
	ACQUIRE = 1,
	FINISHED = 2,
	STATUS = 3,
	P_START_X = 8,
	P_START_Y,
	P_WIDTH,
	P_HEIGHT,
	SUBMIT_PLOT,
	START_X,
	START_Y,
	WIDTH,
	HEIGHT,
	SRC,
	DST,
	SRC_STRIDE,
	DST_STRIDE,
	ADC_LOW,
	ADC_HIGH,
	LINE_LENGTH = 25,
	FEAT_LENGTH = 27,
	NUM_JOBS,
	ALPHA_IN_LENGTH,
	ALPHA_IN_STRIDE,
	BETA_IN_LENGTH,
	BETA_IN_STRIDE,
	ALPHA_OUT_LENGTH,
	ALPHA_OUT_STRIDE,
	BETA_OUT_LENGTH,
	BETA_OUT_STRIDE,
	PR_ADDR_X = 40,
	PR_ADDR_Y,
	PR_VAL,
	N_REGISTER
};

#define CYCLE_NS 4
#define MVM_NS 130
#define PLOT_NS 1000
#define WORDS_AT_ONCE 16

void ima_reset(struct machine *m)
{
	for (int32_t k = 0; k < m->n_array; k++)
		for (int32_t i = 0; i < ARRAY_ROWS; i++)
			m->array[k].cell[i][i] = 1;
	for (int32_t x = -128; x < 128; x++)
		for (int32_t w = -8; w < 8; w++) {
			float drive = (float)x / 127.0f;

			m->product[x + 128][w + 8] = drive * (float)w / 7.0f;
		}
}

/* ---- numbers ---- */

static int8_t read_adc(float sum, int32_t low, int32_t high)
{
	float v = sum;
	int32_t whole;

	if (v >= (float)high)
		v = (float)high;
	else if (v <= (float)-low)
		v = (float)-low;
	v = v * 127.0f / (float)(high + low);
	v = v >= 127.0f ? 127.0f : v <= -127.0f ? -127.0f : v;
	whole = (int32_t)v;
	if (v - (float)whole >= 0.5f)
		whole++;
	else if (v - (float)whole <= -0.5f)
		whole--;
	return (int8_t)whole;
}

static int8_t read_whole(int64_t sum, int64_t low, int64_t high)
{
	int64_t unit = 7 * (low + high), v;

	sum = sum > 889 * high ? 889 * high : sum;
	sum = sum < -889 * low ? -889 * low : sum;
	v = (2 * (sum < 0 ? -sum : sum) + unit) / (2 * unit);
	v = sum < 0 ? -v : v;
	return (int8_t)(v > 127 ? 127 : v < -127 ? -127 : v);
}

static void multiply_float(const struct machine *m, const struct array *a,
			   const int8_t *x, int8_t *y)
{
	const uint32_t *j = a->job;
	float sum[ARRAY_COLS] = {0};

	for (uint32_t r = 0; r < j[HEIGHT]; r++) {
		const float *product = m->product[x[r] + 128] + 8;
		const int8_t *cell = a->cell[j[START_Y] + r] + j[START_X];

		for (uint32_t c = 0; x[r] && c < j[WIDTH]; c++)
			sum[c] += product[cell[c]];
	}
	for (uint32_t c = 0; c < j[WIDTH]; c++)
		y[c] = read_adc(sum[c], (int32_t)j[ADC_LOW],
				(int32_t)j[ADC_HIGH]);
}

static void multiply_whole(const struct array *a, const int8_t *x, int8_t *y)
{
	const uint32_t *j = a->job;

	for (uint32_t c = 0; c < j[WIDTH]; c++) {
		int64_t sum = 0;

		for (uint32_t r = 0; r < j[HEIGHT]; r++)
			sum += x[r] * a->cell[j[START_Y] + r][j[START_X] + c];
		y[c] = read_whole(sum, j[ADC_LOW], j[ADC_HIGH]);
	}
}

/* ---- jobs ---- */

/* n bytes at an address, of which the streamer looks at the low 22 bits. */
static uint8_t *stream(struct core *c, uint32_t address, uint32_t n)
{
	uint8_t *p = machine_memory(c->m, L1_BASE + (address & 0x3fffff), n);

	if (address < L1_BASE || address >= L1_BASE + c->m->l1_bytes || !p)
		machine_fault(c, "the IMA streams outside L1: 0x%08x", address);
	return p;
}

static void run_one(struct core *c, struct array *a, uint32_t src, uint32_t dst)
{
	const uint32_t *j = a->job;
	int8_t x[ARRAY_ROWS], y[ARRAY_COLS];
	uint32_t at = 0, n = j[LINE_LENGTH];

	for (uint32_t l = 0; l < j[FEAT_LENGTH]; l++, at += n)
		memcpy(x + at, stream(c, src + l * j[SRC_STRIDE], n), n);
	if (c->m->integer_adc)
		multiply_whole(a, x, y);
	else
		multiply_float(c->m, a, x, y);
	memcpy(stream(c, dst, j[WIDTH]), y, j[WIDTH]);
}

/* An address that goes by alpha `length` times, then by beta once. */
static void step(const uint32_t *alpha, uint32_t *address, uint32_t *n)
{
	if (alpha[2] == 0)
		return;
	if (*n < alpha[0]) {
		*address += alpha[1];
		++*n;
	} else {
		*address += alpha[3];
		*n = 0;
	}
}

/* What the model gets wrong, or the array does not have. */
static void check_job(struct core *c, const uint32_t *j, uint32_t src,
		      uint32_t dst)
{
	if (src % 4)
		machine_fault(c, "the IMA reads at 0x%08x, not at a word", src);
	if (dst % 4)
		machine_fault(c, "the IMA writes at 0x%08x, not at a word",
			      dst);
	if (j[FEAT_LENGTH] > 1 && (j[LINE_LENGTH] % 4 || j[SRC_STRIDE] % 4))
		machine_fault(c, "%u lines of %u bytes, %d apart, not words",
			      j[FEAT_LENGTH], j[LINE_LENGTH],
			      (int)j[SRC_STRIDE]);
}

static void check_trigger(struct core *c, const uint32_t *j)
{
	int32_t low = (int32_t)j[ADC_LOW], high = (int32_t)j[ADC_HIGH];

	if (!j[NUM_JOBS] || !j[WIDTH] || !j[HEIGHT] ||
	    j[START_X] + j[WIDTH] > ARRAY_COLS ||
	    j[START_Y] + j[HEIGHT] > ARRAY_ROWS)
		machine_fault(c, "a job of cells that are not there");
	if (j[FEAT_LENGTH] > ARRAY_ROWS || j[LINE_LENGTH] > ARRAY_ROWS ||
	    j[FEAT_LENGTH] * j[LINE_LENGTH] != j[HEIGHT])
		machine_fault(c, "%u lines of %u bytes for %u word lines",
			      j[FEAT_LENGTH], j[LINE_LENGTH], j[HEIGHT]);
	if (low < 0 || high < 0 || low + high < 1)
		machine_fault(c, "an ADC from -%d to %d", low, high);
}

static uint64_t time_of(const uint32_t *j)
{
	uint32_t words = (j[LINE_LENGTH] + 3) / 4, out = (j[WIDTH] + 3) / 4;
	uint64_t in = (words + WORDS_AT_ONCE - 1) / WORDS_AT_ONCE;
	uint64_t back = (out + WORDS_AT_ONCE - 1) / WORDS_AT_ONCE;
	uint64_t one = in * j[FEAT_LENGTH] + back + 7 + MVM_NS / CYCLE_NS;

	if (out / WORDS_AT_ONCE <= 1)
		one++;
	return one * j[NUM_JOBS];
}

static void start(struct core *c, struct array *a)
{
	check_trigger(c, a->job);
	a->working = true;
	a->due = c->cycles + time_of(a->job);
	a->n_job += a->job[NUM_JOBS];
	a->n_trigger++;
}

/* Events 14, done, and 15, taken, come to all cores. */
static void tell(struct machine *m, uint32_t event, uint64_t when)
{
	for (int32_t i = 0; i < N_CORE; i++)
		core_event(m, i, event, when);
}

static void finish(struct machine *m, struct array *a)
{
	struct core *c = &m->core[0];
	uint32_t src = a->job[SRC], dst = a->job[DST], n_in = 0, n_out = 0;

	for (uint32_t i = 0; i < a->job[NUM_JOBS] && !m->done; i++) {
		if (i) {
			step(&a->job[ALPHA_IN_LENGTH], &src, &n_in);
			step(&a->job[ALPHA_OUT_LENGTH], &dst, &n_out);
		}
		check_job(c, a->job, src, dst);
		run_one(c, a, src, dst);
	}
	a->reg[FINISHED] += a->job[NUM_JOBS];
	a->working = a->acquired = false;
	tell(m, 1u << 14, a->due);
}

uint64_t ima_due(const struct machine *m)
{
	uint64_t due = UINT64_MAX;

	for (int32_t k = 0; k < m->n_array; k++)
		if (m->array[k].working && m->array[k].due < due)
			due = m->array[k].due;
	return due;
}

void ima_advance(struct machine *m, uint64_t now)
{
	for (int32_t k = 0; k < m->n_array; k++)
		if (m->array[k].working && m->array[k].due <= now)
			finish(m, &m->array[k]);
}

/* ---- cells ---- */

static void submit(struct core *c, struct array *a, uint32_t word)
{
	const uint32_t *r = a->reg;

	if (!a->plotting || a->plot_x + 8 > ARRAY_COLS ||
	    a->plot_y >= ARRAY_ROWS)
		machine_fault(c, "cells that are not there");
	for (uint32_t i = 0; i < 8; i++) {
		int32_t v = (int32_t)(word >> 4 * i & 15);

		a->cell[a->plot_y][a->plot_x + i] =
			(int8_t)(v < 8 ? v : v - 16);
	}
	c->cycles += PLOT_NS / CYCLE_NS + 1;
	a->n_plot++;
	a->plot_x += 8;
	if (a->plot_x < r[P_START_X] + r[P_WIDTH])
		return;
	a->plot_x = r[P_START_X];
	if (++a->plot_y == r[P_START_Y] + r[P_HEIGHT])
		a->plotting = a->acquired = false;
}

static uint32_t read_back(struct core *c, struct array *a)
{
	uint32_t x = a->reg[PR_ADDR_X], y = a->reg[PR_ADDR_Y], word = 0;

	if (!a->acquired || x + 8 > ARRAY_COLS || y >= ARRAY_ROWS)
		machine_fault(c, "cells that are not there");
	for (uint32_t i = 0; i < 8; i++)
		word |= ((uint32_t)a->cell[y][x + i] & 15) << 4 * i;
	a->acquired = false;
	return word;
}

/* ---- registers ---- */

static uint32_t acquire(struct core *c, struct array *a)
{
	if (a->acquired)
		return UINT32_MAX;
	a->acquired = true;
	tell(c->m, 1u << 15, c->cycles);
	return 0;
}

uint32_t ima_read(struct core *c, uint32_t offset)
{
	struct array *a = &c->m->array[offset / 0x100];
	uint32_t r = offset % 0x100 / 4, value = a->reg[r];

	ima_advance(c->m, c->cycles);
	switch (r) {
	case ACQUIRE:
		return acquire(c, a);
	case FINISHED:
		a->reg[FINISHED] = 0;
		return value;
	case STATUS:
		return a->acquired;
	case PR_VAL:
		return read_back(c, a);
	default:
		return value;
	}
}

void ima_write(struct core *c, uint32_t offset, uint32_t value)
{
	struct array *a = &c->m->array[offset / 0x100];
	uint32_t r = offset % 0x100 / 4;

	if (r >= N_REGISTER)
		machine_fault(c, "no register of the IMA: 0x%03x", offset);
	if (!a->acquired || a->working)
		machine_fault(c, "the IMA is not the writer's");
	a->reg[r] = value;
	if (r == TRIGGER)
		start(c, a);
	else if (r >= START_X && r <= DST_STRIDE)
		memcpy(a->job, a->reg, sizeof a->job);
	else if (r == SUBMIT_PLOT)
		submit(c, a, value);
	if (r >= P_START_X && r <= P_HEIGHT) {
		a->plotting = true;
		a->plot_x = a->reg[P_START_X];
		a->plot_y = a->reg[P_START_Y];
	}
}
