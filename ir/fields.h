/* fields.h: the plain members of the structs of map and plan, as data.
 *
 * Printer, parser and comparison walk these tables, so that a new member is
 * one new row. */
#ifndef IMC_FIELDS_H
#define IMC_FIELDS_H

#include <stdbool.h>
#include <stddef.h>

enum imc_member_type {
	IMC_MEMBER_BOOL,
	IMC_MEMBER_INT,
	IMC_MEMBER_I32,
	IMC_MEMBER_I64,
	IMC_MEMBER_U64,
	IMC_MEMBER_F64
};

struct imc_member {
	const char *name; /* NULL ends a table */
	enum imc_member_type type;
	size_t offset;
};

extern const struct imc_member imc_option_members[]; /* imc_options */
extern const struct imc_member imc_trial_members[];  /* imc_trial */
extern const struct imc_member imc_robust_members[]; /* imc_robust */
extern const struct imc_member imc_plain_members[];  /* imc_plain_layer */
extern const struct imc_member imc_map_members[];    /* imc_map */
extern const struct imc_member imc_assign_members[]; /* imc_assign */
extern const struct imc_member imc_tile_members[];   /* imc_tile */
extern const struct imc_member imc_plan_members[];   /* imc_plan */
extern const struct imc_member imc_step_members[];   /* imc_step */
extern const struct imc_member imc_buffer_members[]; /* imc_buffer */

/* All members of the table are equal in a and b (floats bit for bit). */
bool imc_members_equal(const struct imc_member *table, const void *a,
		       const void *b);

size_t imc_member_size(enum imc_member_type t);

#endif
