#include "frontend/zoo/zoo_blocks.h"

struct zoo_val zoo_classify(struct zoo *z, struct zoo_val x, const char *pool,
			    const char *linear, int64_t n_class,
			    enum zoo_style style)
{
	x = zoo_global_pool(z, x, pool);
	x = zoo_flatten(z, x);
	return zoo_linear(z, x, linear, n_class, style);
}
