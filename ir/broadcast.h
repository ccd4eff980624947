/* broadcast.h: numpy's rule for operands of different shapes. */
#ifndef IMC_BROADCAST_H
#define IMC_BROADCAST_H

#include "ir/graph.h"

/* Widens the shape *y so that t broadcasts into it and what broadcast into it
 * before still does. False (and *y undefined) when they do not fit. */
bool imc_broadcast_shape(struct imc_tensor *y, const struct imc_tensor *t);

/* Element strides that walk t as if it had the shape of y: 0 along an axis
 * where t repeats. stride has y->rank entries. */
void imc_broadcast_strides(const struct imc_tensor *t,
			   const struct imc_tensor *y, int64_t *stride);

#endif
