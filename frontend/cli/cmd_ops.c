#include <stdio.h>

#include "frontend/cli/options.h"
#include "ir/op.h"

int cli_ops(const struct cli_options *o, struct cli_ui *ui)
{
	(void)o;
	(void)ui;
	printf("%-20s %-22s %-8s %s\n", "operator", "ONNX", "kind", "meaning");
	for (int i = 0; i < IMC_N_OP; i++) {
		const struct imc_op_info *p = imc_op_info((enum imc_op)i);

		printf("%-20s %-22s %-8s %s\n", p->name,
		       *p->onnx ? p->onnx : "-", imc_kind_name(p->kind),
		       p->text);
	}
	return CLI_OK;
}
