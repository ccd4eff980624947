#include <inttypes.h>
#include <string.h>
#include <zlib.h>

#include "ir/op.h"
#include "ir/text/print_part.h"

static void print_type(struct imc_buf *b, const struct imc_tensor *t)
{
	imc_buf_printf(b, " %s[", imc_dtype_name(t->dtype));
	for (int i = 0; i < t->rank; i++)
		imc_buf_printf(b, i ? ",%" PRId64 : "%" PRId64, t->dim[i]);
	imc_buf_text(b, "]");
}

#define ELEMENT(type, fmt)                                                     \
	do {                                                                   \
		type x;                                                        \
		memcpy(&x, at, sizeof x);                                      \
		imc_buf_printf(b, fmt, x);                                     \
	} while (0)

static void print_float(struct imc_buf *b, const void *at)
{
	float x;

	memcpy(&x, at, sizeof x);
	imc_print_f32(b, x);
}

static void print_double(struct imc_buf *b, const void *at)
{
	double x;

	memcpy(&x, at, sizeof x);
	imc_print_f64(b, x);
}

/* f16 by its bits: there is nothing in C to print it. */
static void print_element(struct imc_buf *b, enum imc_dtype t, const void *at)
{
	switch (t) {
	case IMC_F32:
		print_float(b, at);
		break;
	case IMC_F64:
		print_double(b, at);
		break;
	case IMC_BOOL:
	case IMC_U8:
		ELEMENT(uint8_t, "%" PRIu8);
		break;
	case IMC_I8:
		ELEMENT(int8_t, "%" PRId8);
		break;
	case IMC_F16:
	case IMC_U16:
		ELEMENT(uint16_t, "%" PRIu16);
		break;
	case IMC_I16:
		ELEMENT(int16_t, "%" PRId16);
		break;
	case IMC_U32:
		ELEMENT(uint32_t, "%" PRIu32);
		break;
	case IMC_I32:
		ELEMENT(int32_t, "%" PRId32);
		break;
	case IMC_U64:
		ELEMENT(uint64_t, "%" PRIu64);
		break;
	case IMC_I64:
		ELEMENT(int64_t, "%" PRId64);
		break;
	case IMC_N_DTYPE:
		break;
	}
}

static void print_inline(struct imc_buf *b, const struct imc_tensor *t)
{
	size_t n = (size_t)imc_tensor_count(t), size = imc_dtype_size(t->dtype);

	imc_buf_text(b, " = {");
	for (size_t i = 0; i < n; i++) {
		imc_buf_text(b, i ? " " : "");
		print_element(b, t->dtype, (const char *)t->data + i * size);
	}
	imc_buf_text(b, "}");
}

static void print_data(const struct imc_printer *p, const struct imc_tensor *t)
{
	size_t size = imc_tensor_bytes(t);

	if (!p->blob_name || imc_tensor_count(t) <= IMC_TEXT_INLINE) {
		print_inline(p->text, t);
		return;
	}
	imc_buf_align(p->blob, 64);
	imc_buf_text(p->text, " = @");
	imc_print_string(p->text, p->blob_name);
	imc_buf_printf(p->text, " %zu %zu %08lx", p->blob->n, size,
		       (unsigned long)crc32_z(0, t->data, size));
	imc_buf_bytes(p->blob, t->data, size);
}

static void print_numbers(struct imc_buf *b, const struct imc_value *v)
{
	if (v->ranged) {
		imc_buf_text(b, " range ");
		imc_print_f32(b, v->lo);
		imc_buf_text(b, " ");
		imc_print_f32(b, v->hi);
	}
	if (v->scale < 0 || v->scale > 0 || v->zero) {
		imc_buf_text(b, " scale ");
		imc_print_f32(b, v->scale);
		imc_buf_printf(b, " zero %" PRId32, v->zero);
	}
	if (v->given != IMC_GIVEN_NONE)
		imc_buf_printf(b, " given %s", imc_given_name(v->given));
	if (imc_val_ok(v->scales)) {
		imc_buf_text(b, " scales ");
		imc_print_val(b, v->scales);
	}
	if (imc_val_ok(v->means)) {
		imc_buf_text(b, " means ");
		imc_print_val(b, v->means);
	}
	if (imc_val_ok(v->clips)) {
		imc_buf_text(b, " clips ");
		imc_print_val(b, v->clips);
	}
	if (imc_val_ok(v->divisors)) {
		imc_buf_text(b, " divisors ");
		imc_print_val(b, v->divisors);
	}
}

static bool is_gap(const struct imc_value *v)
{
	return !v->name[0] && !v->shaped && !v->t.data &&
	       v->def.i == UINT32_MAX;
}

static void print_value(const struct imc_printer *p, uint32_t id)
{
	const struct imc_value *v = &p->m->g->value[id];
	struct imc_buf *b = p->text;

	if (is_gap(v))
		return;
	imc_buf_printf(b, "%s %%%" PRIu32 " ", v->t.data ? "const" : "value",
		       id);
	imc_print_string(b, v->name);
	if (v->shaped || v->t.data)
		print_type(b, &v->t);
	else
		imc_buf_text(b, " ?");
	print_numbers(b, v);
	if (v->t.data)
		print_data(p, &v->t);
	imc_buf_text(b, "\n");
}

static void print_loc(struct imc_buf *b, const struct imc_loc *l)
{
	if (!l->file && !l->line && !l->col && l->node == -1 && !l->op &&
	    !l->name)
		return;
	imc_buf_text(b, " at ");
	imc_print_string(b, l->file);
	imc_buf_printf(b, " %d %d %d ", l->line, l->col, l->node);
	imc_print_string(b, l->op);
	imc_buf_text(b, " ");
	imc_print_string(b, l->name);
}

static void print_ids(struct imc_buf *b, int n, const imc_val *v)
{
	imc_buf_text(b, " (");
	for (int i = 0; i < n; i++) {
		imc_buf_text(b, i ? " " : "");
		imc_print_val(b, v[i]);
	}
	imc_buf_text(b, ")");
}

static void print_list(struct imc_buf *b, const struct imc_ints *list)
{
	imc_buf_text(b, "[");
	for (int i = 0; i < list->n; i++)
		imc_buf_printf(b, i ? ",%" PRId64 : "%" PRId64, list->v[i]);
	imc_buf_text(b, "]");
}

static bool is_default(const struct imc_attr_info *info, const void *at)
{
	const struct imc_ints *list = at;

	if (info->type == IMC_FIELD_L)
		return list->n == 0;
	for (int i = 0; i < info->count; i++) {
		const float *f = (const float *)at + i;

		if (info->type == IMC_FIELD_I
			    ? ((const int64_t *)at)[i] != info->def_i
			    : memcmp(f, &info->def_f, sizeof *f) != 0)
			return false;
	}
	return true;
}

static void print_attr(struct imc_buf *b, const struct imc_attr_info *info,
		       const void *at)
{
	imc_buf_printf(b, " %s=", info->name);
	if (info->type == IMC_FIELD_L)
		print_list(b, at);
	for (int i = 0; i < info->count && info->type == IMC_FIELD_I; i++)
		imc_buf_printf(b, i ? ",%" PRId64 : "%" PRId64,
			       ((const int64_t *)at)[i]);
	for (int i = 0; i < info->count && info->type == IMC_FIELD_F; i++) {
		imc_buf_text(b, i ? "," : "");
		imc_print_f32(b, ((const float *)at)[i]);
	}
}

static void print_node(struct imc_buf *b, uint32_t id, const struct imc_node *n)
{
	const struct imc_op_info *info = imc_op_info(n->op);

	imc_buf_printf(b, "node n%" PRIu32 " %s ", id, info->name);
	imc_print_string(b, n->name);
	print_loc(b, &n->loc);
	print_ids(b, n->n_in, n->in);
	imc_buf_text(b, " ->");
	print_ids(b, n->n_out, n->out);
	for (int i = 0; i < info->n_attr; i++) {
		const char *at = (const char *)&n->a + info->attr[i].offset;

		if (!is_default(&info->attr[i], at))
			print_attr(b, &info->attr[i], at);
	}
	imc_buf_text(b, "\n");
	if (!n->n_origin)
		return;
	imc_buf_text(b, "origin");
	for (int i = 0; i < n->n_origin; i++) {
		imc_buf_text(b, " ");
		imc_print_string(b, n->origin[i]);
	}
	imc_buf_text(b, "\n");
}

static void print_ends(struct imc_buf *b, const char *key, size_t n,
		       const imc_val *v)
{
	for (size_t i = 0; i < n; i++) {
		imc_buf_printf(b, "%s ", key);
		imc_print_val(b, v[i]);
		imc_buf_text(b, "\n");
	}
}

void imc_print_graph(const struct imc_printer *p)
{
	const struct imc_graph *g = p->m->g;
	struct imc_buf *b = p->text;

	imc_buf_text(b, "graph ");
	imc_print_string(b, g->name);
	imc_buf_text(b, g->layout == IMC_NHWC ? " nhwc\n" : " nchw\n");
	for (size_t i = 0; i < g->n_value; i++)
		print_value(p, (uint32_t)i);
	print_ends(b, "input", g->n_input, g->input);
	print_ends(b, "output", g->n_output, g->output);
	for (size_t i = 0; i < g->n_order; i++)
		print_node(b, g->order[i].i, imc_node_at(g, g->order[i]));
	/* Their ids stay taken: assignments are by node id. */
	for (size_t i = 0; i < g->n_node; i++)
		if (g->node[i].dead)
			imc_buf_printf(b, "dead n%zu\n", i);
}
