/* Jobs of the IMA at random, written to its registers, against plain loops; and
 * how long jobs take. What the port never asks for is left out: addresses and
 * strides that are not of words, and several lines that are not. */
#include "pulp_regs.h"
#include "test.h"

#ifndef TRIGGERS
#define TRIGGERS 400
#endif
#define IN_BYTES 16384
#define OUT_BYTES 8192
#define MAX_JOBS 12

static int8_t in[IN_BYTES] __attribute__((section(".bss.l1"), aligned(64)));
static int8_t out[OUT_BYTES] __attribute__((section(".bss.l1"), aligned(64)));
static int8_t want[OUT_BYTES], cells[256][256], codes[MAX_JOBS][256];
static float product[256][16];

/* How an address goes from job to job. */
struct walk {
	int32_t alpha_n, alpha, beta_n, beta;
};

struct job {
	int32_t x, y, w, h, line, feat, stride, low, high, n;
	int32_t src, dst; /* in `in` and `out` */
	struct walk in, out;
};

/* ---- jobs ---- */

static int32_t below(uint32_t *seed, int32_t n)
{
	return test_random(seed) / 64 % n;
}

static struct walk make_walk(uint32_t *seed)
{
	struct walk w = {below(seed, 5), below(seed, 64) * 4 - 64,
			 below(seed, 4), below(seed, 256) * 4 - 512};

	return w;
}

/* Address of job i, from `at`: alpha_n steps of alpha, then one of beta. */
static int32_t walk_to(const struct walk *w, int32_t at, int32_t i)
{
	for (int32_t k = 0; k < i && w->beta_n; k++)
		at += k % (w->alpha_n + 1) < w->alpha_n ? w->alpha : w->beta;
	return at;
}

static int fits(const struct job *j)
{
	for (int32_t i = 0; i < j->n; i++) {
		int32_t src = walk_to(&j->in, j->src, i);
		int32_t dst = walk_to(&j->out, j->dst, i);
		int32_t end = src + (j->feat - 1) * j->stride;

		if (src < 0 || end < 0 || src + j->line > IN_BYTES - 4 ||
		    end + j->line > IN_BYTES - 4)
			return 0;
		if (dst < 0 || dst + j->w > OUT_BYTES)
			return 0;
	}
	return 1;
}

static void make_job(struct job *j, uint32_t *seed)
{
	int32_t many = below(seed, 16) ? 16 : 256;

	do {
		j->feat = below(seed, 3) ? 1 : 1 + below(seed, 5);
		j->line = 1 + below(seed, many == 16 ? 64 : 256 / j->feat);
		if (j->feat > 1)
			j->line = (j->line + 3) / 4 * 4;
		j->h = j->line * j->feat;
		j->stride = (below(seed, 200) - 20) * 4;
		j->w = 1 + below(seed, many);
		j->n = 1 + below(seed, MAX_JOBS);
		j->src = below(seed, IN_BYTES / 4) * 4;
		j->dst = below(seed, OUT_BYTES / 4) * 4;
		j->in = make_walk(seed);
		j->out = make_walk(seed);
	} while (j->h > 256 || !fits(j));
	j->x = below(seed, 257 - j->w);
	j->y = below(seed, 257 - j->h);
	j->low = below(seed, 1 + j->h / 20);
	j->high = 1 + below(seed, 1 + j->h / 20);
}

/* ---- plain loops ---- */

static int32_t read_adc(float v, int32_t low, int32_t high)
{
	int32_t code;

	if (v >= (float)high)
		v = (float)high;
	else if (v <= (float)-low)
		v = (float)-low;
	v = v * 127.0f / (float)(high + low);
	v = v >= 127.0f ? 127.0f : v <= -127.0f ? -127.0f : v;
	code = (int32_t)v;
	if (v >= 0)
		return v - (float)code >= 0.5f ? code + 1 : code;
	return v - (float)code <= -0.5f ? code - 1 : code;
}

static void compute(void *arg, int32_t core, int32_t n_core)
{
	const struct job *j = arg;

	for (int32_t k = core; k < j->n * j->w; k += n_core) {
		int32_t i = k / j->w, c = k % j->w;
		const int8_t *x = in + walk_to(&j->in, j->src, i);
		float sum = 0;

		for (int32_t r = 0; r < j->h; r++) {
			int32_t v = x[r / j->line * j->stride + r % j->line];

			sum += product[v + 128][cells[j->y + r][j->x + c] + 8];
		}
		codes[i][c] = (int8_t)read_adc(sum, j->low, j->high);
	}
}

/* Later jobs write over what earlier ones wrote. */
static void expect(struct imc_hal *hal, struct job *j)
{
	imc_hal_fork(hal, compute, j);
	for (int32_t i = 0; i < j->n; i++) {
		int8_t *to = want + walk_to(&j->out, j->dst, i);

		for (int32_t c = 0; c < j->w; c++)
			to[c] = codes[i][c];
	}
}

/* ---- the IMA ---- */

static void put(enum pulp_ima_register r, uint32_t value)
{
	pulp_write(PULP_IMA + (uint32_t)r, value);
}

static void put_walk(uint32_t first, const struct walk *w)
{
	pulp_write(PULP_IMA + first, (uint32_t)w->alpha_n);
	pulp_write(PULP_IMA + first + 4, (uint32_t)w->alpha);
	pulp_write(PULP_IMA + first + 8, (uint32_t)w->beta_n);
	pulp_write(PULP_IMA + first + 12, (uint32_t)w->beta);
}

/* Cycles from the trigger until core 0 is awake again. */
static int32_t run(struct test *t, struct imc_hal *hal, const struct job *j)
{
	uint32_t before;

	test_check(t, pulp_read(PULP_IMA + IMA_ACQUIRE) == 0, "acquire", 0);
	put(IMA_ADC_LOW, (uint32_t)j->low);
	put(IMA_ADC_HIGH, (uint32_t)j->high);
	put(IMA_FETCH_LENGTH, (uint32_t)j->h);
	put(IMA_STORE_LENGTH, (uint32_t)j->w);
	put(IMA_LINE_LENGTH, (uint32_t)j->line);
	put(IMA_FEAT_STRIDE, 0);
	put(IMA_FEAT_LENGTH, (uint32_t)j->feat);
	put(IMA_NUM_JOBS, (uint32_t)j->n);
	put_walk(IMA_ALPHA_IN_LENGTH, &j->in);
	put_walk(IMA_ALPHA_OUT_LENGTH, &j->out);
	put(IMA_START_X, (uint32_t)j->x);
	put(IMA_START_Y, (uint32_t)j->y);
	put(IMA_WIDTH, (uint32_t)j->w);
	put(IMA_HEIGHT, (uint32_t)j->h);
	put(IMA_SRC, (uint32_t)(uintptr_t)(in + j->src));
	put(IMA_DST, (uint32_t)(uintptr_t)(out + j->dst));
	put(IMA_SRC_STRIDE, (uint32_t)j->stride);
	put(IMA_DST_STRIDE, 0);
	pulp_fence();
	before = imc_hal_cycles(hal);
	put(IMA_TRIGGER, 0);
	while (pulp_read(PULP_IMA + IMA_STATUS))
		pulp_wait_event(PULP_EVENT_IMA);
	return (int32_t)(imc_hal_cycles(hal) - before);
}

static void program(struct test *t, struct imc_hal *hal, uint32_t *seed)
{
	struct imc_hal_tile all = {.w = 256, .h = 256, .n_channel = 256};

	all.n_col = 256;
	all.patch_h = all.patch_w = 1;
	for (int32_t i = 0; i < 65536; i++)
		cells[i / 256][i % 256] = (int8_t)(below(seed, 16) - 8);
	test_check(t, imc_hal_ima_write(hal, &all, cells[0], 256) == 0,
		   "a write", 0);
	for (int32_t x = -128; x < 128; x++)
		for (int32_t w = -8; w < 8; w++)
			product[x + 128][w + 8] =
				(float)x / 127.0f * (float)w / 7.0f;
}

static void test_jobs(struct test *t, struct imc_hal *hal, uint32_t *seed)
{
	int32_t n = 0, n_code = 0;

	for (int32_t i = 0; i < IN_BYTES; i++)
		in[i] = (int8_t)(below(seed, 256) - 128);
	for (int32_t i = 0; i < OUT_BYTES; i++)
		out[i] = 0;
	for (int32_t i = 0; i < TRIGGERS; i++) {
		int32_t wrong = 0;
		struct job j;

		for (int32_t k = 0; k < 256; k++)
			in[below(seed, IN_BYTES)] = (int8_t)below(seed, 256);
		make_job(&j, seed);
		expect(hal, &j);
		run(t, hal, &j);
		for (int32_t k = 0; k < OUT_BYTES; k++)
			wrong += out[k] != want[k];
		test_check(t, wrong == 0, "bytes of a trigger differ", wrong);
		n += j.n;
		n_code += j.n * j.w;
	}
	test_print("", n, " jobs, ");
	test_print("", n_code, " codes\n");
}

/* ---- time ---- */

/* Cycles of a job behind others of its kind, at 250 MHz. */
static void test_time(struct test *t, struct imc_hal *hal, int32_t w,
		      int32_t line, int32_t feat)
{
	struct job j = {.w = w, .line = line, .feat = feat, .h = line * feat};
	int32_t one, all, in_words = (line + 3) / 4, out_words = (w + 3) / 4;
	int32_t due = (in_words + 15) / 16 * feat + (out_words + 15) / 16;

	due += 7 + 130 / 4 + (out_words / 16 <= 1);
	j.stride = line;
	j.high = 1;
	j.n = 1;
	one = run(t, hal, &j);
	j.n = 101;
	all = run(t, hal, &j);
	test_print("", j.h, " x ");
	test_print("", w, ": ");
	test_print("", one, " cycles, then ");
	test_print("", (all - one) / 100, "\n");
	test_check(t, (all - one + 50) / 100 == due, "cycles of a job", due);
}

int imc_pulp_main(struct imc_hal *hal)
{
	struct test t = {0};
	uint32_t seed = 7;

	program(&t, hal, &seed);
	test_jobs(&t, hal, &seed);
	test_time(&t, hal, 32, 64, 1);
	test_time(&t, hal, 256, 256, 1);
	test_time(&t, hal, 64, 84, 3);
	test_time(&t, hal, 10, 9, 1);
	return test_result(&t);
}
