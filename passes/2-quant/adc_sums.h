/* adc_sums.h: the sums that reach the ADCs of a layer on some samples.
 *
 * The columns of a layer that share one ADC setting are a set: all of a job,
 * or one alone where the target allows that. Of each set a regular subset of
 * the sums of every sample, row block and slice is kept. */
#ifndef IMC_ADC_SUMS_H
#define IMC_ADC_SUMS_H

#include "ir/module.h"
#include "passes/2-quant/adc_range.h"

struct imc_adc_sums {
	int64_t n_set;
	int64_t set_cols;    /* columns of a set, at most */
	int64_t bundle_cols; /* of a full bundle */
	int64_t bundle_sets; /* of a full bundle */
	int64_t n_channel;
	int n_bundle, n_block, n_slice;
	int64_t keep; /* sums of one set, sample, block and slice, at most */
	size_t n_sample;
	struct imc_adc_sum **kept; /* [sample][set][n_block*n_slice*keep] */
	int64_t **n_kept;	   /* [sample][set] */
};

/* Runs the arrays of node id, a q_conv2d with ADC, on n_sample samples;
 * in[s]: inputs of the node, as for its evaluator. The sums live in a. */
struct imc_adc_sums imc_adc_sums_gather(const struct imc_module *m,
					imc_node_id id, size_t n_sample,
					struct imc_tensor *const *in,
					struct imc_arena *a);

/* The output channels of a set: *first .. *first + *count. */
void imc_adc_sums_channels(const struct imc_adc_sums *s, int64_t set,
			   int64_t *first, int64_t *count);

/* All sums of a set, copied into a. */
struct imc_adc_sum *imc_adc_sums_of(const struct imc_adc_sums *s, int64_t set,
				    int64_t *n, struct imc_arena *a);

#endif
