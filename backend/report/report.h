/* report.h: what was mapped where, and what it costs; schema in README.md. */
#ifndef IMC_REPORT_H
#define IMC_REPORT_H

#include "hwdesc/hw.h"
#include "ir/module.h"
#include "ir/support/buf.h"

/* Sizes that only the bundle knows. */
struct imc_report_sizes {
	int64_t image_bytes;	 /* all crossbar images */
	int64_t code_data_bytes; /* emitted C and other data */
};

/* The report as JSON and as a table for a person. */
void imc_report_json(const struct imc_module *m,
		     const struct imc_report_sizes *s, struct imc_buf *out);
void imc_report_text(const struct imc_module *m,
		     const struct imc_report_sizes *s, struct imc_buf *out);

/* A picture of a plan, as SVG: buffers of L1 over the model's time, and below
 * it the layers, the DMA and the engines. */
void imc_memory_svg(const struct imc_module *m, struct imc_buf *out);

#endif
