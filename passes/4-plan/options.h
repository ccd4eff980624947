/* options.h: the ways to run a chain that are worth a look. */
#ifndef IMC_OPTIONS_H
#define IMC_OPTIONS_H

#include "passes/4-plan/chain.h"

struct imc_option {
	int64_t bytes;
	double value; /* ns, and a bit for what is moved; or pJ, and a bit for
			 ns, when least energy is asked for */
	int64_t strip, n_chan;
	struct imc_chain_policy policy;
};

/* More bytes, less value: none is better in both than another one. */
struct imc_options_of {
	struct imc_chain chain;
	int32_t n;
	struct imc_option *option;
	struct imc_options_of *next;
};

/* What is known already, by first unit. */
struct imc_option_book {
	struct imc_flow *f;
	struct imc_arena *a;
	int64_t room;
	bool frugal;
	struct imc_options_of **page;
};

struct imc_option_book imc_options_open(struct imc_flow *f, int64_t room,
					bool frugal, struct imc_arena *a);

/* Ways to run the units of c with its uses; strip, n_chan and policy of c mean
 * nothing. Those that need more than the room are left out, but for one of
 * least bytes. */
const struct imc_options_of *imc_options_find(struct imc_option_book *b,
					      const struct imc_chain *c);

#endif
