#include <stdio.h>

#include "frontend/cli/options.h"
#include "ir/module.h"
#include "passes/pass.h"

/* "shaped folded", or "-" */
static const char *facts_text(uint32_t facts, struct imc_arena *a)
{
	const char *text = "";

	for (int f = 0; f < IMC_N_FACT; f++)
		if (facts >> f & 1)
			text = imc_arena_printf(a, "%s%s%s", text,
						*text ? "," : "",
						imc_fact_name(f));
	return *text ? text : "-";
}

int cli_passes(const struct cli_options *o, struct cli_ui *ui)
{
	(void)ui;
	printf("%-8s %-15s %-18s %-15s %s\n", "stage", "pass", "needs", "makes",
	       "what it does");
	for (size_t i = 0; i < imc_n_pass; i++) {
		const struct imc_pass *p = &imc_passes[i];

		printf("%-8s %-15s %-18s %-15s %s\n", p->stage, p->name,
		       facts_text(p->needs, o->arena),
		       facts_text(p->makes, o->arena), p->text);
	}
	return CLI_OK;
}
