/* json.h: writes JSON that is the same wherever it is written.
 *
 * Two spaces a level; an object or list opened as a row stays on one line.
 * Numbers have six digits, so that the last bits of a sum do not show. */
#ifndef IMC_JSON_H
#define IMC_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "ir/support/buf.h"

struct imc_json {
	struct imc_buf *out;
	int depth; /* open objects and lists */
	int row;   /* depth at which a row began; 0: not in one */
	bool more; /* a comma is due before the next item */
};

/* key: NULL inside a list and for the outermost value. bracket: '{' or '['. */
void imc_json_open(struct imc_json *j, const char *key, char bracket);
void imc_json_open_row(struct imc_json *j, const char *key, char bracket);
/* bracket: the closing one. After the outermost a line end is written. */
void imc_json_close(struct imc_json *j, char bracket);

void imc_json_int(struct imc_json *j, const char *key, int64_t v);
void imc_json_bool(struct imc_json *j, const char *key, bool v);
/* Not a number and infinities become null. */
void imc_json_number(struct imc_json *j, const char *key, double v);
/* Control characters are escaped, bytes that are not UTF-8 replaced; NULL
 * becomes null. */
void imc_json_text(struct imc_json *j, const char *key, const char *v);

#endif
