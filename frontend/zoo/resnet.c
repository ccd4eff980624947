/* Residual networks: He et al., arXiv 1512.03385, table 1; MLPerf Tiny's. */
#include "frontend/zoo/zoo_blocks.h"

struct block {
	int64_t width, out, stride;
	bool deep;  /* 1x1, 3x3, 1x1 and not 3x3, 3x3 */
	bool keras; /* biases, and Keras' padding */
};

/* PATH.convK and PATH.bnK. */
static struct zoo_val conv_norm(struct zoo *z, struct zoo_val x,
				const char *path, int k, struct zoo_conv c)
{
	c.style = ZOO_KAIMING_OUT;
	x = zoo_conv(z, x, zoo_path(z, "%s.conv%d", path, k), c);
	return zoo_norm(z, x, zoo_path(z, "%s.bn%d", path, k));
}

static struct zoo_val basic(struct zoo *z, struct zoo_val x, const char *path,
			    struct block b)
{
	struct zoo_conv first = {.out = b.out,
				 .group = 1,
				 .at = b.keras ? zoo_same(x, 3, 3, b.stride)
					       : zoo_square(3, b.stride, 1),
				 .bias = b.keras};
	struct zoo_conv second = {.out = b.out,
				  .group = 1,
				  .at = zoo_square(3, 1, 1),
				  .bias = b.keras};

	x = conv_norm(z, x, path, 1, first);
	x = zoo_relu(z, x, zoo_path(z, "%s.relu", path));
	return conv_norm(z, x, path, 2, second);
}

static struct zoo_val deep(struct zoo *z, struct zoo_val x, const char *path,
			   struct block b)
{
	struct zoo_conv reduce = {
		.out = b.width, .group = 1, .at = zoo_square(1, 1, 0)};
	struct zoo_conv middle = {
		.out = b.width, .group = 1, .at = zoo_square(3, b.stride, 1)};
	struct zoo_conv expand = {
		.out = b.out, .group = 1, .at = zoo_square(1, 1, 0)};

	x = conv_norm(z, x, path, 1, reduce);
	x = zoo_relu(z, x, zoo_path(z, "%s.relu", path));
	x = conv_norm(z, x, path, 2, middle);
	x = zoo_relu(z, x, zoo_path(z, "%s.relu_1", path));
	return conv_norm(z, x, path, 3, expand);
}

static struct zoo_val residual(struct zoo *z, struct zoo_val in,
			       const char *path, struct block b)
{
	struct zoo_conv shortcut = {b.out, 1, zoo_square(1, b.stride, 0), false,
				    ZOO_KAIMING_OUT};
	struct zoo_val x =
		b.deep ? deep(z, in, path, b) : basic(z, in, path, b);

	if (b.stride != 1 || in.c != b.out) {
		in = zoo_conv(z, in, zoo_path(z, "%s.downsample.0", path),
			      shortcut);
		in = zoo_norm(z, in, zoo_path(z, "%s.downsample.1", path));
	}
	x = zoo_add(z, x, in, path);
	return zoo_relu(z, x, zoo_path(z, "%s.relu_%d", path, b.deep ? 2 : 1));
}

static void resnet(struct zoo *z, const struct imc_zoo_choice *c,
		   const int n_block[4], bool is_deep)
{
	struct zoo_val x = zoo_input(z, 3, c->resolution, c->resolution);
	struct zoo_conv first = {64, 1, zoo_square(7, 2, 3), false,
				 ZOO_KAIMING_OUT};

	x = zoo_conv(z, x, "conv1", first);
	x = zoo_norm(z, x, "bn1");
	x = zoo_relu(z, x, "relu");
	x = zoo_max_pool(z, x, "maxpool", zoo_square(3, 2, 1), false);
	for (int s = 0; s < 4; s++) {
		int64_t width = INT64_C(64) << s;

		for (int i = 0; i < n_block[s]; i++) {
			struct block b = {width, is_deep ? 4 * width : width,
					  s && !i ? 2 : 1, is_deep, false};

			x = residual(z, x, zoo_path(z, "layer%d.%d", s + 1, i),
				     b);
		}
	}
	if (!c->features)
		x = zoo_classify(z, x, "avgpool", "fc", 1000, ZOO_TORCH);
	zoo_output(z, x);
}

void zoo_resnet18(struct zoo *z, const struct imc_zoo_choice *c)
{
	resnet(z, c, (const int[]){2, 2, 2, 2}, false);
}

void zoo_resnet34(struct zoo *z, const struct imc_zoo_choice *c)
{
	resnet(z, c, (const int[]){3, 4, 6, 3}, false);
}

void zoo_resnet50(struct zoo *z, const struct imc_zoo_choice *c)
{
	resnet(z, c, (const int[]){3, 4, 6, 3}, true);
}

void zoo_resnet101(struct zoo *z, const struct imc_zoo_choice *c)
{
	resnet(z, c, (const int[]){3, 4, 23, 3}, true);
}

void zoo_resnet20(struct zoo *z, const struct imc_zoo_choice *c)
{
	struct zoo_val x = zoo_input(z, 3, c->resolution, c->resolution);
	struct zoo_conv first = {16, 1, zoo_square(3, 1, 1), false,
				 ZOO_KAIMING_OUT};

	x = zoo_conv(z, x, "conv1", first);
	x = zoo_norm(z, x, "bn1");
	x = zoo_relu(z, x, "relu");
	for (int s = 0; s < 3; s++)
		for (int i = 0; i < 3; i++) {
			struct block b = {16 << s, 16 << s, s && !i ? 2 : 1,
					  false, false};

			x = residual(z, x, zoo_path(z, "layer%d.%d", s + 1, i),
				     b);
		}
	if (!c->features)
		x = zoo_classify(z, x, "avgpool", "fc", 10, ZOO_TORCH);
	zoo_output(z, x);
}

/* Keras' form: biases everywhere, no normalisation of a shortcut. */
static struct zoo_val keras_residual(struct zoo *z, struct zoo_val in,
				     const char *path, struct block b)
{
	struct zoo_conv shortcut = {b.out, 1, zoo_square(1, b.stride, 0), true,
				    ZOO_KAIMING_OUT};
	struct zoo_val x = basic(z, in, path, b);

	if (b.stride != 1)
		in = zoo_conv(z, in, zoo_path(z, "%s.downsample", path),
			      shortcut);
	x = zoo_add(z, x, in, path);
	return zoo_relu(z, x, zoo_path(z, "%s.relu_1", path));
}

void zoo_resnet8(struct zoo *z, const struct imc_zoo_choice *c)
{
	struct zoo_val x = zoo_input(z, 3, c->resolution, c->resolution);
	struct zoo_conv first = {16, 1, zoo_square(3, 1, 1), true,
				 ZOO_KAIMING_OUT};

	x = zoo_conv(z, x, "conv1", first);
	x = zoo_norm(z, x, "bn1");
	x = zoo_relu(z, x, "relu");
	for (int s = 0; s < 3; s++) {
		struct block b = {16 << s, 16 << s, s ? 2 : 1, false, true};

		x = keras_residual(z, x, zoo_path(z, "layer%d.0", s + 1), b);
	}
	if (!c->features) {
		x = zoo_classify(z, x, "avgpool", "fc", 10, ZOO_KAIMING_OUT);
		x = zoo_softmax(z, x);
	}
	zoo_output(z, x);
}
