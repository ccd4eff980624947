/* curve.h: many mappings of one network, as files: over the number of arrays,
 * and over the error that is allowed; on spatial machines also from the least
 * latency to the most images a second. */
#ifndef IMC_CURVE_H
#define IMC_CURVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ir/module.h"
#include "ir/support/buf.h"

struct imc_curve_point {
	/* What was asked for, as in struct imc_options. */
	int32_t arrays;
	enum imc_objective objective;
	bool has_drop;
	double drop, budget_bits, min_images;
	int post; /* 0 chosen layer by layer, 1 digital, 2 adc */
	/* What came of it. */
	bool found; /* false: the network does not fit so few arrays */
	int32_t used;
	double latency_ms, energy_uj;
	double bound_ms;     /* proven: no mapping is faster; 0: not known */
	double images_per_s; /* of the pipeline; 0: not a spatial machine */
	double error;	     /* sum of what the bits of its layers do */
	double weight_bits, act_bits; /* of layers on arrays, on average */
	double gap;	/* of the objective: (value - bound) / value */
	double seconds; /* it took to choose; 0: not asked for */
	bool measured;	/* lost is known */
	double lost;	/* percent of the samples, measured */
	double right;	/* percent that is right, measured */
	/* Layers on arrays with post adc, digital; of more than one slice. */
	int32_t n_adc, n_digital, n_sliced;
	bool pareto; /* none is as good in arrays, latency, images and error */
};

struct imc_curve {
	const char *model, *target;
	bool spatial;
	bool traded; /* accuracy against latency, where an ADC rounds sums */
	size_t n;
	/* By what was asked for besides objective and images, then from the
	 * least latency to the most images. */
	struct imc_curve_point *point;
};

/* True if both were asked for with the same error and, with arrays, on the
 * same number of arrays. */
bool imc_curve_same(const struct imc_curve_point *p,
		    const struct imc_curve_point *q, bool arrays);

/* Sets the pareto members. */
void imc_curve_mark(struct imc_curve *c);

/* One line a point, names of the columns first; points without a mapping have
 * empty columns. */
void imc_curve_csv(const struct imc_curve *c, struct imc_buf *out);
void imc_curve_json(const struct imc_curve *c, struct imc_buf *out);
/* A picture: latency with its bound, and energy, over the arrays; where
 * accuracy is traded samples lost and energy over latency; of a spatial machine
 * latency against images a second, and both over arrays and error. */
void imc_curve_svg(const struct imc_curve *c, struct imc_buf *out);

#endif
