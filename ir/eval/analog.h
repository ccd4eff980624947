/* analog.h: products of arrays with noise, for the evaluator of the map. */
#ifndef IMC_ANALOG_H
#define IMC_ANALOG_H

#include "ir/noise.h"
#include "ir/op/q_conv.h"

/* As imc_q_conv_run, of piece p on tile t of me->m, with me->analog. */
void imc_analog_run(const struct imc_map_eval *me, const struct imc_q_conv *q,
		    const struct imc_q_piece *p, const struct imc_tile *t,
		    int32_t *sum);

#endif
