/* adc_sums.h: the sums that reach the ADCs of a layer on some samples.
 *
 * The columns of a layer that share one ADC setting are a set: all of a job,
 * or one alone where the target allows that. Of each set a regular subset of
 * the outputs of every sample is kept, with the sums of all row blocks and
 * slices that make them. */
#ifndef IMC_ADC_SUMS_H
#define IMC_ADC_SUMS_H

#include "ir/module.h"
#include "passes/2-quant/adc_range.h"

/* What is known of an output channel. Its exact sum over blocks and slices,
 * in units of slice 0: beyond lo .. hi the output is clamped, whatever is
 * read. */
struct imc_adc_channel {
	double lo, hi;
	float scale; /* of the weights: what one unit of the sum costs */
};

struct imc_adc_sums {
	int64_t n_set;
	int64_t set_cols;    /* columns of a set, at most */
	int64_t bundle_cols; /* of a full bundle */
	int64_t bundle_sets; /* of a full bundle */
	int64_t n_channel;
	int64_t n_window;
	int n_bundle, n_block, n_slice, slice_bits;
	int64_t keep; /* outputs of one set and sample, at most */
	size_t n_sample;
	const struct imc_adc_channel *channel;
	/* [sample][(set * n_block*n_slice + block*n_slice+slice) * keep] */
	int32_t **kept;
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

/* The n_code sums acc of one output, factor[i] units of the output's sum each,
 * as an ADC must read them: all in full, if their total is in lo .. hi. Below
 * lo they may be read as the total lo, which leaves to the smallest of them
 * what is between; those that matter then are left, with end -1. Above hi the
 * same upside down. Returns how many. */
int imc_adc_settle(const int32_t *acc, const double *factor, int n_code,
		   const struct imc_adc_channel *c, struct imc_adc_sum *out);

/* What an ADC has to read of a set, in a; *total: all sums, those too that do
 * not matter. */
struct imc_adc_sum *imc_adc_sums_of(const struct imc_adc_sums *s, int64_t set,
				    int64_t *n, int64_t *total,
				    struct imc_arena *a);

/* mean[k - first]: of channel k of a set, by how much adc reads its total too
 * high on average, over outputs that are not clamped. */
void imc_adc_sums_bias(const struct imc_adc_sums *s, int64_t set,
		       const struct imc_adc *adc, double *mean);

#endif
