/* print_part.h: the parts of imc_text_print. Private to ir/text. */
#ifndef IMC_PRINT_PART_H
#define IMC_PRINT_PART_H

#include "ir/fields.h"
#include "ir/module.h"
#include "ir/support/buf.h"

/* Constants of more elements go to the binary file. */
#define IMC_TEXT_INLINE 64

struct imc_printer {
	const struct imc_module *m;
	struct imc_buf *text, *blob;
	const char *blob_name; /* NULL: everything inline */
};

/* "a \"b\"", or - for NULL. */
void imc_print_string(struct imc_buf *b, const char *s);

/* Exactly: %a, or the bits of what is not finite. */
void imc_print_f32(struct imc_buf *b, float x);
void imc_print_f64(struct imc_buf *b, double x);

/* "%12", or "-". */
void imc_print_val(struct imc_buf *b, imc_val v);

/* " name=value" of every member that is not 0. */
void imc_print_members(struct imc_buf *b, const struct imc_member *table,
		       const void *of);

void imc_print_graph(const struct imc_printer *p);
void imc_print_bits(const struct imc_printer *p);
void imc_print_map(const struct imc_printer *p);
void imc_print_plan(const struct imc_printer *p);

#endif
