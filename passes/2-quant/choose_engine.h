/* choose_engine.h: what choosing engines once and choosing them in a loop
 * share. Private to stage 2. */
#ifndef IMC_CHOOSE_ENGINE_H
#define IMC_CHOOSE_ENGINE_H

#include "passes/2-quant/map_options.h"
#include "passes/solver/select.h"

/* A step of the network. */
struct imc_engine_step {
	imc_node_id node;
	bool is_matrix;
	struct imc_map_options o;
	int64_t macs;
	/* Options of a matrix node: the crossbar of fewest cells, the best
	 * digital one; -1: there is none. */
	int32_t small, digital;
	double saves; /* small against digital, of the objective */
	bool use;     /* the crossbar, if small choices are all there is */
	bool spilled; /* small does not fit */
	bool tried;   /* to put it back on the crossbars */
};

struct imc_engine_choice {
	struct imc_module *m;
	struct imc_arena *scratch;
	size_t n;
	struct imc_engine_step *v; /* of all that take time, in run order */
	struct imc_select_group *group;
	double max_error; /* of all picks together; 0: any */
	bool no_slack;	  /* m->opt.slack is not for energy */
};

/* Sets c->group to the options of c->v. */
void imc_engine_group(struct imc_engine_choice *c);

/* Quantisation may find that fewer bias rows do, so that other tiles are
 * packed in the end: then only what is packed easily is chosen. */
bool imc_engine_is_final(const struct imc_engine_choice *c);

/* The packer is the one that place_tiles will take. */
struct imc_select_problem imc_engine_problem(const struct imc_engine_choice *c);

/* Sets the bounds on the latency in c->m->map, for the network as it will be;
 * s: what was found. */
void imc_engine_bound(const struct imc_engine_choice *c,
		      const struct imc_select_answer *s);

/* The best picks of the objective with errors of at most c->max_error; start:
 * picks to begin with, or NULL. Not found: nothing is reported. */
struct imc_select_answer imc_engine_select(const struct imc_engine_choice *c,
					   const int32_t *start);

/* The same for m->opt.max_drop, or under noise for the least error that
 * m->opt.slack buys, by errors of layers and what trials measure; sets
 * c->max_error to the budget of what is taken. False: reported, unless *out is
 * not found. */
bool imc_engine_for_accuracy(struct imc_engine_choice *c,
			     struct imc_pass_cx *cx,
			     struct imc_select_answer *out);

/* Writes the picks over assign[node]. */
void imc_engine_assign(const struct imc_engine_choice *c, const int32_t *pick,
		       struct imc_assign *assign);

/* What the objective counts. */
double imc_engine_value(const struct imc_module *m,
			const struct imc_select_answer *s);

#endif
