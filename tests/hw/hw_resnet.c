#include "tests/hw/hw_resnet.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

/* A feature map on its way. */
struct map {
	imc_val v;
	int64_t size, channels;
};

static void name_node(struct world *w, imc_node_id id, const char *format, ...)
{
	char text[64];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	imc_node_at(w->g, id)->name = imc_arena_strdup(w->arena, text);
}

/* A convolution of x; its node is the last of the graph. */
static struct map convolve(struct world *w, struct map x, int64_t channels,
			   int64_t kernel, int64_t stride)
{
	struct layer l = {x.size / stride, x.channels, channels,
			  kernel,	   stride,     1};
	imc_node_id id = conv(w, IMC_OP_Q_CONV2D, l);

	imc_node_at(w->g, id)->in[0] = x.v;
	return (struct map){imc_node_at(w->g, id)->out[0], l.out, channels};
}

static imc_node_id last(const struct world *w)
{
	return w->g->order[w->g->n_order - 1];
}

static struct map sum(struct world *w, struct map a, struct map b)
{
	imc_node_id id = add(w, IMC_OP_Q_ADD, a.size, a.channels);

	imc_node_at(w->g, id)->in[0] = a.v;
	imc_node_at(w->g, id)->in[1] = b.v;
	a.v = imc_node_at(w->g, id)->out[0];
	return a;
}

static struct map pool(struct world *w, struct map x, enum imc_op op,
		       int64_t size, int64_t kernel)
{
	imc_node_id id = imc_graph_add_node(w->g, op, 1, 1, NULL);
	struct imc_node *n;

	x.size = size;
	n = imc_node_at(w->g, id);
	n->in[0] = x.v;
	n->a.kernel[0] = n->a.kernel[1] = kernel;
	x.v = value(w, IMC_I8, (int64_t[]){1, size, size, x.channels}, false);
	imc_node_set_out(w->g, id, 0, x.v);
	return x;
}

/* The 3x3 convolution that comes first has the stride. */
static struct map add_block(struct world *w, struct map x, int layer, int index,
			    bool bottleneck)
{
	int64_t width = 32LL << layer, out = bottleneck ? 4 * width : width;
	int64_t stride = index == 0 && layer > 1 ? 2 : 1;
	int n = bottleneck ? 3 : 2;
	struct map y = x;

	for (int i = 0; i < n; i++) {
		y = convolve(w, y, i == n - 1 ? out : width,
			     bottleneck && i != 1 ? 1 : 3,
			     i == bottleneck ? stride : 1);
		name_node(w, last(w), "layer%d.%d.conv%d", layer, index, i + 1);
	}
	if (x.size != y.size || x.channels != y.channels) {
		x = convolve(w, x, out, 1, stride);
		name_node(w, last(w), "layer%d.%d.downsample", layer, index);
	}
	y = sum(w, y, x);
	name_node(w, last(w), "layer%d.%d.add", layer, index);
	return y;
}

/* Blocks of the four layers. */
static const struct net {
	int depth;
	bool bottleneck;
	int n[4];
} nets[] = {
	{18, false, {2, 2, 2, 2}},
	{34, false, {3, 4, 6, 3}},
	{50, true, {3, 4, 6, 3}},
	{101, true, {3, 4, 23, 3}},
};

static const struct net *net_of(int depth)
{
	for (size_t i = 0; i < sizeof nets / sizeof nets[0]; i++)
		if (nets[i].depth == depth)
			return &nets[i];
	assert(!"a depth");
	return NULL;
}

void add_resnet(struct world *w, int depth, int64_t size)
{
	const struct net *net = net_of(depth);
	struct map x = {.size = size, .channels = 3};

	x.v = value(w, IMC_I8, (int64_t[]){1, size, size, 3}, false);
	w->g->input = imc_arena_memdup(w->arena, &x.v, sizeof x.v);
	w->g->n_input = 1;
	x = convolve(w, x, 64, 7, 2);
	name_node(w, last(w), "conv1");
	x = pool(w, x, IMC_OP_MAX_POOL, size / 4, 3);
	name_node(w, last(w), "maxpool");
	for (int layer = 1; layer <= 4; layer++)
		for (int i = 0; i < net->n[layer - 1]; i++)
			x = add_block(w, x, layer, i, net->bottleneck);
	x = pool(w, x, IMC_OP_GLOBAL_AVERAGE_POOL, 1, 1);
	name_node(w, last(w), "avgpool");
	x = convolve(w, x, 1000, 1, 1);
	name_node(w, last(w), "fc");
	w->g->output = imc_arena_memdup(w->arena, &x.v, sizeof x.v);
	w->g->n_output = 1;
}
