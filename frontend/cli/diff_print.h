/* diff_print.h: a comparison of layers as text and as JSON. */
#ifndef IMC_CLI_DIFF_PRINT_H
#define IMC_CLI_DIFF_PRINT_H

#include "frontend/cli/diff_verdict.h"

struct diff_report {
	const struct diff_net *net;
	const struct diff_figures *f; /* by layer */
	const struct diff_verdict *v;
	int64_t n;	   /* samples */
	int n_level;	   /* levels that ran: diff_n_level */
	const bool *shown; /* by layer */
};

void diff_report_text(const struct diff_report *r, struct imc_buf *out);
void diff_report_json(const struct diff_report *r, struct imc_buf *out);

#endif
