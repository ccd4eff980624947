/* diff_sums.h: how far a tensor of codes is from one of reals.
 *
 * Only sums are kept, so that any number of samples takes no room. Sums of
 * samples are added in their order: the figures do not depend on threads. */
#ifndef IMC_CLI_DIFF_SUMS_H
#define IMC_CLI_DIFF_SUMS_H

#include <stdint.h>

#include "ir/graph.h"

/* Over the elements x (float) and y = scale * (code - zero). */
struct diff_sums {
	int64_t n;
	double signal; /* of x * x */
	double noise;  /* of (y - x)^2 */
	double power;  /* of y * y */
	double dot;    /* of x * y */
	double max;    /* of |y - x| */
	/* Codes at the lowest and highest that the layer gives; of those, the
	 * ones where x lies more than half a code beyond: range that is
	 * missing. */
	int64_t at_lo, at_hi, cut_lo, cut_hi;
};

/* What codes of a layer mean: real = scale * (code - zero), lo <= code <= hi.
 */
struct diff_code {
	double scale;
	int32_t zero, lo, hi;
};

struct diff_sums diff_sums_of(const float *x, const int8_t *code, int64_t n,
			      const struct diff_code *c);
/* The same with x another tensor of such codes. */
struct diff_sums diff_sums_between(const int8_t *x, const int8_t *code,
				   int64_t n, const struct diff_code *c);
void diff_sums_add(struct diff_sums *to, const struct diff_sums *s);

/* Signal to noise in dB, 10 lg (signal / noise). Infinite: no error; not a
 * number: nothing but zeros, or no elements. */
double diff_db(const struct diff_sums *s);

/* Cosine of the angle between x and y; not a number when one of them is 0. */
double diff_cosine(const struct diff_sums *s);

/* n of all elements; 0 when there are none. */
double diff_share(int64_t n, int64_t all);

/* Quantises as imc_quantise_array, then clamps to lo .. hi. */
void diff_quantise(const struct diff_code *c, const float *x, int8_t *q,
		   int64_t n);
void diff_dequantise(const struct diff_code *c, const int8_t *q, float *x,
		     int64_t n);

#endif
