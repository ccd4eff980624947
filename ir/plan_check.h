/* plan_check.h: parts of imc_plan_check, and what they know while they walk
 * through the slots. Each part gives NULL, or what is wrong. */
#ifndef IMC_PLAN_CHECK_H
#define IMC_PLAN_CHECK_H

#include "ir/plan_now.h"

/* A place of a memory that holds a row, or a block of channels. */
struct imc_place {
	int64_t unit;	    /* which one; -1: none */
	int64_t n_chan;	    /* channels of it that are there */
	int32_t made, read; /* the last steps that wrote and read it, or -1 */
};

struct imc_places {
	struct imc_place *v;
	int64_t n; /* row or block u lies at u % n */
};

struct imc_plan_checker {
	const struct imc_graph *g;
	const struct imc_map *m;
	const struct imc_plan *p;
	struct imc_arena *a;
	struct imc_plan_now now;
	struct imc_places *buffer; /* by index */
	struct imc_places *out;	   /* by value id: an output, at the caller's */
	int64_t **made;		   /* by value id and row: channels computed */
	int32_t slot;		   /* its first step */
};

/* n empty places. */
struct imc_places imc_plan_places(struct imc_arena *a, int64_t n);

/* Every buffer by itself, and no two that live at once at the same place, or
 * with the same thing. Fills c->buffer. */
const char *imc_plan_check_buffers(struct imc_plan_checker *c);

/* Rows or blocks `u` in some places; n_chan: channels of a whole one. The words
 * are for messages. */
struct imc_units {
	struct imc_places at;
	struct imc_rows u;
	int64_t n_chan;
	const char *unit, *name, *where;
};

/* Rows of v in its buffer of a memory, for step i. */
const char *imc_units_rows(const struct imc_plan_checker *c, imc_val v,
			   enum imc_memory mem, struct imc_rows rows, size_t i,
			   struct imc_units *x);

/* The same where the cores find them: in L1; else in L2, or at the caller's,
 * where of an input there are no places (at.n 0), since all is there. */
const char *imc_units_by_cores(const struct imc_plan_checker *c, imc_val v,
			       struct imc_rows rows, size_t i,
			       struct imc_units *x);

/* Channels `chans` of n_chan in buffer b, as one of its blocks: of a value that
 * is cut by channels, or of constants. */
const char *imc_units_block(const struct imc_plan_checker *c, int32_t b,
			    struct imc_rows chans, int64_t n_chan, size_t i,
			    struct imc_units *x);

/* Step i reads all of them. What its own slot makes is entered behind all
 * reads, so that it is not there yet. */
const char *imc_units_read(const struct imc_plan_checker *c,
			   const struct imc_units *x, size_t i);

/* Step i puts those channels of each unit to its place, behind those that are
 * there. */
const char *imc_units_write(const struct imc_plan_checker *c,
			    const struct imc_units *x, struct imc_rows chans,
			    size_t i);

/* What step i, RUN, asks of its node and engine: rows and channels, scratch,
 * strips. */
const char *imc_plan_check_run(const struct imc_plan_checker *c, size_t i);

/* Scratch of step i, if it has any. */
const char *imc_plan_check_scratch(const struct imc_plan_checker *c, size_t i);

static inline const char *imc_plan_name(const struct imc_plan_checker *c,
					imc_val v)
{
	return imc_value_at(c->g, v)->name;
}

#endif
