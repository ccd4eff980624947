/* layer.h: random layers on crossbar arrays, their cells, and their results by
 * the formulas of ir/README.md, written down once more without tiles. */
#ifndef IMC_TEST_LAYER_H
#define IMC_TEST_LAYER_H

#include "imc_hal_host.h"
#include "imc_rt.h"
#include "tests/runtime/random.h"

#define ROWS 512
#define COLS 96
#define ARRAYS 256
#define MAX_X 10000
#define MAX_K 32
#define MAX_W 2048
#define MAX_RECORD 16384

enum form { DIGITAL, DIRECT, AGGREGATED, WHOLE_SUMS, N_FORM };

/* A layer as the compiler would give it. */
struct layer {
	struct imc_rt_crossbar p;
	int32_t group, bundle, block_rows, block_cols, adc, n_drive;
	int32_t patch_h; /* a multiple of that of each tile, divides out_h */
	int32_t tile_slices, n_copy;
	struct imc_hal_tile tile[ARRAYS];
	int8_t x[MAX_X], w[MAX_W], biasrow[4 * MAX_K], drive[4];
	/* of the cores, at the places that p gives, and of the ADCs */
	int32_t bias[MAX_K], mult[MAX_K], shift[MAX_K], zero[MAX_K];
	int32_t adc_mult[MAX_K], adc_shift[MAX_K], adc_zero[MAX_K];
	struct imc_rt_residual residual;
	int8_t rest[MAX_W], record[MAX_RECORD]; /* residual weights, stored */
	int32_t first[MAX_K + 1];
};

/* Input positions that `patch` neighbouring outputs read along one axis, in
 * order, relative to the first. */
struct positions {
	int32_t n, at[64];
};

struct positions positions_of(int32_t kernel, int32_t stride, int32_t dilation,
			      int32_t patch);

/* Channels on a position, of a tile with so many word lines of weights. */
int32_t channels_of(const struct imc_hal_tile *t, int32_t n_position,
		    int32_t lines);

/* Makes a layer with tiles, and programs the arrays; the status of that. */
int layer_pick(struct random *r, struct layer *l, enum form form,
	       struct imc_hal *hal);

/* Output channel k at (oy, ox) of image n. */
int8_t layer_want(const struct layer *l, int32_t n, int32_t oy, int32_t ox,
		  int32_t k);

/* Slices that t holds. */
int32_t layer_slices(const struct imc_hal_tile *t);

/* Sets the places of the constants of l, which is their piece of memory. */
void layer_places(struct layer *l);

/* All of it: l->x to y. */
int layer_run(struct imc_hal *hal, const struct layer *l,
	      const struct imc_rt_crossbar *p, int8_t *y, void *scratch);

int32_t layer_out_bytes(const struct layer *l);

#endif
