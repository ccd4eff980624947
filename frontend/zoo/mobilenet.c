/* Networks of depth-wise separable convolutions. */
#include "frontend/zoo/zoo_blocks.h"

/* c rounded to a multiple of 8, but never to less than nine tenths of it. */
static int64_t divisible(double c)
{
	int64_t out = (int64_t)(c + 4) / 8 * 8;

	if (out < 8)
		out = 8;
	return (double)out < 0.9 * c ? out + 8 : out;
}

/* PATH.0 convolution, PATH.1 normalisation, PATH.2 ReLU6. */
static struct zoo_val conv_relu6(struct zoo *z, struct zoo_val x,
				 const char *path, struct zoo_conv c)
{
	x = zoo_conv(z, x, zoo_path(z, "%s.0", path), c);
	x = zoo_norm(z, x, zoo_path(z, "%s.1", path));
	return zoo_relu6(z, x, zoo_path(z, "%s.2", path));
}

struct zoo_val zoo_inverted_residual(struct zoo *z, struct zoo_val in,
				     const char *conv, struct zoo_inverted b)
{
	struct zoo_conv depthwise = {b.hidden, b.hidden,
				     zoo_square(3, b.stride, 1), false,
				     ZOO_KAIMING_OUT};
	struct zoo_conv expand = {b.hidden, 1, zoo_square(1, 1, 0), false,
				  ZOO_KAIMING_OUT};
	struct zoo_conv project = {b.out, 1, zoo_square(1, 1, 0), false,
				   ZOO_KAIMING_OUT};
	struct zoo_val x = in;
	int k = 0;

	if (b.expand)
		x = conv_relu6(z, x, zoo_path(z, "%s.%d", conv, k++), expand);
	x = conv_relu6(z, x, zoo_path(z, "%s.%d", conv, k++), depthwise);
	x = zoo_conv(z, x, zoo_path(z, "%s.%d", conv, k++), project);
	return zoo_norm(z, x, zoo_path(z, "%s.%d", conv, k));
}

/* Sandler et al., arXiv 1801.04381, table 2. */
static const struct {
	int expand, out, repeat, stride;
} v2_stages[] = {{1, 16, 1, 1}, {6, 24, 2, 2},	{6, 32, 3, 2}, {6, 64, 4, 2},
		 {6, 96, 3, 1}, {6, 160, 3, 2}, {6, 320, 1, 1}};

#define N_V2_STAGE (sizeof v2_stages / sizeof *v2_stages)

/* Stage s, whose blocks are features.K from *k on. */
static struct zoo_val v2_stage(struct zoo *z, struct zoo_val x, size_t s,
			       const struct imc_zoo_choice *c, int *k)
{
	int64_t out = divisible(v2_stages[s].out * c->width);
	bool expand = v2_stages[s].expand > 1 || c->expand_first;

	for (int i = 0; i < v2_stages[s].repeat; i++, ++*k) {
		const char *path = zoo_path(z, "features.%d", *k);
		struct zoo_val in = x;
		int stride = i ? 1 : v2_stages[s].stride;
		struct zoo_inverted block = {in.c * v2_stages[s].expand, out,
					     stride, expand};

		x = zoo_inverted_residual(z, x, zoo_path(z, "%s.conv", path),
					  block);
		if (stride == 1 && in.c == out)
			x = zoo_add(z, in, x, path);
	}
	return x;
}

void zoo_mobilenet_v2(struct zoo *z, const struct imc_zoo_choice *c)
{
	struct zoo_val x = zoo_input(z, 3, c->resolution, c->resolution);
	struct zoo_conv first = {divisible(32 * c->width), 1,
				 zoo_square(3, 2, 1), false, ZOO_KAIMING_OUT};
	struct zoo_conv last = {divisible(1280 * (c->width > 1 ? c->width : 1)),
				1, zoo_square(1, 1, 0), false, ZOO_KAIMING_OUT};
	int k = 1;

	x = conv_relu6(z, x, "features.0", first);
	for (size_t s = 0; s < N_V2_STAGE; s++)
		x = v2_stage(z, x, s, c, &k);
	x = conv_relu6(z, x, zoo_path(z, "features.%d", k), last);
	if (!c->features)
		x = zoo_classify(z, x, "", "classifier.1", 1000, ZOO_SMALL);
	zoo_output(z, x);
}

/* As Keras': a bias before each normalisation, which is trained too. PATH.K
 * from `first` on: convolution, normalisation, ReLU. */
static struct zoo_val keras_conv(struct zoo *z, struct zoo_val x,
				 const char *path, int first, struct zoo_conv c)
{
	c.bias = true;
	x = zoo_conv(z, x, zoo_path(z, "%s.%d", path, first), c);
	x = zoo_norm(z, x, zoo_path(z, "%s.%d", path, first + 1));
	return zoo_relu(z, x, zoo_path(z, "%s.%d", path, first + 2));
}

/* Depth-wise 3x3, then 1x1. */
static struct zoo_val separable(struct zoo *z, struct zoo_val x, int k,
				int64_t out, int64_t stride)
{
	const char *path = zoo_path(z, "features.%d", k);
	struct zoo_conv depthwise = {x.c, x.c, zoo_same(x, 3, 3, stride), true,
				     ZOO_KAIMING_OUT};
	struct zoo_conv pointwise = {out, 1, zoo_square(1, 1, 0), true,
				     ZOO_KAIMING_OUT};

	x = keras_conv(z, x, path, 0, depthwise);
	return keras_conv(z, x, path, 3, pointwise);
}

static void keras_head(struct zoo *z, struct zoo_val x,
		       const struct imc_zoo_choice *c, int n_class)
{
	if (!c->features) {
		x = zoo_classify(z, x, "avgpool", "classifier", n_class,
				 ZOO_SMALL);
		x = zoo_softmax(z, x);
	}
	zoo_output(z, x);
}

void zoo_mobilenet_v1_025(struct zoo *z, const struct imc_zoo_choice *c)
{
	static const struct {
		int out, stride;
	} block[] = {{16, 1},  {32, 2},	 {32, 1},  {64, 2},  {64, 1},
		     {128, 2}, {128, 1}, {128, 1}, {128, 1}, {128, 1},
		     {128, 1}, {256, 2}, {256, 1}};
	struct zoo_val x = zoo_input(z, 3, c->resolution, c->resolution);
	struct zoo_conv first = {8, 1, zoo_same(x, 3, 3, 2), true,
				 ZOO_KAIMING_OUT};

	x = keras_conv(z, x, "features.0", 0, first);
	for (size_t i = 0; i < sizeof block / sizeof *block; i++)
		x = separable(z, x, (int)i + 1, block[i].out, block[i].stride);
	keras_head(z, x, c, 2);
}

void zoo_ds_cnn(struct zoo *z, const struct imc_zoo_choice *c)
{
	struct zoo_val x = zoo_input(z, 1, 49, 10);
	struct zoo_conv first = {64, 1, zoo_same(x, 10, 4, 2), true,
				 ZOO_KAIMING_OUT};

	x = keras_conv(z, x, "features.0", 0, first);
	for (int k = 1; k <= 4; k++)
		x = separable(z, x, k, 64, 1);
	keras_head(z, x, c, 12);
}
