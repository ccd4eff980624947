/* plain_conv.h: convolutions as loops that anybody would write, to measure
 * against, and to compare with bit for bit. */
#ifndef IMC_PLAIN_CONV_H
#define IMC_PLAIN_CONV_H

#include "ir/eval.h"

/* Computes conv2d, channel-last, and q_conv2d without an ADC; cx: the graph. */
imc_eval_override plain_conv;

#endif
