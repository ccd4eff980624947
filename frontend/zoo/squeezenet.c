/* SqueezeNet 1.1: Iandola et al., arXiv 1602.07360. */
#include "frontend/zoo/zoo_layers.h"

/* PATH.NAME and the ReLU PATH.NAME_activation. */
static struct zoo_val conv_relu(struct zoo *z, struct zoo_val x,
				const char *path, const char *name,
				struct zoo_conv c)
{
	x = zoo_conv(z, x, zoo_path(z, "%s.%s", path, name), c);
	return zoo_relu(z, x, zoo_path(z, "%s.%s_activation", path, name));
}

static struct zoo_val fire(struct zoo *z, struct zoo_val x, int k,
			   int64_t squeeze, int64_t expand)
{
	const char *path = zoo_path(z, "features.%d", k);
	struct zoo_conv small = {squeeze, 1, zoo_square(1, 1, 0), true,
				 ZOO_KAIMING_IN};
	struct zoo_conv one = {expand, 1, zoo_square(1, 1, 0), true,
			       ZOO_KAIMING_IN};
	struct zoo_conv three = {expand, 1, zoo_square(3, 1, 1), true,
				 ZOO_KAIMING_IN};
	struct zoo_val y;

	x = conv_relu(z, x, path, "squeeze", small);
	y = conv_relu(z, x, path, "expand1x1", one);
	x = conv_relu(z, x, path, "expand3x3", three);
	return zoo_concat(z, y, x, path);
}

static struct zoo_val classify(struct zoo *z, struct zoo_val x)
{
	struct zoo_conv last = {1000, 1, zoo_square(1, 1, 0), true, ZOO_SMALL};

	x = zoo_conv(z, x, "classifier.1", last);
	x = zoo_relu(z, x, "classifier.2");
	x = zoo_global_pool(z, x, "classifier.3");
	return zoo_flatten(z, x);
}

void zoo_squeezenet1_1(struct zoo *z, const struct imc_zoo_choice *c)
{
	static const struct {
		int squeeze, expand; /* 0: pooling */
	} part[] = {{0, 0},    {16, 64},  {16, 64}, {0, 0},
		    {32, 128}, {32, 128}, {0, 0},   {48, 192},
		    {48, 192}, {64, 256}, {64, 256}};
	struct zoo_val x = zoo_input(z, 3, c->resolution, c->resolution);
	struct zoo_conv first = {64, 1, zoo_square(3, 2, 0), true,
				 ZOO_KAIMING_IN};

	x = zoo_conv(z, x, "features.0", first);
	x = zoo_relu(z, x, "features.1");
	for (size_t i = 0; i < sizeof part / sizeof *part; i++) {
		int k = (int)i + 2;

		if (part[i].squeeze)
			x = fire(z, x, k, part[i].squeeze, part[i].expand);
		else
			x = zoo_max_pool(z, x, zoo_path(z, "features.%d", k),
					 zoo_square(3, 2, 0), true);
	}
	if (!c->features)
		x = classify(z, x);
	zoo_output(z, x);
}
