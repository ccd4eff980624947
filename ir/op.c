#include "ir/op.h"

#include <math.h>
#include <string.h>

#include "ir/op/typing.h"

#define COUNT(field) (sizeof((struct imc_attrs *)NULL)->field / sizeof(int64_t))
#define COUNT_F(field) (sizeof((struct imc_attrs *)NULL)->field / sizeof(float))

/* All attribute rows, operator after operator. */
static const struct imc_attr_info attrs[] = {
#define ATTR_I(id, field, def, ...)                                            \
	{#field,                                                               \
	 IMC_FIELD_I,                                                          \
	 offsetof(struct imc_attrs, field),                                    \
	 (int)COUNT(field),                                                    \
	 def,                                                                  \
	 __VA_ARGS__,                                                          \
	 0},
#define ATTR_F(id, field, def)                                                 \
	{#field,                                                               \
	 IMC_FIELD_F,                                                          \
	 offsetof(struct imc_attrs, field),                                    \
	 (int)COUNT_F(field),                                                  \
	 0,                                                                    \
	 0,                                                                    \
	 0,                                                                    \
	 def},
#define ATTR_L(id, field)                                                      \
	{#field,                                                               \
	 IMC_FIELD_L,                                                          \
	 offsetof(struct imc_attrs, field),                                    \
	 0,                                                                    \
	 0,                                                                    \
	 INT64_MIN,                                                            \
	 INT64_MAX,                                                            \
	 0},
#include "ir/ops.def"
};

/* FIRST_id: the index of an operator's first row in attrs. NONE_id sets the
 * count back by one, so that the first AT_ row of id equals FIRST_id. */
enum attr_index {
#define OP(id, name, onnx, lo, hi, kind, family, text)                         \
	FIRST_##id, NONE_##id = FIRST_##id - 1,
#define ATTR_I(id, field, def, ...) AT_##id##_##field,
#define ATTR_F(id, field, def) AT_##id##_##field,
#define ATTR_L(id, field) AT_##id##_##field,
#include "ir/ops.def"
};

/* A row is left open after n_attr, so that each attribute row adds its + 1;
 * the next operator closes it. Row 0 only opens the chain. */
static const struct imc_op_info ops[] = {
	{.n_attr = 0
#define OP(id, op_name, op_onnx, lo, hi, op_kind, family, op_text)             \
	}                                                                      \
	,                                                                      \
	{                                                                      \
		.name = #op_name, .onnx = op_onnx, .n_in_min = lo,             \
		.n_in_max = hi, .kind = IMC_##op_kind,                         \
		.type = imc_type_##family, .eval = imc_eval_##family,          \
		.text = op_text, .attr = attrs + FIRST_##id, .n_attr = 0
#define ATTR_I(id, field, def, ...) +1
#define ATTR_F(id, field, def) +1
#define ATTR_L(id, field) +1
#include "ir/ops.def"
	},
};

_Static_assert(sizeof ops / sizeof *ops == IMC_N_OP + 1, "a row an operator");

const struct imc_op_info *imc_op_info(enum imc_op op)
{
	return &ops[op + 1];
}

enum imc_op imc_op_by_name(const char *name)
{
	int op = 0;

	while (op < IMC_N_OP && strcmp(ops[op + 1].name, name))
		op++;
	return (enum imc_op)op;
}

enum imc_op imc_op_by_onnx(const char *onnx_type)
{
	int op = 0;

	if (!*onnx_type)
		return IMC_N_OP;
	while (op < IMC_N_OP && strcmp(ops[op + 1].onnx, onnx_type))
		op++;
	return (enum imc_op)op;
}

const char *imc_kind_name(enum imc_kind k)
{
	switch (k) {
	case IMC_MATRIX:
		return "matrix";
	case IMC_DIGITAL:
		return "digital";
	case IMC_MOVE:
		return "move";
	case IMC_HOST:
		return "host";
	}
	return "";
}

void imc_attrs_default(enum imc_op op, struct imc_attrs *a)
{
	const struct imc_op_info *info = imc_op_info(op);

	memset(a, 0, sizeof *a);
	for (int i = 0; i < info->n_attr; i++) {
		const struct imc_attr_info *row = &info->attr[i];
		char *field = (char *)a + row->offset;

		for (int k = 0; k < row->count; k++)
			if (row->type == IMC_FIELD_I)
				((int64_t *)(void *)field)[k] = row->def_i;
			else
				((float *)(void *)field)[k] = row->def_f;
	}
}

static bool check_inputs(const struct imc_typing *t)
{
	const struct imc_graph *g = t->g;
	const struct imc_node *n = t->n;
	const struct imc_op_info *info = imc_op_info(n->op);

	if (n->n_in < info->n_in_min || n->n_in > info->n_in_max)
		return imc_typing_fail(t, "%d inputs where %d to %d fit",
				       n->n_in, info->n_in_min, info->n_in_max);
	for (int k = 0; k < n->n_in; k++) {
		const struct imc_value *v = imc_node_in(g, n, k);

		if (!v && k < info->n_in_min)
			return imc_typing_fail(t, "input %d is missing", k);
		if (v && !v->shaped)
			return imc_typing_fail(
				t, "the shape of input '%s' is not known",
				v->name);
		if (v && !imc_typing_fits(&v->t))
			return imc_typing_fail(t, "input '%s' is too large",
					       v->name);
	}
	return true;
}

bool imc_op_infer(struct imc_graph *g, imc_node_id id, struct imc_diags *d)
{
	struct imc_node *n = imc_node_at(g, id);
	struct imc_typing t = {g, n, d};

	if (!check_inputs(&t) || !imc_op_info(n->op)->type(g, n, d))
		return false;
	t.n = n = imc_node_at(g, id);
	for (int k = 0; k < n->n_out; k++) {
		const struct imc_value *v = imc_node_out(g, n, k);

		if (v && v->shaped && !imc_typing_fits(&v->t))
			return imc_typing_fail(&t, "output '%s' is too large",
					       v->name);
	}
	return true;
}

void imc_op_eval(const struct imc_graph *g, const struct imc_node *n,
		 const struct imc_tensor *in, struct imc_tensor *out,
		 struct imc_arena *scratch)
{
	for (int k = 0; k < n->n_out; k++) {
		const struct imc_value *v = imc_node_out(g, n, k);

		out[k] = (struct imc_tensor){0};
		if (!v)
			continue;
		out[k] = v->t;
		out[k].data = imc_arena_alloc(scratch, imc_tensor_bytes(&v->t));
	}
	imc_op_info(n->op)->eval(g, n, in, out, scratch);
}
