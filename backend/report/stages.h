/* stages.h: the part of the report that spatial machines have: bits and copies
 * of layers, the pipeline that they form, and how they were chosen. What was
 * measured to choose is there for all machines. */
#ifndef IMC_REPORT_STAGES_H
#define IMC_REPORT_STAGES_H

#include "backend/report/facts.h"
#include "backend/report/json.h"

/* What takes most of the time of a layer: "arrays", "streams", "digital",
 * "cores". */
const char *imc_report_bound_by(const struct imc_report_layer *l);

/* Both write nothing where they have nothing to say. */
void imc_report_stages_text(const struct imc_module *m,
			    const struct imc_report_facts *f,
			    struct imc_buf *out);
void imc_report_stages_json(struct imc_json *j, const struct imc_module *m,
			    const struct imc_report_facts *f);

/* Members of a layer's object. */
void imc_report_stage_json(struct imc_json *j, const struct imc_module *m,
			   const struct imc_report_layer *l);

#endif
