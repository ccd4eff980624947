/* Single layers and blocks, for studies of a machine. */
#include "frontend/zoo/zoo_blocks.h"

void zoo_pointwise(struct zoo *z, const struct imc_zoo_choice *c)
{
	struct zoo_val x =
		zoo_input(z, c->channel[0], c->resolution, c->resolution);
	struct zoo_conv conv = {c->channel[1], 1, zoo_square(1, 1, 0), false,
				ZOO_KAIMING_OUT};

	zoo_output(z, zoo_conv(z, x, "conv", conv));
}

void zoo_bottleneck(struct zoo *z, const struct imc_zoo_choice *c)
{
	struct zoo_val x =
		zoo_input(z, c->channel[0], c->resolution, c->resolution);
	struct zoo_inverted block = {c->channel[1], x.c, 1, true};

	zoo_output(z, zoo_add(z, x, zoo_inverted_residual(z, x, "conv", block),
			      ""));
}
