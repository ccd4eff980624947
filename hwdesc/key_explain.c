/* The keys of a thing for people. */
#include <string.h>

#include "hwdesc/key.h"

/* Columns between the key and its meaning. */
enum column { VALUE, DEFAULT, UNIT, RANGE, N_COLUMN };

static const char *range_text(const struct imc_key *k, struct imc_arena *a)
{
	int digits = k->type == IMC_KEY_I ? 15 : 6;

	if (k->type == IMC_KEY_E)
		return imc_key_words_text(k->words, a);
	return imc_arena_printf(a, "%.*g .. %.*g", digits, k->min, digits,
				k->max);
}

static void cells_of(const void *thing, const struct imc_key *k,
		     const char *cell[N_COLUMN], struct imc_arena *a)
{
	cell[VALUE] = thing ? imc_key_value_text(thing, k, a) : NULL;
	cell[DEFAULT] = imc_key_default_text(k, a);
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

void imc_key_explain(const struct imc_key_table *t, const void *thing,
		     struct imc_buf *out)
{
	const char *head[N_COLUMN] = {thing ? *(const char *const *)thing
					    : NULL,
				      "default", "unit", "range"};
	const char *cell[N_COLUMN];
	int width[N_COLUMN + 1] = {0};

	for (int i = 0; i < N_COLUMN; i++)
		widen(&width[i], head[i]);
	for (size_t k = 0; k < t->n_key; k++) {
		cells_of(thing, &t->key[k], cell, out->arena);
		for (int i = 0; i < N_COLUMN; i++)
			widen(&width[i], cell[i]);
		widen(&width[N_COLUMN], t->key[k].name);
	}
	for (size_t s = 0; s < t->n_section; s++) {
		imc_buf_printf(out, "%s%s: %s\n", s ? "\n" : "",
			       t->section[s].name, t->section[s].help);
		put_line("key", head, "meaning", width, out);
		for (size_t k = 0; k < t->n_key; k++) {
			if (strcmp(t->key[k].section, t->section[s].name) != 0)
				continue;
			cells_of(thing, &t->key[k], cell, out->arena);
			put_line(t->key[k].name, cell, t->key[k].help, width,
				 out);
		}
	}
}
