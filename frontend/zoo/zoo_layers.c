#include "frontend/zoo/zoo_layers.h"

#include <ctype.h>
#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "ir/support/buf.h"
#include "ir/support/checked.h"

#define FLOAT32 1 /* TensorProto.DataType */

const char *zoo_path(struct zoo *z, const char *fmt, ...)
{
	const char *out;
	va_list ap;

	va_start(ap, fmt);
	out = imc_arena_vprintf(z->a, fmt, ap);
	va_end(ap);
	return out;
}

/* "/layer1/layer1.0/conv1/" of "layer1.0.conv1": an element of a sequence has
 * the name of the sequence before its number. */
static const char *scope(struct zoo *z, const char *path)
{
	struct imc_buf out = {.arena = z->a};
	const char *part = path; /* begin of the last name */

	imc_buf_text(&out, "/");
	for (const char *p = path; *p;) {
		size_t n = strcspn(p, ".");

		if (!isdigit((unsigned char)*p))
			part = p;
		imc_buf_bytes(&out, part, (size_t)(p + n - part));
		imc_buf_text(&out, "/");
		p += n + (p[n] == '.');
	}
	return out.p;
}

static struct imc_onnx_attr *attribute(struct imc_onnx_node *n,
				       const char *name,
				       enum imc_onnx_attr_type type)
{
	struct imc_onnx_attr *p = &n->attr[n->n_attr++];

	*p = (struct imc_onnx_attr){.name = name, .type = type, .s = ""};
	return p;
}

static void add_int(struct imc_onnx_node *n, const char *name, int64_t v)
{
	attribute(n, name, IMC_ONNX_INT)->i = v;
}

static void add_float(struct imc_onnx_node *n, const char *name, float v)
{
	attribute(n, name, IMC_ONNX_FLOAT)->f = v;
}

static void add_ints(struct zoo *z, struct imc_onnx_node *n, const char *name,
		     const int64_t *v, size_t count)
{
	struct imc_onnx_attr *p = attribute(n, name, IMC_ONNX_INTS);

	p->n_int = count;
	p->ints = imc_arena_memdup(z->a, v, count * sizeof *v);
}

#define MAX_ATTRIBUTES 5
#define MAX_INPUTS 5

/* A node of one output without inputs and attributes. label: the last part of
 * its name. It may move when the next one is added. */
static struct imc_onnx_node *add_node(struct zoo *z, const char *op,
				      const char *path, const char *label)
{
	struct imc_onnx_model *m = &z->net->model;
	struct imc_onnx_node *n =
		IMC_PUSH(z->a, m->node, m->n_node, z->cap_node);

	n->op = op;
	n->domain = "";
	n->name = zoo_path(z, "%s%s", scope(z, path), label);
	n->in = imc_arena_array(z->a, MAX_INPUTS, sizeof *n->in);
	n->out = imc_arena_alloc(z->a, sizeof *n->out);
	n->out[n->n_out++] = zoo_path(z, "%s_output_0", n->name);
	n->attr = imc_arena_array(z->a, MAX_ATTRIBUTES, sizeof *n->attr);
	return n;
}

/* A node that reads x, and is called by its operator. */
static struct imc_onnx_node *add_reader(struct zoo *z, const char *op,
					const char *path, struct zoo_val x)
{
	struct imc_onnx_node *n = add_node(z, op, path, op);

	n->in[n->n_in++] = x.name;
	return n;
}

static struct zoo_val result(const struct imc_onnx_node *n, int64_t c,
			     int64_t h, int64_t w)
{
	return (struct zoo_val){n->out[0], c, h, w};
}

/* Adds parameter path.name to the inputs of n. */
static void add_tensor(struct zoo *z, struct imc_onnx_node *n, const char *name,
		       struct imc_zoo_fill fill, size_t rank,
		       const int64_t *dim)
{
	struct imc_onnx_model *m = &z->net->model;
	struct imc_onnx_tensor *t =
		IMC_PUSH(z->a, m->init, m->n_init, z->cap_init);
	size_t n_fill = m->n_init - 1;
	size_t count = 1;

	*IMC_PUSH(z->a, z->net->fill, n_fill, z->cap_fill) = fill;
	for (size_t i = 0; i < rank; i++)
		count *= (size_t)dim[i];
	t->name = name;
	t->dtype = FLOAT32;
	t->n_dim = rank;
	t->dim = imc_arena_memdup(z->a, dim, rank * sizeof *dim);
	t->has_raw = true;
	t->n_raw = count * sizeof(float);
	n->in[n->n_in++] = name;
}

static int64_t last_count(const struct zoo *z)
{
	const struct imc_onnx_model *m = &z->net->model;

	return (int64_t)(m->init[m->n_init - 1].n_raw / sizeof(float));
}

static void add_param(struct zoo *z, struct imc_onnx_node *n, const char *name,
		      struct imc_zoo_fill fill, size_t rank, const int64_t *dim)
{
	add_tensor(z, n, name, fill, rank, dim);
	z->net->n_param += last_count(z);
}

static struct imc_zoo_fill weight_fill(enum zoo_style style, double fan_in,
				       double fan_out)
{
	switch (style) {
	case ZOO_KAIMING_OUT:
		return (struct imc_zoo_fill){ZOO_NORMAL, sqrt(2 / fan_out)};
	case ZOO_KAIMING_IN:
		return (struct imc_zoo_fill){ZOO_UNIFORM, sqrt(6 / fan_in)};
	case ZOO_SMALL:
		return (struct imc_zoo_fill){ZOO_NORMAL, 0.01};
	case ZOO_TORCH:
		break;
	}
	return (struct imc_zoo_fill){ZOO_UNIFORM, 1 / sqrt(fan_in)};
}

static struct imc_zoo_fill bias_fill(enum zoo_style style, double fan_in)
{
	if (style == ZOO_TORCH)
		return (struct imc_zoo_fill){ZOO_UNIFORM, 1 / sqrt(fan_in)};
	return (struct imc_zoo_fill){ZOO_FILL, 0};
}

struct zoo_window zoo_square(int64_t kernel, int64_t stride, int64_t pad)
{
	return (struct zoo_window){
		{kernel, kernel}, stride, {pad, pad, pad, pad}};
}

/* Padding of one axis: how much, and the smaller half at the begin. */
static void pad_same(int64_t size, int64_t kernel, int64_t stride,
		     int64_t *begin, int64_t *end)
{
	int64_t out = imc_ceil_div(size, stride);
	int64_t pad = imc_max_i64((out - 1) * stride + kernel - size, 0);

	*begin = pad / 2;
	*end = pad - pad / 2;
}

struct zoo_window zoo_same(struct zoo_val x, int64_t rows, int64_t cols,
			   int64_t stride)
{
	struct zoo_window out = {{rows, cols}, stride, {0}};

	pad_same(x.h, rows, stride, &out.pad[0], &out.pad[2]);
	pad_same(x.w, cols, stride, &out.pad[1], &out.pad[3]);
	return out;
}

/* Windows along an axis of size elements. */
static int64_t n_window(int64_t size, const struct zoo_window *at, int axis,
			bool ceil)
{
	int64_t room = size + at->pad[axis] + at->pad[axis + 2];
	int64_t n = room - at->kernel[axis];

	return (ceil ? imc_ceil_div(n, at->stride) : n / at->stride) + 1;
}

static void add_window(struct zoo *z, struct imc_onnx_node *n,
		       const struct zoo_window *at)
{
	add_ints(z, n, "kernel_shape", at->kernel, 2);
	add_ints(z, n, "pads", at->pad, 4);
	add_ints(z, n, "strides", (int64_t[]){at->stride, at->stride}, 2);
}

struct zoo_val zoo_input(struct zoo *z, int64_t c, int64_t h, int64_t w)
{
	struct imc_onnx_model *m = &z->net->model;
	const int64_t dim[] = {1, c, h, w};

	m->n_in = 1;
	m->in = imc_arena_alloc(z->a, sizeof *m->in);
	m->in[0] = (struct imc_onnx_value){.name = "input",
					   .is_tensor = true,
					   .has_shape = true,
					   .dtype = FLOAT32,
					   .n_dim = h ? 4 : 2};
	m->in[0].dim = imc_arena_array(z->a, 4, sizeof *m->in[0].dim);
	for (size_t i = 0; i < m->in[0].n_dim; i++)
		m->in[0].dim[i] = (struct imc_onnx_dim){true, dim[i], ""};
	return (struct zoo_val){"input", c, h, w};
}

void zoo_output(struct zoo *z, struct zoo_val x)
{
	struct imc_onnx_model *m = &z->net->model;
	const int64_t dim[] = {1, x.c, x.h, x.w};

	/* x was made last: nothing reads it under its old name */
	m->node[m->n_node - 1].out[0] = "output";
	m->n_out = 1;
	m->out = imc_arena_alloc(z->a, sizeof *m->out);
	m->out[0] = m->in[0];
	m->out[0].name = "output";
	m->out[0].n_dim = x.h ? 4 : 2;
	m->out[0].dim = imc_arena_array(z->a, 4, sizeof *m->out[0].dim);
	for (size_t i = 0; i < m->out[0].n_dim; i++)
		m->out[0].dim[i] = (struct imc_onnx_dim){true, dim[i], ""};
}

struct zoo_val zoo_conv(struct zoo *z, struct zoo_val x, const char *path,
			struct zoo_conv c)
{
	struct imc_onnx_node *n = add_reader(z, "Conv", path, x);
	const int64_t *k = c.at.kernel;
	const int64_t dim[] = {c.out, x.c / c.group, k[0], k[1]};
	double fan_in = (double)(dim[1] * k[0] * k[1]);
	double fan_out = (double)(c.out / c.group * k[0] * k[1]);
	int64_t h = n_window(x.h, &c.at, 0, false);
	int64_t w = n_window(x.w, &c.at, 1, false);

	add_param(z, n, zoo_path(z, "%s.weight", path),
		  weight_fill(c.style, fan_in, fan_out), 4, dim);
	z->net->n_mac += last_count(z) * h * w;
	if (c.bias)
		add_param(z, n, zoo_path(z, "%s.bias", path),
			  bias_fill(c.style, fan_in), 1, dim);
	add_ints(z, n, "dilations", (int64_t[]){1, 1}, 2);
	add_int(n, "group", c.group);
	add_window(z, n, &c.at);
	return result(n, c.out, h, w);
}

struct zoo_val zoo_linear(struct zoo *z, struct zoo_val x, const char *path,
			  int64_t out, enum zoo_style style)
{
	struct imc_onnx_node *n = add_reader(z, "Gemm", path, x);
	const int64_t dim[] = {out, x.c};

	add_param(z, n, zoo_path(z, "%s.weight", path),
		  weight_fill(style, (double)x.c, (double)out), 2, dim);
	z->net->n_mac += last_count(z);
	add_param(z, n, zoo_path(z, "%s.bias", path),
		  bias_fill(style, (double)x.c), 1, dim);
	add_float(n, "alpha", 1);
	add_float(n, "beta", 1);
	add_int(n, "transB", 1);
	return result(n, out, 0, 0);
}

struct zoo_val zoo_norm(struct zoo *z, struct zoo_val x, const char *path)
{
	struct imc_onnx_node *n = add_reader(z, "BatchNormalization", path, x);
	const struct imc_zoo_fill one = {ZOO_FILL, 1}, zero = {ZOO_FILL, 0};

	add_param(z, n, zoo_path(z, "%s.weight", path), one, 1, &x.c);
	add_param(z, n, zoo_path(z, "%s.bias", path), zero, 1, &x.c);
	add_tensor(z, n, zoo_path(z, "%s.running_mean", path), zero, 1, &x.c);
	add_tensor(z, n, zoo_path(z, "%s.running_var", path), one, 1, &x.c);
	add_float(n, "epsilon", 1e-5F);
	add_float(n, "momentum", 0.9F); /* 1 - torch's */
	add_int(n, "training_mode", 0);
	return result(n, x.c, x.h, x.w);
}

struct zoo_val zoo_relu(struct zoo *z, struct zoo_val x, const char *path)
{
	return result(add_reader(z, "Relu", path, x), x.c, x.h, x.w);
}

/* A scalar as a node; its name. */
static const char *add_constant(struct zoo *z, const char *path,
				const char *label, float value)
{
	struct imc_onnx_node *n = add_node(z, "Constant", path, label);
	struct imc_onnx_tensor *t = imc_arena_alloc(z->a, sizeof *t);

	t->name = "";
	t->dtype = FLOAT32;
	t->has_raw = true;
	t->n_raw = sizeof value;
	t->raw = imc_arena_memdup(z->a, &value, sizeof value);
	attribute(n, "value", IMC_ONNX_TENSOR)->t = t;
	return n->out[0];
}

struct zoo_val zoo_relu6(struct zoo *z, struct zoo_val x, const char *path)
{
	const char *lo = add_constant(z, path, "Constant", 0);
	const char *hi = add_constant(z, path, "Constant_1", 6);
	struct imc_onnx_node *n = add_reader(z, "Clip", path, x);

	n->in[n->n_in++] = lo;
	n->in[n->n_in++] = hi;
	return result(n, x.c, x.h, x.w);
}

struct zoo_val zoo_add(struct zoo *z, struct zoo_val x, struct zoo_val y,
		       const char *path)
{
	struct imc_onnx_node *n = add_reader(z, "Add", path, x);

	n->in[n->n_in++] = y.name;
	return result(n, x.c, x.h, x.w);
}

struct zoo_val zoo_concat(struct zoo *z, struct zoo_val x, struct zoo_val y,
			  const char *path)
{
	struct imc_onnx_node *n = add_reader(z, "Concat", path, x);

	n->in[n->n_in++] = y.name;
	add_int(n, "axis", 1);
	return result(n, x.c + y.c, x.h, x.w);
}

struct zoo_val zoo_max_pool(struct zoo *z, struct zoo_val x, const char *path,
			    struct zoo_window at, bool ceil)
{
	struct imc_onnx_node *n = add_reader(z, "MaxPool", path, x);

	add_int(n, "ceil_mode", ceil);
	add_window(z, n, &at);
	return result(n, x.c, n_window(x.h, &at, 0, ceil),
		      n_window(x.w, &at, 1, ceil));
}

struct zoo_val zoo_average_pool(struct zoo *z, struct zoo_val x,
				const char *path, struct zoo_window at)
{
	struct imc_onnx_node *n = add_reader(z, "AveragePool", path, x);

	add_int(n, "ceil_mode", 0);
	add_int(n, "count_include_pad", 1);
	add_window(z, n, &at);
	return result(n, x.c, n_window(x.h, &at, 0, false),
		      n_window(x.w, &at, 1, false));
}

struct zoo_val zoo_global_pool(struct zoo *z, struct zoo_val x,
			       const char *path)
{
	return result(add_reader(z, "GlobalAveragePool", path, x), x.c, 1, 1);
}

struct zoo_val zoo_flatten(struct zoo *z, struct zoo_val x)
{
	struct imc_onnx_node *n = add_reader(z, "Flatten", "", x);

	add_int(n, "axis", 1);
	return result(n, x.c * x.h * x.w, 0, 0);
}

struct zoo_val zoo_softmax(struct zoo *z, struct zoo_val x)
{
	struct imc_onnx_node *n = add_reader(z, "Softmax", "", x);

	add_int(n, "axis", 1);
	return result(n, x.c, x.h, x.w);
}
