/* curve.h: latency and energy against the number of arrays, as files. */
#ifndef IMC_CURVE_H
#define IMC_CURVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ir/support/buf.h"

/* What a mapping onto so many arrays came to. */
struct imc_curve_point {
	int32_t arrays, used;
	bool found; /* false: the network does not fit so few arrays */
	double latency_ms, energy_uj;
	double bound_ms; /* proven: no mapping is faster; 0: not known */
	bool pareto;	 /* no point with as few arrays or less is as fast */
};

struct imc_curve {
	const char *model, *target;
	size_t n;
	struct imc_curve_point *point; /* by number of arrays */
};

/* Sets the pareto members. */
void imc_curve_mark(struct imc_curve *c);

/* One line a point, names of the columns first; points without a mapping have
 * empty columns. */
void imc_curve_csv(const struct imc_curve *c, struct imc_buf *out);
void imc_curve_json(const struct imc_curve *c, struct imc_buf *out);
/* A picture: latency with its bound, and energy, over the arrays. */
void imc_curve_svg(const struct imc_curve *c, struct imc_buf *out);

#endif
