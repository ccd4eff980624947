/* key.h: descriptions of things as tables of keys: machines (hw.def), noise
 * models (ir/noise.def).
 *
 * A described thing is a struct whose fields are its keys, int64_t for
 * integers and words and double for numbers, and whose first
 * member is its name (const char *). Files are YAML; all faults of one are
 * reported at once, each with its place. */
#ifndef IMC_KEY_H
#define IMC_KEY_H

#include <stdbool.h>
#include <stddef.h>

#include "ir/support/arena.h"
#include "ir/support/buf.h"
#include "ir/support/diag.h"
#include "ir/support/embed.h"

enum imc_key_type { IMC_KEY_I, IMC_KEY_F, IMC_KEY_E };

/* One key; offset: into the thing. def, min, max: in `unit`; integers are at
 * most 2^40, so a double holds them. */
struct imc_key {
	const char *section, *name;
	const char *full; /* "ima.arrays" */
	enum imc_key_type type;
	size_t offset;
	const char *unit;  /* "" a plain number */
	const char *words; /* of IMC_KEY_E: "no|yes" */
	const char *help;
	double def, min, max;
};

/* Rows of a table, from the macros of a .def file; thing: a struct whose
 * field for key k of section s is called s_k. */
#define IMC_KEY_ROW(thing, s, k)                                               \
	.section = #s, .name = #k, .full = #s "." #k,                          \
	.offset = offsetof(struct thing, s##_##k)
#define IMC_KEY_NUMBER(kind, u, d, lo, hi)                                     \
	.type = kind, .unit = u, .words = "", .def = (double)(d),              \
	.min = (double)(lo), .max = (double)(hi)
#define IMC_KEY_WORDS(w, d) .type = IMC_KEY_E, .unit = "", .words = w, .def = d

struct imc_key_section {
	const char *name, *help;
};

struct imc_key_table {
	const struct imc_key *key;
	size_t n_key;
	const struct imc_key_section *section;
	size_t n_section;
	const char *what; /* "machine" */
};

/* Every key of thing gets its default, the name "unnamed". */
void imc_key_defaults(const struct imc_key_table *t, void *thing);

/* The key called "ima.arrays", or NULL. */
const struct imc_key *imc_key_find(const struct imc_key_table *t,
				   const char *full);

/* Sets "ima.arrays" to "70" (a unit may follow: "1 MB"). Key "name" sets the
 * name, which is then kept in d->arena. False: reported. */
bool imc_key_set(const struct imc_key_table *t, void *thing, const char *key,
		 const char *value, struct imc_loc loc, struct imc_diags *d);

/* "12", "12 s", "1 month" in `unit` (of which it is when it has none); month:
 * 30 days, year: 365. False: no number, or a unit of another kind. */
bool imc_key_number(const char *text, const char *unit, double *v);

/* The value of k in thing as a description has it, without unit, in a. */
const char *imc_key_value_text(const void *thing, const struct imc_key *k,
			       struct imc_arena *a);

/* The default of k likewise. */
const char *imc_key_default_text(const struct imc_key *k, struct imc_arena *a);

/* "a, b or c" of "a|b|c", in a. */
const char *imc_key_words_text(const char *words, struct imc_arena *a);

/* Every key with default, unit, range and meaning, by section; with thing (or
 * NULL) also the value that it has there. For people. */
void imc_key_explain(const struct imc_key_table *t, const void *thing,
		     struct imc_buf *out);

/* Reads a thing from YAML text. at: gets the place of the value of each key of
 * t, file NULL where it has none; NULL: not wanted. False: reported. */
bool imc_key_read(const struct imc_key_table *t, void *thing,
		  struct imc_loc *at, const struct imc_embedded *file,
		  struct imc_diags *d);

/* Finds the text of thing `name`: one of n built-in files, or a YAML file (a
 * name with '/' or ending in .yaml or .yml), read into a. Else `unknown` is
 * reported with the name, those that there are and a hint. False: reported. */
bool imc_key_source(const char *name, const struct imc_embedded *files,
		    size_t n, enum imc_diag_id unknown, struct imc_arena *a,
		    struct imc_diags *d, struct imc_embedded *out);

/* "; did you mean 'x'?" for the name nearest to word, or "". */
const char *imc_key_hint(const char *word, const char *const *names, size_t n,
			 struct imc_arena *a);

/* "unknown key" with the nearest one; always false. */
bool imc_key_unknown(const struct imc_key_table *t, const char *key,
		     struct imc_loc loc, struct imc_diags *d);

/* At most 60 printable characters of s, for messages. */
const char *imc_key_quote(const char *s, struct imc_arena *a);

#endif
