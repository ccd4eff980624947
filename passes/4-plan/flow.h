/* flow.h: a network as the planner sees it: units, which are the nodes that
 * run, in order, and the values that they make and read. */
#ifndef IMC_FLOW_H
#define IMC_FLOW_H

#include "ir/module.h"
#include "ir/support/checked.h"

/* A value that has memory of its own; views lie in it. */
struct imc_flow_value {
	imc_val val;
	int64_t rows, row_bytes;
	int32_t maker;	/* unit; -1: an input */
	int32_t last;	/* the last unit that reads it; -1: none */
	bool is_output; /* itself */
	int32_t n_out;	/* outputs that it is, or shows */
	int32_t n_shown;
	imc_val *shown; /* views of it that are outputs */
};

struct imc_flow_read {
	int32_t value, input; /* input of the node */
	bool all;	      /* all rows, whatever rows are made */
};

/* Cost of some rows, and the strips of a crossbar step that gives it. */
struct imc_flow_cost {
	bool known;
	int32_t strip_rows;
	struct imc_cost cost;
};

struct imc_flow_unit {
	imc_node_id node;
	bool by_rows;	    /* else all rows at once */
	int64_t rows, step; /* of its output; strips are multiples of step */
	unsigned lanes;	    /* bits of enum imc_lane */
	int32_t n_read, n_made;
	struct imc_flow_read *read;
	int32_t *made;		   /* values */
	int64_t constants;	   /* bytes */
	int64_t channels;	   /* that may come in blocks; 0 */
	bool pool;		   /* blocks are of its input */
	bool in_place;		   /* of the cores, which may work in L2 */
	int64_t code_row;	   /* scratch bytes of one output row */
	struct imc_assign as;	   /* that of the map, but for `overlap` */
	struct imc_flow_cost *row; /* by number of rows, 0 .. rows */
};

struct imc_flow {
	const struct imc_module *m;
	int32_t n_value, n_unit;
	struct imc_flow_value *value;
	struct imc_flow_unit *unit;
	int64_t scratch_bytes; /* that codes of one step should take at most */
	/* of chain.c, which is asked often */
	struct imc_arena *a;
	size_t cap_turn;
	int64_t *turn;
};

/* The flow of m->g with roots of m->plan, which is started. */
struct imc_flow imc_flow_of(const struct imc_module *m, struct imc_arena *a);

/* The rows of what read k of unit u needs for rows `out`. */
struct imc_rows imc_flow_reads(const struct imc_flow *f, int32_t u, int k,
			       struct imc_rows out);

/* Rows of value v that are there when `rows` of its maker are. */
int64_t imc_flow_made(const struct imc_flow *f, int32_t u, int32_t v,
		      int64_t rows);

/* Cost of n_row rows of unit u; it remembers. */
const struct imc_flow_cost *imc_flow_cost(struct imc_flow *f, int32_t u,
					  int64_t n_row);

/* Bytes of codes, or without ADC of sums, that all tiles of a node give for one
 * window, copies once. */
int64_t imc_flow_window_bytes(const struct imc_map *map,
			      const struct imc_assign *as, bool adc);

/* True if steps of the cores find value v, which is not in L1, in its far
 * place, or with `write` may make it there; then nobody reads it behind them
 * if they make what an output shows. */
bool imc_flow_is_far(const struct imc_flow *f, int32_t v, bool write);

/* What it costs unit u to read that value in its far place, or to write it
 * there, for n_row rows of its output. */
struct imc_cost imc_flow_far_cost(const struct imc_flow *f, int32_t u,
				  int32_t value, int64_t n_row);

static inline int64_t imc_flow_bytes(const struct imc_flow_value *v)
{
	return v->rows * v->row_bytes;
}

#endif
