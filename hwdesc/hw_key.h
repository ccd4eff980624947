/* hw_key.h: the keys of hw.def as a table, for hw.c and hw_read.c. */
#ifndef IMC_HW_KEY_H
#define IMC_HW_KEY_H

#include <stdbool.h>
#include <stddef.h>

#include "hwdesc/hw.h"

enum imc_hw_key_type { IMC_KEY_I, IMC_KEY_F, IMC_KEY_E };

/* One key; offset: into struct imc_hw. def, min, max: in `unit`; integers of
 * hw.def are at most 2^40, so a double holds them. */
struct imc_hw_key {
	const char *section, *name;
	const char *full; /* "ima.arrays" */
	enum imc_hw_key_type type;
	size_t offset;
	const char *unit;  /* "" a plain number */
	const char *words; /* of IMC_KEY_E: "no|yes" */
	const char *help;
	double def, min, max;
};

extern const struct imc_hw_key imc_hw_keys[];
extern const size_t imc_n_hw_key;

extern const char *const imc_hw_sections[];
extern const size_t imc_n_hw_section;

/* What they describe. */
extern const char *const imc_hw_section_help[];

/* The value of k in hw as a description has it, without unit, in a. */
const char *imc_hw_value_text(const struct imc_hw *hw,
			      const struct imc_hw_key *k, struct imc_arena *a);

/* "a, b or c" of "a|b|c", in a. */
const char *imc_hw_words_text(const char *words, struct imc_arena *a);

/* What imc_hw_check checks; at: the place of each key of imc_hw_keys in the
 * file, file NULL where it has none; loc: the place of what has none. */
bool imc_hw_check_at(const struct imc_hw *hw, const struct imc_loc *at,
		     struct imc_loc loc, struct imc_diags *d);

/* The key called "ima.arrays", or NULL. */
const struct imc_hw_key *imc_hw_key_find(const char *full);

/* "; did you mean 'x'?" for the name nearest to word, or "". */
const char *imc_hw_hint(const char *word, const char *const *names, size_t n,
			struct imc_arena *a);

/* "unknown key" with the nearest one; always false. */
bool imc_hw_unknown_key(const char *key, struct imc_loc loc,
			struct imc_diags *d);

/* At most 60 printable characters of s, for messages. */
const char *imc_hw_quote(const char *s, struct imc_arena *a);

#endif
