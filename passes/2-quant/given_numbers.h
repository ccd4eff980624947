/* given_numbers.h: what stage 2 makes of scales and codes that the model file
 * gives (imc_value.given). */
#ifndef IMC_GIVEN_NUMBERS_H
#define IMC_GIVEN_NUMBERS_H

#include "passes/2-quant/quant.h"

/* True if every activation of g, after stage 1, has a given range or one that
 * its operator has: nothing is left to calibrate. */
bool imc_all_given(const struct imc_graph *g);

/* Given scales [k] and codes [k][r] of the weights w of a convolution. False:
 * none are given, or they do not fit an int8; *given then says which. */
bool imc_given_codes(const struct imc_graph *g, const struct imc_value *w,
		     float *scale, int8_t *code, enum imc_given *given);

/* What to say of given numbers of v as codes like b: kept, or why not. */
enum imc_given imc_given_act(const struct imc_hw *hw, const struct imc_value *v,
			     const struct imc_act_bits *b);

/* Tells the user, when the network has given numbers. */
void imc_given_tell(const struct imc_module *m, struct imc_arena *scratch);

#endif
