/* random.h: the same random numbers everywhere; a check without message, which
 * needs tests/check.h. */
#ifndef IMC_TEST_RANDOM_H
#define IMC_TEST_RANDOM_H

#include <stdint.h>

#define EXPECT(condition) CHECK(condition, "is false")

struct random {
	uint64_t state;
};

/* A number in lo .. hi. */
static inline int32_t pick(struct random *r, int32_t lo, int32_t hi)
{
	r->state = r->state * 6364136223846793005u + 1442695040888963407u;
	return lo +
	       (int32_t)((r->state >> 33) % (uint64_t)((int64_t)hi - lo + 1));
}

static inline void pick_bytes(struct random *r, int8_t *x, int32_t n,
			      int32_t lo, int32_t hi)
{
	for (int32_t i = 0; i < n; i++)
		x[i] = (int8_t)pick(r, lo, hi);
}

#endif
