/* adcs.h: how well the ADCs read the sums of layers. */
#ifndef IMC_REPORT_ADCS_H
#define IMC_REPORT_ADCS_H

#include "backend/report/facts.h"
#include "backend/report/json.h"

/* Of each tile of the map, in a; all 0 where there is no ADC. */
struct imc_adc_bits *imc_report_adc_bits(const struct imc_module *m,
					 struct imc_arena *a);

/* A table of the layers that are read by ADCs, if there is one. */
void imc_report_adcs_text(const struct imc_module *m,
			  const struct imc_report_facts *f,
			  struct imc_buf *out);

/* Members of a layer, and of a tile. */
void imc_report_adc_json(struct imc_json *j, const struct imc_report_facts *f,
			 const struct imc_report_layer *l);
/* Of a layer whose columns hold few cells: how many, and its weights. */
void imc_report_cells_json(struct imc_json *j, const struct imc_module *m,
			   const struct imc_report_layer *l);

void imc_report_tile_json(struct imc_json *j, const struct imc_adc_bits *b);

#endif
