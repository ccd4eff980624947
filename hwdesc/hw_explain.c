/* The keys of a machine for people. */
#include <string.h>

#include "hwdesc/hw_key.h"

/* Columns between the key and its meaning. */
enum column { VALUE, DEFAULT, UNIT, RANGE, N_COLUMN };

static const char *default_text(const struct imc_hw_key *k, struct imc_arena *a)
{
	return imc_hw_value_text(imc_hw_new(a), k, a);
}

static const char *range_text(const struct imc_hw_key *k, struct imc_arena *a)
{
	int digits = k->type == IMC_KEY_I ? 15 : 6;

	if (k->type == IMC_KEY_E)
		return imc_hw_words_text(k->words, a);
	return imc_arena_printf(a, "%.*g .. %.*g", digits, k->min, digits,
				k->max);
}

static void cells_of(const struct imc_hw *hw, const struct imc_hw_key *k,
		     const char *cell[N_COLUMN], struct imc_arena *a)
{
	cell[VALUE] = hw ? imc_hw_value_text(hw, k, a) : NULL;
	cell[DEFAULT] = default_text(k, a);
	cell[UNIT] = *k->unit ? k->unit : "-";
	cell[RANGE] = range_text(k, a);
}

static void put_line(const char *key, const char *const cell[N_COLUMN],
		     const char *help, const int width[N_COLUMN + 1],
		     struct imc_buf *out)
{
	imc_buf_printf(out, "  %-*s", width[N_COLUMN], key);
	for (int i = 0; i < N_COLUMN; i++)
		if (cell[i])
			imc_buf_printf(out, "  %-*s", width[i], cell[i]);
	imc_buf_printf(out, "  %s\n", help);
}

static void widen(int *width, const char *text)
{
	if (text && (int)strlen(text) > *width)
		*width = (int)strlen(text);
}

void imc_hw_explain(const struct imc_hw *hw, struct imc_buf *out)
{
	const char *head[N_COLUMN] = {hw ? hw->name : NULL, "default", "unit",
				      "range"};
	const char *cell[N_COLUMN];
	int width[N_COLUMN + 1] = {0};

	for (int i = 0; i < N_COLUMN; i++)
		widen(&width[i], head[i]);
	for (size_t k = 0; k < imc_n_hw_key; k++) {
		cells_of(hw, &imc_hw_keys[k], cell, out->arena);
		for (int i = 0; i < N_COLUMN; i++)
			widen(&width[i], cell[i]);
		widen(&width[N_COLUMN], imc_hw_keys[k].name);
	}
	for (size_t s = 0; s < imc_n_hw_section; s++) {
		imc_buf_printf(out, "%s%s: %s\n", s ? "\n" : "",
			       imc_hw_sections[s], imc_hw_section_help[s]);
		put_line("key", head, "meaning", width, out);
		for (size_t k = 0; k < imc_n_hw_key; k++) {
			if (strcmp(imc_hw_keys[k].section,
				   imc_hw_sections[s]) != 0)
				continue;
			cells_of(hw, &imc_hw_keys[k], cell, out->arena);
			put_line(imc_hw_keys[k].name, cell, imc_hw_keys[k].help,
				 width, out);
		}
	}
}
