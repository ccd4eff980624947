/* column_cells.h: columns of few cells, so that ADCs of few bits read their
 * sums as they are (TinyADC: Yuan et al., DATE 2021, without its training). */
#ifndef IMC_COLUMN_CELLS_H
#define IMC_COLUMN_CELLS_H

#include "passes/pass.h"

/* The options beside --column-cells fit it, if it is given. False: reported. */
bool imc_column_cells_check(const struct imc_module *m);

/* What the sums of layers can be with other codes of their weights: m
 * quantised, from its float form with its engines chosen. To be freed by
 * imc_module_free. */
struct imc_module *imc_column_cells_open(const struct imc_module *m);

/* Node id with these codes [k][r]: so many sums the ADC with most of them has
 * to tell apart. Columns of a node share a setting, or none do. */
int64_t imc_column_cells_sums(struct imc_module *quantised, imc_node_id id,
			      const int8_t *code);

/* Rows of a group of node id whose weights lie in one column of a tile. */
int64_t imc_column_cells_block(const struct imc_module *m, imc_node_id id);

#endif
