/* chain_inner.h: a chain while its slots are gone through; of chain.c and
 * chain_turns.c only. */
#ifndef IMC_CHAIN_INNER_H
#define IMC_CHAIN_INNER_H

#include "passes/4-plan/chain.h"

#define IMC_MAX_ACTOR (2 * IMC_CHAIN_USES + 2 * IMC_CHAIN_UNITS)
#define IMC_MAX_READ (4 * IMC_CHAIN_USES)

/* What does one task a turn: a unit, or transfers of a value. */
struct imc_actor {
	enum imc_step_kind kind;
	int32_t use, unit; /* of the chain; -1 */
	imc_val val;
	int32_t turn; /* that comes next */
	int64_t *end; /* by turn: rows that are done with it */
};

/* A unit that reads a use, or a store of it. */
struct imc_reader {
	int32_t use, actor, read;
};

struct imc_run {
	struct imc_flow *f;
	const struct imc_chain *c;
	struct imc_chain_sum *out;
	imc_chain_hook *hook;
	void *cx;
	int32_t n_turn, n_block; /* turns: blocks counted */
	int32_t n_actor, n_reader;
	struct imc_actor actor[IMC_MAX_ACTOR];
	struct imc_reader reader[IMC_MAX_READ];
	int32_t first_reader[IMC_CHAIN_USES + 1];
	int32_t maker[IMC_CHAIN_USES]; /* actor; -1: had */
	int32_t fetch;		       /* actor, or -1 */
	bool pool;
	bool taken[IMC_MAX_ACTOR];
};

static inline struct imc_flow_unit *imc_run_unit(const struct imc_run *r,
						 int32_t u)
{
	return &r->f->unit[r->c->first + u];
}

static inline const struct imc_flow_value *
imc_run_value(const struct imc_run *r, int32_t use)
{
	return &r->f->value[r->c->use[use].value];
}

/* The use of that value. */
int32_t imc_run_use(const struct imc_run *r, int32_t value);

/* Who acts in r->c, who reads what, and which rows are done in which turn. */
void imc_run_open(struct imc_run *r);

#endif
