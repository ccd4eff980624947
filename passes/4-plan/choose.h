/* choose.h: cuts the units into chains, and says where the values between
 * them lie, for the least time in so much L1. */
#ifndef IMC_CHOOSE_H
#define IMC_CHOOSE_H

#include "passes/4-plan/chain.h"

struct imc_choice {
	bool found;
	size_t n;
	struct imc_chain *chain; /* in order, covering all units */
	double ns;		 /* of the chains, one after another */
	/* The unit that needs most L1 of all that the search came to, and how
	 * much. -1: none. */
	int32_t unit;
	int64_t need_bytes;
};

/* room: bytes of L1. frugal: only what takes least memory is looked at, to
 * learn whether there is a way. */
struct imc_choice imc_choose_chains(struct imc_flow *f, int64_t room,
				    bool frugal, struct imc_arena *a);

#endif
