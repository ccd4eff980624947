/* robustness.h: the part of the report about device noise that a mapping was
 * chosen under: what it costs and gives against the mapping without regard to
 * it. */
#ifndef IMC_REPORT_ROBUSTNESS_H
#define IMC_REPORT_ROBUSTNESS_H

#include "backend/report/facts.h"
#include "backend/report/json.h"

/* Both write nothing where no noise was asked for. */
void imc_report_robust_text(const struct imc_module *m,
			    const struct imc_report_facts *f,
			    struct imc_buf *out);
void imc_report_robust_json(struct imc_json *j, const struct imc_module *m,
			    const struct imc_report_facts *f);

#endif
