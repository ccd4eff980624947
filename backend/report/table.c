#include "backend/report/table.h"

#include <string.h>

void imc_table_cell(struct imc_table *t, const char *text)
{
	*IMC_PUSH(t->a, t->cell, t->n, t->cap) = text;
}

void imc_table_head(struct imc_table *t, const char *const *names)
{
	for (int i = 0; i < t->n_col; i++)
		imc_table_cell(t, names[i]);
}

static void print_row(const struct imc_table *t, size_t row, const int *width,
		      struct imc_buf *out)
{
	size_t begin = out->n;

	for (int c = 0; c < t->n_col; c++) {
		const char *text = t->cell[row * (size_t)t->n_col + (size_t)c];

		imc_buf_text(out, "  ");
		imc_buf_printf(out, t->left[c] == 'l' ? "%-*s" : "%*s",
			       width[c], text);
	}
	while (out->n > begin && out->p[out->n - 1] == ' ')
		out->p[--out->n] = 0;
	imc_buf_text(out, "\n");
}

void imc_table_print(const struct imc_table *t, struct imc_buf *out)
{
	int width[IMC_TABLE_COLUMNS] = {0};

	for (size_t i = 0; i < t->n; i++) {
		int w = (int)strlen(t->cell[i]);
		size_t c = i % (size_t)t->n_col;

		if (w > width[c])
			width[c] = w;
	}
	for (size_t row = 0; row < t->n / (size_t)t->n_col; row++)
		print_row(t, row, width, out);
}
