/* move.h: the two halves of the family `move`. */
#ifndef IMC_MOVE_H
#define IMC_MOVE_H

#include "ir/op/typing.h"

/* pad.c: PAD. A negative pad crops. */
bool imc_pad_type(const struct imc_typing *t);
void imc_pad_eval(const struct imc_graph *g, const struct imc_node *n,
		  const struct imc_tensor *in, struct imc_tensor *y,
		  struct imc_arena *scratch);

/* slice.c: SLICE. */
bool imc_slice_type(const struct imc_typing *t);
void imc_slice_eval(const struct imc_node *n, const struct imc_tensor *x,
		    struct imc_tensor *y);

#endif
