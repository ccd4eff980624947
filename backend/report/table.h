/* table.h: text in columns; cells are kept until their widths are known. */
#ifndef IMC_REPORT_TABLE_H
#define IMC_REPORT_TABLE_H

#include "ir/support/buf.h"

/* Columns of a table at most. */
#define IMC_TABLE_COLUMNS 12

struct imc_table {
	struct imc_arena *a;
	int n_col;
	const char *left; /* one letter a column: 'l' left, 'r' right */
	size_t n, cap;
	const char **cell;
};

/* Cells come row by row; text is not copied. */
void imc_table_cell(struct imc_table *t, const char *text);

/* A row of t->n_col names. */
void imc_table_head(struct imc_table *t, const char *const *names);

void imc_table_print(const struct imc_table *t, struct imc_buf *out);

#endif
