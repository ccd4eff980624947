/* text_read.h: characters to words, numbers and ids. Private to ir/text.
 *
 * Every function returns false after it reported what it found in place of
 * what it wanted; nothing is read beyond `end`. */
#ifndef IMC_TEXT_READ_H
#define IMC_TEXT_READ_H

#include "ir/fields.h"
#include "ir/module.h"

struct imc_reader {
	const char *path;
	const char *p, *end, *line_start;
	int line;
	struct imc_module *m;
	struct imc_arena *arena; /* of the module */
	struct imc_diags *diags;
	/* More than this many nodes or values cannot come from this text. */
	uint32_t max_id;
	const unsigned char *blob;
	size_t blob_size, blob_used;
	size_t cap_assign, cap_error;
	imc_node_id last; /* the node that an `origin` line adds to */
};

#define IMC_WORD_MAX 64

/* Reports that `what` was expected at the next character. */
bool imc_read_fail(struct imc_reader *r, const char *what);

struct imc_loc imc_read_loc(const struct imc_reader *r);

/* Skips blanks and a comment; true if c comes next, which is then taken. */
bool imc_read_is(struct imc_reader *r, char c);
bool imc_read_need(struct imc_reader *r, char c);

/* The same, and leaves it there. */
bool imc_read_at(struct imc_reader *r, char c);

/* True if nothing but blanks and a comment is left on the line. */
bool imc_read_at_end(struct imc_reader *r);
bool imc_read_end_line(struct imc_reader *r);

/* Letters, digits and _ . - : at most IMC_WORD_MAX - 1 of them. */
bool imc_read_word(struct imc_reader *r, const char *what,
		   char word[IMC_WORD_MAX]);

/* A quoted string, or - for NULL; text lives in the module's arena. */
bool imc_read_string(struct imc_reader *r, const char **out);

bool imc_read_i64(struct imc_reader *r, int64_t lo, int64_t hi, int64_t *out);
bool imc_read_int(struct imc_reader *r, int *out);
bool imc_read_u64(struct imc_reader *r, uint64_t *out);
bool imc_read_hex(struct imc_reader *r, int digits, uint64_t *out);
bool imc_read_f32(struct imc_reader *r, float *out);
bool imc_read_f64(struct imc_reader *r, double *out);

/* %12 of a value, and n12 of a node, that was declared; or any id that may
 * still be declared. */
bool imc_read_val(struct imc_reader *r, imc_val *out);
bool imc_read_val_or_none(struct imc_reader *r, imc_val *out);
bool imc_read_new_val(struct imc_reader *r, imc_val *out);
bool imc_read_node(struct imc_reader *r, imc_node_id *out);
bool imc_read_new_node(struct imc_reader *r, imc_node_id *out);

/* "name=value" up to the end of the line. */
bool imc_read_members(struct imc_reader *r, const struct imc_member *table,
		      void *of);

#endif
