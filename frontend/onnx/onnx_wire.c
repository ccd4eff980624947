/* The wire format: the only file that knows protobuf-c. */
#include "frontend/onnx/onnx_model.h"

#include <string.h>

#include "onnx.pb-c.h"

/* Two bytes of a file can ask for a message of some 200 bytes. Networks need
 * one to ten times their file; what needs far more is not a network. */
#define MEMORY_FACTOR 24
#define MEMORY_BASE ((size_t)4 << 20)

struct budget {
	struct imc_arena *arena;
	size_t left;
	bool over;
};

static void *take(void *cx, size_t size)
{
	struct budget *b = cx;

	if (size > b->left) {
		b->over = true;
		return NULL;
	}
	b->left -= size;
	return imc_arena_alloc(b->arena, size);
}

static void give_back(void *cx, void *p)
{
	(void)cx; /* the arena ends all at once */
	(void)p;
}

static bool unpack(const ProtobufCMessageDescriptor *type, const void *bytes,
		   size_t size, struct imc_arena *a, ProtobufCMessage **out,
		   const char **why)
{
	size_t limit = size > SIZE_MAX / MEMORY_FACTOR - MEMORY_BASE
			       ? SIZE_MAX
			       : size * MEMORY_FACTOR + MEMORY_BASE;
	struct budget b = {.arena = a, .left = limit};
	ProtobufCAllocator allocator = {take, give_back, &b};

	if (size == 0) {
		*why = "the file is empty";
		return false;
	}
	*out = protobuf_c_message_unpack(type, &allocator, size, bytes);
	if (!*out)
		*why = b.over ? "it holds far more parts than its size allows"
			      : "it is damaged, cut off, or no ONNX file";
	return *out != NULL;
}

static const char *text(const char *s)
{
	return s ? s : "";
}

static void external_entry(const Imc__StringStringEntryProto *e,
			   struct imc_onnx_tensor *t)
{
	if (!strcmp(text(e->key), "location"))
		t->location = text(e->value);
	else if (!strcmp(text(e->key), "offset"))
		t->offset = text(e->value);
	else if (!strcmp(text(e->key), "length"))
		t->length = text(e->value);
}

static struct imc_onnx_tensor tensor(const Imc__TensorProto *p)
{
	struct imc_onnx_tensor t = {
		.name = text(p->name),
		.dtype = p->data_type,
		.n_dim = p->n_dims,
		.dim = p->dims,
		.has_raw = p->has_raw_data,
		.n_raw = p->raw_data.len,
		.raw = p->raw_data.data,
		.n_f32 = p->n_float_data,
		.f32 = p->float_data,
		.n_i32 = p->n_int32_data,
		.i32 = p->int32_data,
		.n_i64 = p->n_int64_data,
		.i64 = p->int64_data,
		.n_f64 = p->n_double_data,
		.f64 = p->double_data,
		.n_u64 = p->n_uint64_data,
		.u64 = p->uint64_data,
		.external = p->data_location == 1,
	};

	for (size_t i = 0; i < p->n_external_data; i++)
		external_entry(p->external_data[i], &t);
	return t;
}

static struct imc_onnx_attr attribute(const Imc__AttributeProto *p,
				      struct imc_arena *a)
{
	struct imc_onnx_attr out = {
		.name = text(p->name),
		.type = p->type,
		.f = p->f,
		.i = p->i,
		.s = p->s.len ? imc_arena_strndup(a, (const char *)p->s.data,
						  p->s.len)
			      : "",
		.n_float = p->n_floats,
		.floats = p->floats,
		.n_int = p->n_ints,
		.ints = p->ints,
	};

	if (p->t) {
		struct imc_onnx_tensor *t = imc_arena_alloc(a, sizeof *t);

		*t = tensor(p->t);
		out.t = t;
	}
	return out;
}

static struct imc_onnx_node node(const Imc__NodeProto *p, struct imc_arena *a)
{
	struct imc_onnx_node out = {
		.name = text(p->name),
		.op = text(p->op_type),
		.domain = text(p->domain),
		.n_in = p->n_input,
		.n_out = p->n_output,
		.n_attr = p->n_attribute,
		.in = (const char **)p->input,
		.out = (const char **)p->output,
		.attr = imc_arena_array(a, p->n_attribute, sizeof *out.attr),
	};

	for (size_t i = 0; i < p->n_attribute; i++)
		out.attr[i] = attribute(p->attribute[i], a);
	return out;
}

static struct imc_onnx_value value(const Imc__ValueInfoProto *p,
				   struct imc_arena *a)
{
	const Imc__TypeProto__Tensor *t = p->type ? p->type->tensor_type : NULL;
	struct imc_onnx_value out = {.name = text(p->name)};

	if (!t)
		return out;
	out.is_tensor = true;
	out.dtype = t->elem_type;
	if (!t->shape)
		return out;
	out.has_shape = true;
	out.n_dim = t->shape->n_dim;
	out.dim = imc_arena_array(a, out.n_dim, sizeof *out.dim);
	for (size_t i = 0; i < out.n_dim; i++) {
		const Imc__TensorShapeProto__Dimension *d = t->shape->dim[i];

		out.dim[i].fixed = d->has_dim_value;
		out.dim[i].value = d->dim_value;
		out.dim[i].param = text(d->dim_param);
	}
	return out;
}

static struct imc_onnx_value *values(Imc__ValueInfoProto **p, size_t n,
				     struct imc_arena *a)
{
	struct imc_onnx_value *out = imc_arena_array(a, n, sizeof *out);

	for (size_t i = 0; i < n; i++)
		out[i] = value(p[i], a);
	return out;
}

static void graph(const Imc__GraphProto *p, struct imc_arena *a,
		  struct imc_onnx_model *m)
{
	m->name = text(p->name);
	m->n_node = p->n_node;
	m->node = imc_arena_array(a, p->n_node, sizeof *m->node);
	for (size_t i = 0; i < p->n_node; i++)
		m->node[i] = node(p->node[i], a);
	m->n_init = p->n_initializer;
	m->init = imc_arena_array(a, p->n_initializer, sizeof *m->init);
	for (size_t i = 0; i < p->n_initializer; i++)
		m->init[i] = tensor(p->initializer[i]);
	m->n_sparse = p->n_sparse_initializer;
	m->sparse = imc_arena_array(a, m->n_sparse, sizeof *m->sparse);
	for (size_t i = 0; i < m->n_sparse; i++) {
		const Imc__TensorProto *t = p->sparse_initializer[i]->values;

		m->sparse[i] = t ? text(t->name) : "";
	}
	m->n_in = p->n_input;
	m->in = values(p->input, p->n_input, a);
	m->n_out = p->n_output;
	m->out = values(p->output, p->n_output, a);
	m->n_info = p->n_value_info;
	m->info = values(p->value_info, p->n_value_info, a);
}

bool imc_onnx_unpack_model(const void *bytes, size_t size, struct imc_arena *a,
			   struct imc_onnx_model *out, const char **why)
{
	ProtobufCMessage *message;
	const Imc__ModelProto *p;

	*out = (struct imc_onnx_model){.name = ""};
	if (!unpack(&imc__model_proto__descriptor, bytes, size, a, &message,
		    why))
		return false;
	p = (const Imc__ModelProto *)message;
	if (!p->graph) {
		*why = "it holds no graph";
		return false;
	}
	out->ir_version = p->ir_version;
	out->producer = text(p->producer_name);
	out->producer_version = text(p->producer_version);
	out->n_opset = p->n_opset_import;
	out->opset = imc_arena_array(a, out->n_opset, sizeof *out->opset);
	for (size_t i = 0; i < out->n_opset; i++) {
		out->opset[i].domain = text(p->opset_import[i]->domain);
		out->opset[i].version = p->opset_import[i]->version;
	}
	graph(p->graph, a, out);
	return true;
}

bool imc_onnx_unpack_tensor(const void *bytes, size_t size, struct imc_arena *a,
			    struct imc_onnx_tensor *out, const char **why)
{
	ProtobufCMessage *message;

	if (!unpack(&imc__tensor_proto__descriptor, bytes, size, a, &message,
		    why))
		return false;
	*out = tensor((const Imc__TensorProto *)message);
	return true;
}
