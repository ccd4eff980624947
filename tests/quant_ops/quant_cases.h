/* quant_cases.h: random quantised networks, and what they should give. */
#ifndef IMC_TEST_CASES_H
#define IMC_TEST_CASES_H

#include "ir/module.h"

/* A small generator, so that a failing case can be made again. */
struct rnd {
	uint64_t state;
};

/* An integer in lo .. hi. */
int64_t pick(struct rnd *r, int64_t lo, int64_t hi);

/* A q_conv2d with random everything; x is its input. */
struct conv_case {
	struct imc_graph *g;
	imc_node_id id;
	struct imc_tensor x;
	const char *text; /* its sizes, for a message */
};

struct conv_case make_conv(struct rnd *r, struct imc_arena *a);

/* y of the node by the formulas of ir/README.md, in 64 bits, slowly. */
void naive_conv(const struct conv_case *c, int8_t *y);

/* Gives the ADC of the node ends at whole numbers, and mostly float32. */
void choose_ends(const struct conv_case *c, struct rnd *r);

/* Adds to *sum, in float32, what a word line with input x and a cell w of
 * `bits` bits does; the code of a sum (ir/num_adc.h). */
void naive_float_add(volatile float *sum, int64_t x, int64_t w, int64_t bits);
int64_t naive_float_code(float sum, int64_t low, int64_t high);

/* Adds to sum[window][k] what the residual weights make of x. */
void naive_rest(const struct conv_case *c, int32_t *sum);

/* y of the node from whatever the cells of the images are, job by job and
 * cell by cell as struct imc_tile of ir/map.h says. */
void naive_map(const struct conv_case *c, const struct imc_map *m,
	       const struct imc_images *img, int8_t *y);

/* The cells of a tile that are not what they should be. */
int64_t wrong_cells(const struct conv_case *c, const struct imc_tile *t,
		    const struct imc_images *img);

/* Cuts the node into tiles of random columns, slices, copies and patches and
 * puts them on arrays. */
struct imc_map make_map(const struct conv_case *c, struct rnd *r,
			struct imc_arena *a);

/* Gives each the number of failed checks. */
int test_conv(struct rnd *r);
int test_map(struct rnd *r);
int test_cores(struct rnd *r);

#endif
