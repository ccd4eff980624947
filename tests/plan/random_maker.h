/* random_maker.h: what lies where while a random plan is listed. */
#ifndef IMC_TEST_RANDOM_MAKER_H
#define IMC_TEST_RANDOM_MAKER_H

#include "tests/plan/random_plan.h"

/* A value that is no view. */
struct value {
	bool far; /* may be loaded again once stored */
	int64_t n_row, n_chan;
	int64_t least;	/* lines that it needs */
	int64_t *need;	/* by row: reads to come */
	int64_t *made;	/* by row: channels computed */
	bool *stored;	/* by row: in its far place */
	int32_t l1, l2; /* its buffer now, or -1 */
	bool is_input, is_output;
};

struct maker {
	struct list l;
	const struct imc_graph *g;
	struct value *v;
	struct task *t;
	size_t n_task;
	int32_t *fetched; /* by node: buffer of its constants now, or -1 */
	bool **out;	  /* by value: rows of an output that are stored */
	bool roomy;	  /* no rings: whatever else, this works */
	struct random_count *n;
};

bool random_chance(struct maker *k, int one_of);

struct value *random_value_of(struct maker *k, imc_val v);

const struct imc_tensor *random_shape(const struct maker *k, imc_val v);

int64_t random_last_dim(const struct imc_tensor *t);

/* Rows of what v shows in which those of v are. */
struct imc_rows random_shown(struct maker *k, imc_val v, struct imc_rows r);

/* Rows of the value behind input i that a cell reads. */
struct imc_rows random_read_by(struct maker *k, const struct imc_node *n, int i,
			       const struct cell *c);

bool random_is_known(const struct maker *k, imc_val v);

void random_use(struct maker *k, struct uses *u, int32_t buffer, int64_t place);

struct listed *random_add_step(struct maker *k, enum imc_step_kind kind);

int32_t random_add_held(struct maker *k, struct imc_buffer b, int64_t n_place);

bool random_may_drop(const struct maker *k, const struct value *x);

/* The value's rows may go: nobody needs them, or they can be loaded. */
bool random_may_go(const struct value *x, int64_t row);

/* A buffer for rows of x, which has none, or may lose the one it has. */
void random_open_ring(struct maker *k, struct value *x);

bool random_is_there(const struct maker *k, const struct value *x, int64_t row);

/* Loads what is missing of some rows, if they can be there together. */
bool random_want_rows(struct maker *k, struct value *x, struct imc_rows r);

/* Block of channels of x, all rows, of a value that is whole far away. */
bool random_want_block(struct maker *k, struct value *x, const struct cell *c,
		       int32_t n_chan);

/* The constants for a cell of a node, or of the one behind it. */
void random_want_constants(struct maker *k, const struct task *t, size_t cell);

#endif
