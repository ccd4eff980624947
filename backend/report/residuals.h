/* residuals.h: the part of the report on exact weights beside the arrays. */
#ifndef IMC_REPORT_RESIDUALS_H
#define IMC_REPORT_RESIDUALS_H

#include "backend/report/facts.h"
#include "backend/report/json.h"

/* A table of the layers that have some; nothing without. */
void imc_report_residuals_text(const struct imc_module *m,
			       const struct imc_report_facts *f,
			       struct imc_arena *a, struct imc_buf *out);

/* The same as "residual"; nothing without. */
void imc_report_residuals_json(struct imc_json *j, const struct imc_module *m,
			       const struct imc_report_facts *f);

#endif
