#include <stdio.h>

#include "frontend/cli/driver.h"
#include "hwdesc/hw.h"
#include "ir/support/embed.h"

static void print_target(const struct imc_hw *hw)
{
	printf("%-16s %lld cluster%s of %lld core%s, %g MHz, L1 %lld kB; %lld "
	       "array%s of %lldx%lld, %lld-bit cells, %g ns",
	       hw->name, (long long)hw->chip_clusters,
	       hw->chip_clusters == 1 ? "" : "s", (long long)hw->cluster_cores,
	       hw->cluster_cores == 1 ? "" : "s", hw->cluster_freq,
	       (long long)hw->l1_bytes / 1024, (long long)hw->ima_arrays,
	       hw->ima_arrays == 1 ? "" : "s", (long long)hw->ima_rows,
	       (long long)hw->ima_cols, (long long)hw->ima_cell_bits,
	       hw->ima_mvm_ns);
	if (hw->dw_kernel)
		printf("; depth-wise %lldx%lld", (long long)hw->dw_kernel,
		       (long long)hw->dw_kernel);
	if (hw->pe_rows)
		printf("; digital array %lldx%lld", (long long)hw->pe_rows,
		       (long long)hw->pe_cols);
	if (hw->ima_adc)
		printf("; no ADC");
	putchar('\n');
}

static int explain(const struct cli_options *o, const char *target)
{
	struct imc_buf b = {.arena = o->arena};
	struct imc_hw *hw = NULL;

	if (target) {
		hw = imc_hw_load(target, o->arena, o->d);
		if (!hw || !cli_set_keys(o, hw))
			return CLI_FAULT;
	}
	imc_hw_explain(hw, &b);
	fputs(b.p, stdout);
	return CLI_OK;
}

int cli_targets(const struct cli_options *o, struct cli_ui *ui)
{
	const char *target = o->operand.n ? o->operand.v[0] : NULL;

	(void)ui;
	if (!cli_check_sets(o) ||
	    (!target && cli_given(o, CLI_OPT_SET) &&
	     !cli_bad_value(o, CLI_OPT_SET, "a target to change")))
		return CLI_USAGE;
	if (target || cli_given(o, CLI_OPT_EXPLAIN))
		return explain(o, target);
	for (size_t i = 0; i < imc_target_files_count; i++) {
		const struct imc_embedded *f = &imc_target_files[i];
		struct imc_hw *hw =
			imc_hw_read(f->path, f->bytes, f->size, o->arena, o->d);

		if (!hw)
			return CLI_FAULT;
		print_target(hw);
	}
	return CLI_OK;
}
