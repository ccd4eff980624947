/* strips.h: a layer that runs strip after strip, on rings of lines that hold
 * what a strip needs and no more than they must. */
#ifndef IMC_TEST_STRIPS_H
#define IMC_TEST_STRIPS_H

#include "imc_hal_host.h"
#include "imc_rt.h"
#include "tests/runtime/random.h"

#define MAX_RING 16384 /* bytes */

/* A layer of one image, whose result has `rows` rows of `line` elements. */
struct strips {
	const struct imc_hal_window *window; /* NULL: row r reads row r */
	int32_t rows, line, in_rows, in_line;
	int32_t multiple; /* strips begin and end at a multiple of so many rows,
			   * or with the last one */
	const int8_t *x, *b; /* b: another operand like x, or NULL */
	void *cx;
	/* Sets the lines of the rings; runs rows, with b if there is one. */
	void (*set)(void *cx, int32_t in_lines, int32_t out_lines);
	int (*run)(void *cx, const int8_t *x, const int8_t *b, int8_t *y,
		   int32_t row, int32_t n_row);
};

/* Runs it in random strips, the result to y; the status. Results lie in a ring
 * until they are stored. */
int strips_run(struct random *r, struct imc_hal *hal, const struct strips *s,
	       int8_t *y);

#endif
