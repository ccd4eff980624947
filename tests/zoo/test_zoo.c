/* Weights and names of networks. */
#include <math.h>
#include <string.h>

#include "frontend/zoo/zoo.h"
#include "tests/check.h"

static struct imc_zoo_net *make(enum imc_zoo_name k, uint64_t seed,
				struct imc_arena *a)
{
	struct imc_zoo_choice c = imc_zoo_default(k);
	struct imc_zoo_net *net = imc_zoo_build(k, &c, a);

	imc_zoo_make_weights(net, seed, a);
	return net;
}

static const struct imc_onnx_tensor *find(const struct imc_zoo_net *net,
					  const char *name)
{
	for (size_t i = 0; i < net->model.n_init; i++)
		if (!strcmp(net->model.init[i].name, name))
			return &net->model.init[i];
	CHECK(false, "no tensor %s", name);
	return NULL;
}

static bool has_node(const struct imc_zoo_net *net, const char *name,
		     const char *op)
{
	for (size_t i = 0; i < net->model.n_node; i++)
		if (!strcmp(net->model.node[i].name, name))
			return !strcmp(net->model.node[i].op, op);
	return false;
}

static bool same(const struct imc_onnx_tensor *x,
		 const struct imc_onnx_tensor *y)
{
	return x && y && x->n_raw == y->n_raw &&
	       !memcmp(x->raw, y->raw, x->n_raw);
}

/* These bits hold on every machine. */
static void check_bits(struct imc_arena *a)
{
	static const float normal[] = {-0x1.14fecap-3F, 0x1.44492ap-4F,
				       -0x1.2972eap-5F, 0x1.92bdd4p-7F};
	static const float uniform[] = {0x1.dfc15cp-9F, 0x1.01f61ap-7F,
					-0x1.ca36eap-6F, -0x1.87db2p-6F};
	const struct imc_onnx_tensor *t =
		find(make(IMC_ZOO_pointwise, 1, a), "conv.weight");

	CHECK(!memcmp(t->raw, normal, sizeof normal), "other bits");
	t = find(make(IMC_ZOO_mlp, 1, a), "layers.0.bias");
	CHECK(!memcmp(t->raw, uniform, sizeof uniform), "other bits");
}

/* Only seed and name count. */
static void check_streams(struct imc_arena *a)
{
	const struct imc_zoo_net *x = make(IMC_ZOO_resnet18, 7, a);
	const struct imc_zoo_net *y = make(IMC_ZOO_resnet34, 7, a);
	const struct imc_zoo_net *z = make(IMC_ZOO_resnet18, 8, a);
	const char *name = "layer1.0.conv1.weight";

	CHECK(same(find(x, name), find(y, name)), "it does not hold");
	CHECK(!same(find(x, name), find(z, name)), "it does not hold");
	CHECK(!same(find(x, name), find(x, "layer1.0.conv2.weight")),
	      "it does not hold");
}

/* Mean, variance and fourth moment of n values, in units of scale. */
static void moments(const struct imc_onnx_tensor *t, double scale,
		    double out[3])
{
	const float *v = t->raw;
	size_t n = t->n_raw / sizeof *v;

	out[0] = out[1] = out[2] = 0;
	for (size_t i = 0; i < n; i++) {
		double x = v[i] / scale;

		out[0] += x / (double)n;
		out[1] += x * x / (double)n;
		out[2] += x * x * x * x / (double)n;
	}
}

/* 2.4 million values: the bounds are some ten standard errors. */
static void check_normal(struct imc_arena *a)
{
	double m[3];

	moments(find(make(IMC_ZOO_resnet18, 1, a), "layer4.1.conv2.weight"),
		sqrt(2.0 / (512 * 9)), m);
	CHECK(fabs(m[0]) < 0.006, "mean %g", m[0]);
	CHECK(fabs(m[1] - 1) < 0.01, "variance %g", m[1]);
	/* 3 - 6 / 5 / 12 of a sum of twelve */
	CHECK(fabs(m[2] - 2.9) < 0.06, "fourth moment %g", m[2]);
}

static void check_uniform(struct imc_arena *a)
{
	double m[3];

	moments(find(make(IMC_ZOO_mlp, 1, a), "layers.0.weight"), 1 / sqrt(784),
		m);
	CHECK(fabs(m[0]) < 0.01, "mean %g", m[0]);
	CHECK(fabs(m[1] - 1.0 / 3) < 0.005, "variance %g", m[1]);
	CHECK(fabs(m[2] - 1.0 / 5) < 0.005, "fourth moment %g", m[2]);
}

/* Names as torch's exporter makes them of torchvision's modules. */
static void check_names(struct imc_arena *a)
{
	const struct imc_zoo_net *n = make(IMC_ZOO_mobilenet_v2, 1, a);

	CHECK(has_node(n, "/features/features.0/features.0.0/Conv", "Conv"),
	      "no such node");
	CHECK(has_node(n, "/features/features.1/conv/conv.0/conv.0.0/Conv",
		       "Conv"),
	      "no such node");
	CHECK(has_node(n, "/features/features.3/Add", "Add"),
	      "it does not hold");
	CHECK(has_node(n, "/features/features.18/features.18.2/Clip", "Clip"),
	      "it does not hold");
	CHECK(has_node(n, "/classifier/classifier.1/Gemm", "Gemm"),
	      "it does not hold");
	CHECK(find(n, "features.1.conv.2.running_var"), "it does not hold");
	n = make(IMC_ZOO_resnet50, 1, a);
	CHECK(has_node(n, "/layer2/layer2.0/downsample/downsample.0/Conv",
		       "Conv"),
	      "no such node");
	CHECK(has_node(n, "/layer1/layer1.0/relu_2/Relu", "Relu"),
	      "it does not hold");
	CHECK(find(n, "layer3.5.conv3.weight") && find(n, "fc.bias"),
	      "it does not hold");
	n = make(IMC_ZOO_squeezenet1_1, 1, a);
	CHECK(has_node(n, "/features/features.12/expand1x1_activation/Relu",
		       "Relu"),
	      "it does not hold");
	CHECK(find(n, "features.3.squeeze.weight"), "it does not hold");
}

int main(void)
{
	struct imc_arena *a = imc_arena_new();

	check_bits(a);
	check_streams(a);
	check_normal(a);
	check_uniform(a);
	check_names(a);
	imc_arena_free(a);
	return check_result();
}
