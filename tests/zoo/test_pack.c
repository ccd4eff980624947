/* Plain structs to bytes and back: every field of onnx_model.h. */
#include <string.h>

#include "frontend/onnx/onnx_model.h"
#include "ir/support/buf.h"
#include "tests/check.h"

static const int64_t dims[] = {2, 1};
static const float f32[] = {1.5F, -2};
static const int32_t i32[] = {-3, 4};
static const int64_t i64[] = {-5, INT64_MIN};
static const double f64[] = {0.1, 1e300};
static const uint64_t u64[] = {6, UINT64_MAX};

static struct imc_onnx_tensor tensors[] = {
	{.name = "raw",
	 .dtype = 1,
	 .n_dim = 2,
	 .dim = dims,
	 .has_raw = true,
	 .n_raw = sizeof f32,
	 .raw = f32},
	{.name = "f32",
	 .dtype = 1,
	 .n_dim = 1,
	 .dim = dims,
	 .n_f32 = 2,
	 .f32 = f32},
	{.name = "i32",
	 .dtype = 6,
	 .n_dim = 1,
	 .dim = dims,
	 .n_i32 = 2,
	 .i32 = i32},
	{.name = "i64",
	 .dtype = 7,
	 .n_dim = 1,
	 .dim = dims,
	 .n_i64 = 2,
	 .i64 = i64},
	{.name = "f64",
	 .dtype = 11,
	 .n_dim = 1,
	 .dim = dims,
	 .n_f64 = 2,
	 .f64 = f64},
	{.name = "u64",
	 .dtype = 13,
	 .n_dim = 1,
	 .dim = dims,
	 .n_u64 = 2,
	 .u64 = u64},
	{.name = "far",
	 .dtype = 1,
	 .n_dim = 1,
	 .dim = dims,
	 .external = true,
	 .location = "weights.bin",
	 .offset = "64",
	 .length = "8"},
};

static struct imc_onnx_attr attrs[] = {
	{.name = "f", .type = IMC_ONNX_FLOAT, .f = 0.5F, .s = ""},
	{.name = "i", .type = IMC_ONNX_INT, .i = -7, .s = ""},
	{.name = "s", .type = IMC_ONNX_STRING, .s = "SAME_UPPER"},
	{.name = "t", .type = IMC_ONNX_TENSOR, .s = "", .t = &tensors[2]},
	{.name = "fs",
	 .type = IMC_ONNX_FLOATS,
	 .s = "",
	 .n_float = 2,
	 .floats = f32},
	{.name = "is", .type = IMC_ONNX_INTS, .s = "", .n_int = 2, .ints = i64},
};

static const char *in[] = {"x", "", "raw"}, *out[] = {"y"};
static struct imc_onnx_node node = {.name = "n",
				    .op = "Op",
				    .domain = "d",
				    .n_in = 3,
				    .n_out = 1,
				    .n_attr = 6,
				    .in = in,
				    .out = out,
				    .attr = attrs};
static struct imc_onnx_dim shape[] = {
	{false, 0, "N"}, {true, 3, ""}, {false, 0, ""}};
static struct imc_onnx_value values[] = {
	{.name = "x",
	 .is_tensor = true,
	 .has_shape = true,
	 .dtype = 1,
	 .n_dim = 3,
	 .dim = shape},
	{.name = "y", .is_tensor = true, .dtype = 7},
	{.name = "z"},
};
static struct imc_onnx_opset opsets[] = {{"", 17}, {"d", 1}};

static const struct imc_onnx_model model = {.ir_version = 8,
					    .producer = "p",
					    .producer_version = "1",
					    .name = "g",
					    .n_opset = 2,
					    .opset = opsets,
					    .n_node = 1,
					    .node = &node,
					    .n_init = sizeof tensors /
						      sizeof *tensors,
					    .init = tensors,
					    .n_in = 1,
					    .in = values,
					    .n_out = 1,
					    .out = values + 1,
					    .n_info = 1,
					    .info = values + 2};

static void put(void *buf, const void *p, size_t n)
{
	imc_buf_bytes(buf, p, n);
}

static bool same(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

static bool same_data(size_t n, const void *a, size_t m, const void *b,
		      size_t size)
{
	return n == m && (!n || !memcmp(a, b, n * size));
}

static void check_tensor(const struct imc_onnx_tensor *a,
			 const struct imc_onnx_tensor *b)
{
	CHECK(same(a->name, b->name) && a->dtype == b->dtype, "it differs");
	CHECK(same_data(a->n_dim, a->dim, b->n_dim, b->dim, 8), "it differs");
	CHECK(a->has_raw == b->has_raw, "it differs");
	CHECK(same_data(a->n_raw, a->raw, b->n_raw, b->raw, 1), "it differs");
	CHECK(same_data(a->n_f32, a->f32, b->n_f32, b->f32, 4), "it differs");
	CHECK(same_data(a->n_i32, a->i32, b->n_i32, b->i32, 4), "it differs");
	CHECK(same_data(a->n_i64, a->i64, b->n_i64, b->i64, 8), "it differs");
	CHECK(same_data(a->n_f64, a->f64, b->n_f64, b->f64, 8), "it differs");
	CHECK(same_data(a->n_u64, a->u64, b->n_u64, b->u64, 8), "it differs");
	CHECK(a->external == b->external && same(a->location, b->location) &&
		      same(a->offset, b->offset) && same(a->length, b->length),
	      "it differs");
}

static void check_attr(const struct imc_onnx_attr *a,
		       const struct imc_onnx_attr *b)
{
	CHECK(same(a->name, b->name) && a->type == b->type, "it differs");
	CHECK(a->f == b->f && a->i == b->i && same(a->s, b->s), "%s", a->name);
	CHECK(same_data(a->n_float, a->floats, b->n_float, b->floats, 4),
	      "it differs");
	CHECK(same_data(a->n_int, a->ints, b->n_int, b->ints, 8), "it differs");
	CHECK(!a->t == !b->t, "it differs");
	if (a->t && b->t)
		check_tensor(a->t, b->t);
}

static void check_node(const struct imc_onnx_node *a,
		       const struct imc_onnx_node *b)
{
	CHECK(same(a->name, b->name) && same(a->op, b->op) &&
		      same(a->domain, b->domain),
	      "it differs");
	CHECK(a->n_in == b->n_in && a->n_out == b->n_out &&
		      a->n_attr == b->n_attr,
	      "it differs");
	for (size_t i = 0; i < a->n_in; i++)
		CHECK(same(a->in[i], b->in[i]), "it differs");
	for (size_t i = 0; i < a->n_out; i++)
		CHECK(same(a->out[i], b->out[i]), "it differs");
	for (size_t i = 0; i < a->n_attr; i++)
		check_attr(&a->attr[i], &b->attr[i]);
}

static void check_value(const struct imc_onnx_value *a,
			const struct imc_onnx_value *b)
{
	CHECK(same(a->name, b->name) && a->is_tensor == b->is_tensor &&
		      a->has_shape == b->has_shape && a->dtype == b->dtype &&
		      a->n_dim == b->n_dim,
	      "it differs");
	for (size_t i = 0; i < a->n_dim; i++)
		CHECK(a->dim[i].fixed == b->dim[i].fixed &&
			      a->dim[i].value == b->dim[i].value &&
			      same(a->dim[i].param, b->dim[i].param),
		      "it differs");
}

static void check_model(const struct imc_onnx_model *a,
			const struct imc_onnx_model *b)
{
	CHECK(a->ir_version == b->ir_version && same(a->producer, b->producer),
	      "it differs");
	CHECK(same(a->producer_version, b->producer_version) &&
		      same(a->name, b->name),
	      "it differs");
	CHECK(a->n_opset == b->n_opset && a->n_node == b->n_node &&
		      a->n_init == b->n_init && a->n_in == b->n_in &&
		      a->n_out == b->n_out && a->n_info == b->n_info,
	      "it differs");
	for (size_t i = 0; i < a->n_opset; i++)
		CHECK(same(a->opset[i].domain, b->opset[i].domain) &&
			      a->opset[i].version == b->opset[i].version,
		      "it differs");
	for (size_t i = 0; i < a->n_init; i++)
		check_tensor(&a->init[i], &b->init[i]);
	check_node(a->node, b->node);
	check_value(a->in, b->in);
	check_value(a->out, b->out);
	check_value(a->info, b->info);
}

int main(void)
{
	struct imc_arena *a = imc_arena_new();
	struct imc_buf bytes = {.arena = a}, again = {.arena = a};
	struct imc_onnx_model back;
	const char *why = "";
	bool ok;

	imc_onnx_pack_model(&model, put, &bytes);
	CHECK(bytes.n == imc_onnx_packed_size(&model), "it differs");
	ok = imc_onnx_unpack_model(bytes.p, bytes.n, a, &back, &why);
	CHECK(ok, "%s", why);
	if (ok) {
		check_model(&model, &back);
		imc_onnx_pack_model(&back, put, &again);
		CHECK(again.n == bytes.n && !memcmp(again.p, bytes.p, bytes.n),
		      "it differs");
	}
	imc_arena_free(a);
	return check_result();
}
