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

/* Structs to messages, which borrow text and data from the structs. Empty
 * text is an absent field, but for an input that a node leaves out. */

static void *new_message(const ProtobufCMessageDescriptor *type,
			 struct imc_arena *a)
{
	void *p = imc_arena_alloc(a, type->sizeof_message);

	protobuf_c_message_init(type, p);
	return p;
}

static char *optional(const char *s)
{
	return s && *s ? (char *)s : NULL;
}

static void add_entry(Imc__TensorProto *p, const char *key, const char *value,
		      struct imc_arena *a)
{
	Imc__StringStringEntryProto *e;

	if (!value)
		return;
	e = new_message(&imc__string_string_entry_proto__descriptor, a);
	e->key = (char *)key;
	e->value = (char *)value;
	p->external_data[p->n_external_data++] = e;
}

static void pack_external(const struct imc_onnx_tensor *t, Imc__TensorProto *p,
			  struct imc_arena *a)
{
	p->external_data = imc_arena_array(a, 3, sizeof *p->external_data);
	p->has_data_location = true;
	p->data_location = 1;
	add_entry(p, "location", t->location, a);
	add_entry(p, "offset", t->offset, a);
	add_entry(p, "length", t->length, a);
}

static Imc__TensorProto *pack_tensor(const struct imc_onnx_tensor *t,
				     struct imc_arena *a)
{
	Imc__TensorProto *p = new_message(&imc__tensor_proto__descriptor, a);

	p->name = optional(t->name);
	p->has_data_type = true;
	p->data_type = t->dtype;
	p->n_dims = t->n_dim;
	p->dims = (int64_t *)t->dim;
	p->has_raw_data = t->has_raw;
	p->raw_data.len = t->n_raw;
	p->raw_data.data = (uint8_t *)t->raw;
	p->n_float_data = t->n_f32;
	p->float_data = (float *)t->f32;
	p->n_int32_data = t->n_i32;
	p->int32_data = (int32_t *)t->i32;
	p->n_int64_data = t->n_i64;
	p->int64_data = (int64_t *)t->i64;
	p->n_double_data = t->n_f64;
	p->double_data = (double *)t->f64;
	p->n_uint64_data = t->n_u64;
	p->uint64_data = (uint64_t *)t->u64;
	if (t->external)
		pack_external(t, p, a);
	return p;
}

static Imc__AttributeProto *pack_attribute(const struct imc_onnx_attr *t,
					   struct imc_arena *a)
{
	Imc__AttributeProto *p =
		new_message(&imc__attribute_proto__descriptor, a);

	p->name = optional(t->name);
	p->has_type = true;
	p->type = t->type;
	p->has_f = t->type == IMC_ONNX_FLOAT;
	p->f = t->f;
	p->has_i = t->type == IMC_ONNX_INT;
	p->i = t->i;
	p->has_s = t->type == IMC_ONNX_STRING;
	p->s.len = strlen(text(t->s));
	p->s.data = (uint8_t *)t->s;
	p->n_floats = t->n_float;
	p->floats = (float *)t->floats;
	p->n_ints = t->n_int;
	p->ints = (int64_t *)t->ints;
	if (t->t)
		p->t = pack_tensor(t->t, a);
	return p;
}

static Imc__NodeProto *pack_node(const struct imc_onnx_node *t,
				 struct imc_arena *a)
{
	Imc__NodeProto *p = new_message(&imc__node_proto__descriptor, a);

	p->name = optional(t->name);
	p->op_type = (char *)t->op;
	p->domain = optional(t->domain);
	p->n_input = t->n_in;
	p->input = (char **)t->in;
	p->n_output = t->n_out;
	p->output = (char **)t->out;
	p->n_attribute = t->n_attr;
	p->attribute = imc_arena_array(a, t->n_attr, sizeof *p->attribute);
	for (size_t i = 0; i < t->n_attr; i++)
		p->attribute[i] = pack_attribute(&t->attr[i], a);
	return p;
}

static Imc__TensorShapeProto *pack_shape(const struct imc_onnx_value *t,
					 struct imc_arena *a)
{
	Imc__TensorShapeProto *p =
		new_message(&imc__tensor_shape_proto__descriptor, a);

	p->n_dim = t->n_dim;
	p->dim = imc_arena_array(a, t->n_dim, sizeof *p->dim);
	for (size_t i = 0; i < t->n_dim; i++) {
		p->dim[i] = new_message(
			&imc__tensor_shape_proto__dimension__descriptor, a);
		p->dim[i]->has_dim_value = t->dim[i].fixed;
		p->dim[i]->dim_value = t->dim[i].value;
		p->dim[i]->dim_param = optional(t->dim[i].param);
	}
	return p;
}

static Imc__ValueInfoProto *pack_value(const struct imc_onnx_value *t,
				       struct imc_arena *a)
{
	Imc__ValueInfoProto *p;
	Imc__TypeProto__Tensor *tensor_type;

	p = new_message(&imc__value_info_proto__descriptor, a);
	p->name = optional(t->name);
	if (!t->is_tensor)
		return p;
	p->type = new_message(&imc__type_proto__descriptor, a);
	tensor_type = new_message(&imc__type_proto__tensor__descriptor, a);
	p->type->tensor_type = tensor_type;
	tensor_type->has_elem_type = true;
	tensor_type->elem_type = t->dtype;
	if (t->has_shape)
		tensor_type->shape = pack_shape(t, a);
	return p;
}

static Imc__ValueInfoProto **pack_values(const struct imc_onnx_value *t,
					 size_t n, struct imc_arena *a)
{
	Imc__ValueInfoProto **p = imc_arena_array(a, n, sizeof *p);

	for (size_t i = 0; i < n; i++)
		p[i] = pack_value(&t[i], a);
	return p;
}

static Imc__GraphProto *pack_graph(const struct imc_onnx_model *m,
				   struct imc_arena *a)
{
	Imc__GraphProto *p = new_message(&imc__graph_proto__descriptor, a);

	p->name = optional(m->name);
	p->n_node = m->n_node;
	p->node = imc_arena_array(a, m->n_node, sizeof *p->node);
	for (size_t i = 0; i < m->n_node; i++)
		p->node[i] = pack_node(&m->node[i], a);
	p->n_initializer = m->n_init;
	p->initializer = imc_arena_array(a, m->n_init, sizeof *p->initializer);
	for (size_t i = 0; i < m->n_init; i++)
		p->initializer[i] = pack_tensor(&m->init[i], a);
	p->n_input = m->n_in;
	p->input = pack_values(m->in, m->n_in, a);
	p->n_output = m->n_out;
	p->output = pack_values(m->out, m->n_out, a);
	p->n_value_info = m->n_info;
	p->value_info = pack_values(m->info, m->n_info, a);
	return p;
}

static Imc__ModelProto *pack_model(const struct imc_onnx_model *m,
				   struct imc_arena *a)
{
	Imc__ModelProto *p = new_message(&imc__model_proto__descriptor, a);

	p->has_ir_version = true;
	p->ir_version = m->ir_version;
	p->producer_name = optional(m->producer);
	p->producer_version = optional(m->producer_version);
	p->graph = pack_graph(m, a);
	p->n_opset_import = m->n_opset;
	p->opset_import =
		imc_arena_array(a, m->n_opset, sizeof *p->opset_import);
	for (size_t i = 0; i < m->n_opset; i++) {
		Imc__OperatorSetIdProto *o;

		o = new_message(&imc__operator_set_id_proto__descriptor, a);
		o->domain = (char *)m->opset[i].domain;
		o->has_version = true;
		o->version = m->opset[i].version;
		p->opset_import[i] = o;
	}
	return p;
}

size_t imc_onnx_packed_size(const struct imc_onnx_model *m)
{
	struct imc_arena *a = imc_arena_new();
	size_t size =
		protobuf_c_message_get_packed_size(&pack_model(m, a)->base);

	imc_arena_free(a);
	return size;
}

/* A buffer of protobuf-c that hands on what it is given. */
struct sink {
	ProtobufCBuffer base;
	imc_onnx_put *put;
	void *cx;
};

static void append(ProtobufCBuffer *b, size_t n, const uint8_t *p)
{
	const struct sink *s = (const struct sink *)b;

	s->put(s->cx, p, n);
}

void imc_onnx_pack_model(const struct imc_onnx_model *m, imc_onnx_put *put,
			 void *cx)
{
	struct imc_arena *a = imc_arena_new();
	struct sink s = {{append}, put, cx};

	protobuf_c_message_pack_to_buffer(&pack_model(m, a)->base, &s.base);
	imc_arena_free(a);
}
