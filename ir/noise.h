/* noise.h: networks on analog arrays whose devices are not ideal.
 *
 * A noise model is plain numbers; noise.def says what each means. It acts on
 * the images, the cells that tiles cover and no others: every cell is a pair
 * of devices, g+ for codes above 0 and g- for those below; |code| / cell_max
 * is the way from g_min to g_max. Word line r, column j of a tile then
 * multiplies with the weight (g+ - g-) / (g_max - g_min) * cell_max. Sums of
 * products are real numbers, get the noise of reading and the factor of the
 * drift compensation, and are read by the ADC with the arithmetic of
 * ir/num.h: without noise every bit is as in the quantised graph. The factor
 * comes before the ADC, as a range that follows the drift: where the ADC's
 * code is the next activation there is no other place for it.
 *
 * What is drawn depends on seed, run and place: of a device on its array, row
 * and column; of a product on sample, tile, job and column. Neither threads
 * nor the order of anything matter, and the same device drifts from time to
 * time. Nodes without an ADC are computed as they are. */
#ifndef IMC_NOISE_H
#define IMC_NOISE_H

#include "ir/map.h"
#include "ir/samples.h"

struct imc_noise {
	const char *name;   /* "pcm" */
	const char *source; /* file it was read from */
#define SECTION(section, text)
#define KEY_I(section, key, unit, def, min, max, text) int64_t section##_##key;
#define KEY_F(section, key, unit, def, min, max, text) double section##_##key;
#define KEY_E(section, key, words, def, text) int64_t section##_##key;
#include "ir/noise.def"
};

/* One set of devices at one time. */
struct imc_noise_case {
	const struct imc_noise *noise;
	uint64_t seed;
	int64_t run;
	double time_s;	   /* since programming, >= 0 */
	int32_t cell_max;  /* largest code of a cell: imc_slice_cell_max */
	int32_t input_max; /* largest input code, for read.out: 127 of 8 bits */
};

/* A device as programmed, and at a time, in uS. */
struct imc_noise_device {
	double start, now;
};

/* The device that should hold code (0 .. cell_max); `state` of its random
 * numbers (ir/support/splitmix.h). */
struct imc_noise_device imc_noise_draw(const struct imc_noise_case *c,
				       int32_t code, uint64_t state);

/* Weights of the n_row x n_col cells that begin at row y, column x of an array
 * of img, as they multiply: w and, of read.mvm, variance[] for an input of 1
 * (or NULL), both row-major. The factor of the drift compensation, or 1. */
struct imc_noise_block {
	int32_t array, x, y, n_row, n_col;
	float *w, *variance;
};
double imc_noise_cells(const struct imc_noise_case *c,
		       const struct imc_images *img,
		       const struct imc_noise_block *b);

/* The arrays programmed with noise, for imc_map_eval.analog; lives in a, which
 * m, img and c must outlive. On all processors. */
struct imc_analog *imc_analog_program(const struct imc_graph *g,
				      const struct imc_map *m,
				      const struct imc_images *img,
				      const struct imc_noise_case *c,
				      struct imc_arena *a);

/* Whether any node of the map is computed by arrays and read by an ADC. */
bool imc_analog_has_work(const struct imc_graph *g, const struct imc_map *m);

/* A network on one set of devices, over samples first .. first+n. */
struct imc_noisy {
	const struct imc_graph *g;
	const struct imc_map *m;
	const struct imc_images *img;
	const struct imc_samples *samples;
	int64_t first, n;
	/* Says how far it is, in samples; may be NULL. */
	void (*progress)(void *cx, int64_t done);
	void *cx;
};

/* Evaluates e with the devices of c, on all processors. top[i]: the first
 * largest element of output 0 of sample first + i; out: output 0 of all, in
 * the layout of the model, or NULL. */
void imc_noisy_run(const struct imc_noisy *e, const struct imc_noise_case *c,
		   int64_t *top, float *out);

/* The same without noise: cells as they are. */
void imc_noisy_ideal(const struct imc_noisy *e, int64_t *top, float *out);

/* Of n figures: mean, deviation (n - 1; of one figure 0), least. */
struct imc_noisy_stat {
	double mean, std, worst;
};
struct imc_noisy_stat imc_noisy_stat_of(const double *v, int64_t n);

#endif
