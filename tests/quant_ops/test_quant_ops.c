/* The quantised operators against slow formulas over random cases. */
#include "tests/quant_ops/quant_cases.h"

/* splitmix64 */
int64_t pick(struct rnd *r, int64_t lo, int64_t hi)
{
	uint64_t z = r->state += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	z ^= z >> 31;
	return lo + (int64_t)(z % (uint64_t)(hi - lo + 1));
}

int main(void)
{
	struct rnd r = {1};
	int failed = test_conv(&r);

	failed += test_map(&r);
	failed += test_cores(&r);
	return failed != 0;
}
