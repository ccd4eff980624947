#include "ir/fields.h"

#include <string.h>

#include "ir/module.h"

#define MEMBER(type, of, member)                                               \
	{                                                                      \
#member, IMC_MEMBER_##type, offsetof(struct of, member)        \
	}
#define COST(of)                                                               \
	{"cycles", IMC_MEMBER_F64, offsetof(struct of, cost.cycles)},          \
		{"ns", IMC_MEMBER_F64, offsetof(struct of, cost.ns)},          \
		{"pj", IMC_MEMBER_F64, offsetof(struct of, cost.pj)},          \
		{"core_ns", IMC_MEMBER_F64,                                    \
		 offsetof(struct of, cost.core_ns)},                           \
		{"stream_ns", IMC_MEMBER_F64,                                  \
		 offsetof(struct of, cost.stream_ns)},                         \
		{"stall_ns", IMC_MEMBER_F64,                                   \
		 offsetof(struct of, cost.stall_ns)},                          \
		{"stage_ns", IMC_MEMBER_F64,                                   \
		 offsetof(struct of, cost.stage_ns)},                          \
	{                                                                      \
		"engine_ns", IMC_MEMBER_F64,                                   \
			offsetof(struct of, cost.engine_ns)                    \
	}
#define END                                                                    \
	{                                                                      \
		NULL, IMC_MEMBER_BOOL, 0                                       \
	}

const struct imc_member imc_option_members[] = {
	MEMBER(INT, imc_options, weight_bits),
	MEMBER(U64, imc_options, seed),
	MEMBER(INT, imc_options, equalise),
	MEMBER(INT, imc_options, calib_method),
	MEMBER(F64, imc_options, percentile),
	MEMBER(INT, imc_options, post),
	MEMBER(BOOL, imc_options, spill),
	MEMBER(INT, imc_options, solver),
	MEMBER(INT, imc_options, objective),
	MEMBER(F64, imc_options, slack),
	MEMBER(INT, imc_options, max_copies),
	MEMBER(INT, imc_options, tiling),
	MEMBER(BOOL, imc_options, no_overlap),
	MEMBER(INT, imc_options, conv_engine),
	MEMBER(INT, imc_options, dw_engine),
	MEMBER(INT, imc_options, dw_job),
	MEMBER(BOOL, imc_options, timings),
	MEMBER(INT, imc_options, act_bits),
	MEMBER(INT, imc_options, max_replicas),
	MEMBER(F64, imc_options, budget_bits),
	MEMBER(BOOL, imc_options, has_drop),
	MEMBER(F64, imc_options, max_drop),
	MEMBER(INT, imc_options, error_model),
	MEMBER(INT, imc_options, search),
	MEMBER(INT, imc_options, max_trials),
	MEMBER(F64, imc_options, solver_time),
	MEMBER(F64, imc_options, min_throughput),
	MEMBER(INT, imc_options, rounding),
	MEMBER(BOOL, imc_options, no_bias_correction),
	MEMBER(F64, imc_options, residual),
	MEMBER(INT, imc_options, column_cells),
	END,
};

const struct imc_member imc_trial_members[] = {
	MEMBER(F64, imc_trial, budget),
	MEMBER(F64, imc_trial, predicted),
	MEMBER(F64, imc_trial, error),
	MEMBER(F64, imc_trial, drop),
	MEMBER(F64, imc_trial, value),
	MEMBER(F64, imc_trial, gap),
	MEMBER(BOOL, imc_trial, taken),
	MEMBER(F64, imc_trial, right),
	MEMBER(F64, imc_trial, std),
	MEMBER(F64, imc_trial, worst),
	END,
};

const struct imc_member imc_robust_members[] = {
	MEMBER(F64, imc_robust, time_s),
	MEMBER(I64, imc_robust, runs),
	MEMBER(I32, imc_robust, plain_arrays),
	MEMBER(F64, imc_robust, plain_ns),
	MEMBER(F64, imc_robust, plain_pj),
	MEMBER(F64, imc_robust, plain_error),
	MEMBER(F64, imc_robust, plain_right),
	MEMBER(F64, imc_robust, plain_std),
	MEMBER(F64, imc_robust, plain_worst),
	MEMBER(F64, imc_robust, float_right),
	END,
};

const struct imc_member imc_plain_members[] = {
	MEMBER(I32, imc_plain_layer, weight_bits),
	MEMBER(BOOL, imc_plain_layer, post_adc),
	END,
};

const struct imc_member imc_map_members[] = {
	MEMBER(I32, imc_map, array_rows),
	MEMBER(I32, imc_map, array_cols),
	MEMBER(I32, imc_map, n_array),
	MEMBER(BOOL, imc_map, adc_per_job),
	MEMBER(BOOL, imc_map, pe_shares_port),
	MEMBER(BOOL, imc_map, own_arrays),
	MEMBER(I32, imc_map, n_used),
	MEMBER(I32, imc_map, lower_bound),
	MEMBER(F64, imc_map, bound_ns),
	MEMBER(F64, imc_map, chain_bound_ns),
	MEMBER(F64, imc_map, stage_bound_ns),
	{"narrow_ns", IMC_MEMBER_F64, offsetof(struct imc_map, narrow.ns)},
	{"narrow_pj", IMC_MEMBER_F64, offsetof(struct imc_map, narrow.pj)},
	MEMBER(F64, imc_map, chooser_gap),
	END,
};

const struct imc_member imc_assign_members[] = {
	MEMBER(I32, imc_assign, weight_bits),
	MEMBER(I32, imc_assign, act_bits),
	MEMBER(I32, imc_assign, slices),
	MEMBER(I32, imc_assign, tile_slices),
	MEMBER(I32, imc_assign, bundle),
	MEMBER(I32, imc_assign, block_rows),
	MEMBER(I32, imc_assign, block_cols),
	MEMBER(I32, imc_assign, bias_rows),
	MEMBER(I32, imc_assign, patch_h),
	MEMBER(I32, imc_assign, patch_w),
	MEMBER(I32, imc_assign, rest_h),
	MEMBER(I32, imc_assign, rest_w),
	MEMBER(I32, imc_assign, copies),
	MEMBER(I32, imc_assign, residual_groups),
	MEMBER(I32, imc_assign, column_cells),
	MEMBER(I32, imc_assign, adders),
	MEMBER(I32, imc_assign, stores),
	MEMBER(BOOL, imc_assign, post_adc),
	MEMBER(BOOL, imc_assign, overlap),
	MEMBER(BOOL, imc_assign, spilled),
	MEMBER(I32, imc_assign, first_tile),
	MEMBER(I32, imc_assign, n_tile),
	MEMBER(F64, imc_assign, adc_gain),
	MEMBER(F64, imc_assign, adc_clipped_lo),
	MEMBER(F64, imc_assign, adc_clipped_hi),
	COST(imc_assign),
	END,
};

const struct imc_member imc_tile_members[] = {
	MEMBER(I32, imc_tile, bundle),	MEMBER(I32, imc_tile, block),
	MEMBER(I32, imc_tile, row0),	MEMBER(I32, imc_tile, n_row),
	MEMBER(I32, imc_tile, col0),	MEMBER(I32, imc_tile, n_col),
	MEMBER(I32, imc_tile, n_bias),	MEMBER(I32, imc_tile, slice0),
	MEMBER(I32, imc_tile, n_slice), MEMBER(I32, imc_tile, copy),
	MEMBER(I32, imc_tile, patch_h), MEMBER(I32, imc_tile, patch_w),
	MEMBER(I32, imc_tile, array),	MEMBER(I32, imc_tile, x),
	MEMBER(I32, imc_tile, y),	MEMBER(I32, imc_tile, w),
	MEMBER(I32, imc_tile, h),	END,
};

const struct imc_member imc_plan_members[] = {
	MEMBER(I64, imc_plan, l1_bytes),
	MEMBER(I64, imc_plan, l1_lower_bound),
	MEMBER(I64, imc_plan, l2_bytes),
	MEMBER(I64, imc_plan, l2_lower_bound),
	MEMBER(F64, imc_plan, roomy_ns),
	MEMBER(BOOL, imc_plan, in_chains),
	MEMBER(I64, imc_plan, dma_lower_bound),
	END,
};

const struct imc_member imc_step_members[] = {
	MEMBER(I32, imc_step, row),
	MEMBER(I32, imc_step, n_row),
	MEMBER(I32, imc_step, chan),
	MEMBER(I32, imc_step, n_chan),
	MEMBER(BOOL, imc_step, beside),
	MEMBER(I32, imc_step, scratch),
	MEMBER(I32, imc_step, strip_rows),
	COST(imc_step),
	END,
};

const struct imc_member imc_buffer_members[] = {
	MEMBER(I32, imc_buffer, lines),
	MEMBER(I32, imc_buffer, n_chan),
	MEMBER(I64, imc_buffer, offset),
	MEMBER(I64, imc_buffer, size_bytes),
	MEMBER(I32, imc_buffer, first),
	MEMBER(I32, imc_buffer, last),
	END,
};

size_t imc_member_size(enum imc_member_type t)
{
	switch (t) {
	case IMC_MEMBER_BOOL:
		return sizeof(bool);
	case IMC_MEMBER_INT:
		return sizeof(int);
	case IMC_MEMBER_I32:
		return sizeof(int32_t);
	case IMC_MEMBER_I64:
		return sizeof(int64_t);
	case IMC_MEMBER_U64:
		return sizeof(uint64_t);
	case IMC_MEMBER_F64:
		return sizeof(double);
	}
	return 0;
}

bool imc_members_equal(const struct imc_member *table, const void *a,
		       const void *b)
{
	for (; table->name; table++)
		if (memcmp((const char *)a + table->offset,
			   (const char *)b + table->offset,
			   imc_member_size(table->type)))
			return false;
	return true;
}
