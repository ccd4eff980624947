/* zoo_layers.h: what networks are made of: nodes as torch's exporter writes
 * them, one function a module.
 *
 * path is the place of the module in torch, "layer1.0.conv1": parameters are
 * called path.weight, path.bias ..., the node "/layer1/layer1.0/conv1/Conv".
 * A function that torch calls outside a module has the path of the module
 * around it. */
#ifndef IMC_ZOO_LAYERS_H
#define IMC_ZOO_LAYERS_H

#include "frontend/zoo/zoo.h"
#include "ir/support/arena.h"

enum zoo_rule {
	ZOO_FILL,   /* all the same */
	ZOO_NORMAL, /* normal, a standard deviation */
	ZOO_UNIFORM /* uniform between -bound and bound */
};

struct imc_zoo_fill {
	enum zoo_rule rule;
	double scale; /* the value, the deviation, the bound */
};

/* How torch initialises the weights of a module; He et al., arXiv 1502.01852.
 * Fan in (out): inputs of an output (outputs of an input), in one group. Only
 * here torch does otherwise and counts the outputs of all groups: almost
 * nothing would come out of a depth-wise layer, as no trained normalisation
 * follows it. */
enum zoo_style {
	ZOO_KAIMING_OUT, /* normal, sqrt(2 / fan out); bias 0 */
	ZOO_KAIMING_IN,	 /* uniform, sqrt(6 / fan in); bias 0 */
	ZOO_SMALL,	 /* normal, 0.01; bias 0 */
	ZOO_TORCH	 /* torch's default: uniform, 1 / sqrt(fan in) */
};

/* A network that is being built. */
struct zoo {
	struct imc_arena *a;
	struct imc_zoo_net *net;
	size_t cap_node, cap_init, cap_fill;
};

/* A value: an image of c channels, or (h = 0) a vector of c. Batch 1. */
struct zoo_val {
	const char *name;
	int64_t c, h, w;
};

/* The window of a convolution or pooling. */
struct zoo_window {
	int64_t kernel[2], stride, pad[4]; /* top, left, bottom, right */
};

/* A square kernel with the same padding on all sides. */
struct zoo_window zoo_square(int64_t kernel, int64_t stride, int64_t pad);

/* Padding that keeps ceil(size / stride) rows and columns of x, the odd one
 * at the end. */
struct zoo_window zoo_same(struct zoo_val x, int64_t rows, int64_t cols,
			   int64_t stride);

struct zoo_conv {
	int64_t out, group;
	struct zoo_window at;
	bool bias;
	enum zoo_style style;
};

/* "PATH.CHILD", printed like printf. */
const char *zoo_path(struct zoo *z, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* The input of the network, of that shape. */
struct zoo_val zoo_input(struct zoo *z, int64_t c, int64_t h, int64_t w);

/* x becomes the output of the network. */
void zoo_output(struct zoo *z, struct zoo_val x);

struct zoo_val zoo_conv(struct zoo *z, struct zoo_val x, const char *path,
			struct zoo_conv c);
struct zoo_val zoo_linear(struct zoo *z, struct zoo_val x, const char *path,
			  int64_t out, enum zoo_style style);
struct zoo_val zoo_norm(struct zoo *z, struct zoo_val x, const char *path);
struct zoo_val zoo_relu(struct zoo *z, struct zoo_val x, const char *path);
struct zoo_val zoo_relu6(struct zoo *z, struct zoo_val x, const char *path);
struct zoo_val zoo_add(struct zoo *z, struct zoo_val x, struct zoo_val y,
		       const char *path);
/* Channels of x, then those of y. */
struct zoo_val zoo_concat(struct zoo *z, struct zoo_val x, struct zoo_val y,
			  const char *path);
/* ceil: a window that is cut off at the end counts. */
struct zoo_val zoo_max_pool(struct zoo *z, struct zoo_val x, const char *path,
			    struct zoo_window at, bool ceil);
struct zoo_val zoo_average_pool(struct zoo *z, struct zoo_val x,
				const char *path, struct zoo_window at);
struct zoo_val zoo_global_pool(struct zoo *z, struct zoo_val x,
			       const char *path);
struct zoo_val zoo_flatten(struct zoo *z, struct zoo_val x);
struct zoo_val zoo_softmax(struct zoo *z, struct zoo_val x);

/* Builders of the networks. */
#define ZOO(name, resolution, least, step, channels, takes, text)              \
	void zoo_##name(struct zoo *z, const struct imc_zoo_choice *c);
#include "frontend/zoo/zoo.def"

#endif
