#include <string.h>

#include "ir/op.h"
#include "ir/support/checked.h"
#include "ir/text/parse_part.h"

static bool layout_of(const char *word, enum imc_layout *out)
{
	*out = strcmp(word, "nhwc") ? IMC_NCHW : IMC_NHWC;
	return *out == IMC_NHWC || !strcmp(word, "nchw");
}

bool imc_parse_graph(struct imc_reader *r)
{
	char word[IMC_WORD_MAX];
	const char *name;
	enum imc_layout layout;

	if (r->m->g)
		return imc_read_fail(r, "one graph only");
	if (!imc_read_string(r, &name) || !imc_read_word(r, "a layout", word))
		return false;
	if (!layout_of(word, &layout)) {
		r->p -= strlen(word);
		return imc_read_fail(r, "nchw or nhwc");
	}
	r->m->g = imc_graph_new(r->arena, name ? name : "");
	r->m->g->layout = layout;
	return true;
}

/* The value of a new id; ids between have no name until the end. */
static struct imc_value *new_value(struct imc_reader *r)
{
	struct imc_graph *g = r->m->g;
	imc_val id;

	if (!imc_read_new_val(r, &id))
		return NULL;
	while (g->n_value <= id.i) {
		struct imc_value *v =
			IMC_PUSH(g->arena, g->value, g->n_value, g->cap_value);

		v->def = IMC_NO_NODE;
		v->scales = v->means = v->clips = v->divisors = IMC_NO_VAL;
	}
	if (g->value[id.i].name) {
		imc_read_fail(r, "an id that is new");
		return NULL;
	}
	return &g->value[id.i];
}

static bool parse_dims(struct imc_reader *r, struct imc_tensor *t)
{
	int64_t n = 1;

	while (!imc_read_is(r, ']')) {
		if (t->rank == IMC_MAX_RANK)
			return imc_read_fail(r, "at most 8 dimensions");
		if (t->rank && !imc_read_need(r, ','))
			return false;
		if (!imc_read_i64(r, 0, INT64_MAX, &t->dim[t->rank]))
			return false;
		if (!imc_mul_i64(n, imc_max_i64(t->dim[t->rank], 1), &n) ||
		    n > INT64_MAX / 16)
			return imc_read_fail(r, "a smaller shape before");
		t->rank++;
	}
	return true;
}

/* "f32[1,3]", or "?" when the type is not known yet. */
static bool parse_type(struct imc_reader *r, struct imc_value *v)
{
	char word[IMC_WORD_MAX];
	int t = 0;

	if (imc_read_is(r, '?'))
		return true;
	if (!imc_read_word(r, "a type", word))
		return false;
	while (t < IMC_N_DTYPE &&
	       strcmp(imc_dtype_name((enum imc_dtype)t), word))
		t++;
	if (t == IMC_N_DTYPE) {
		r->p -= strlen(word);
		return imc_read_fail(r, "a type");
	}
	v->t.dtype = (enum imc_dtype)t;
	v->shaped = true;
	return imc_read_need(r, '[') && parse_dims(r, &v->t);
}

#define NUMBERS "range, scale, zero, given, scales, means, clips or divisors"

static bool parse_given(struct imc_reader *r, struct imc_value *v)
{
	char word[IMC_WORD_MAX];
	int k = 0;

	if (!imc_read_word(r, "what became of given numbers", word))
		return false;
	while (k < IMC_N_GIVEN &&
	       strcmp(imc_given_name((enum imc_given)k), word))
		k++;
	if (k == IMC_N_GIVEN) {
		r->p -= strlen(word);
		return imc_read_fail(r, "kept, or why given numbers are not");
	}
	v->given = (enum imc_given)k;
	return true;
}

static bool parse_number(struct imc_reader *r, const char *key,
			 struct imc_value *v)
{
	int64_t zero;

	if (!strcmp(key, "range")) {
		v->ranged = true;
		return imc_read_f32(r, &v->lo) && imc_read_f32(r, &v->hi);
	}
	if (!strcmp(key, "scale"))
		return imc_read_f32(r, &v->scale);
	if (!strcmp(key, "given"))
		return parse_given(r, v);
	if (!strcmp(key, "scales"))
		return imc_read_new_val(r, &v->scales);
	if (!strcmp(key, "means"))
		return imc_read_new_val(r, &v->means);
	if (!strcmp(key, "clips"))
		return imc_read_new_val(r, &v->clips);
	if (!strcmp(key, "divisors"))
		return imc_read_new_val(r, &v->divisors);
	if (strcmp(key, "zero")) {
		r->p -= strlen(key);
		return imc_read_fail(r, NUMBERS);
	}
	if (!imc_read_i64(r, INT32_MIN, INT32_MAX, &zero))
		return false;
	v->zero = (int32_t)zero;
	return true;
}

static struct imc_value *parse_head(struct imc_reader *r)
{
	struct imc_value *v = new_value(r);
	char word[IMC_WORD_MAX];

	if (!v || !imc_read_string(r, &v->name))
		return NULL;
	if (!v->name) {
		imc_read_fail(r, "a name before");
		return NULL;
	}
	if (!parse_type(r, v))
		return NULL;
	while (!imc_read_at_end(r) && *r->p != '=')
		if (!imc_read_word(r, NUMBERS, word) ||
		    !parse_number(r, word, v))
			return NULL;
	return v;
}

bool imc_parse_value(struct imc_reader *r)
{
	return parse_head(r) != NULL;
}

bool imc_parse_const(struct imc_reader *r)
{
	struct imc_value *v = parse_head(r);

	if (!v)
		return false;
	if (!v->shaped)
		return imc_read_fail(r, "a type before");
	return imc_read_need(r, '=') && imc_parse_data(r, v);
}

bool imc_parse_input(struct imc_reader *r)
{
	struct imc_graph *g = r->m->g;
	imc_val v;

	if (!imc_read_val(r, &v))
		return false;
	*IMC_PUSH(g->arena, g->input, g->n_input, g->cap_input) = v;
	return true;
}

bool imc_parse_output(struct imc_reader *r)
{
	struct imc_graph *g = r->m->g;
	imc_val v;

	if (!imc_read_val(r, &v))
		return false;
	*IMC_PUSH(g->arena, g->output, g->n_output, g->cap_output) = v;
	return true;
}

/* "(%1 - %3)" */
static bool parse_ids(struct imc_reader *r, int *n, imc_val **v)
{
	size_t count = 0, cap = 0;

	if (!imc_read_need(r, '('))
		return false;
	*v = imc_arena_alloc(r->arena, 0);
	while (!imc_read_is(r, ')')) {
		imc_val *to = IMC_PUSH(r->arena, *v, count, cap);

		if (!imc_read_val_or_none(r, to))
			return false;
	}
	*n = (int)count;
	return true;
}

static bool parse_loc(struct imc_reader *r, struct imc_loc *l)
{
	return imc_read_string(r, &l->file) && imc_read_int(r, &l->line) &&
	       imc_read_int(r, &l->col) && imc_read_int(r, &l->node) &&
	       imc_read_string(r, &l->op) && imc_read_string(r, &l->name);
}

static bool parse_list(struct imc_reader *r, struct imc_ints *list)
{
	if (!imc_read_need(r, '['))
		return false;
	for (list->n = 0; !imc_read_is(r, ']'); list->n++) {
		if (list->n == IMC_MAX_RANK)
			return imc_read_fail(r, "at most 8 integers");
		if (list->n && !imc_read_need(r, ','))
			return false;
		if (!imc_read_i64(r, INT64_MIN, INT64_MAX, &list->v[list->n]))
			return false;
	}
	return true;
}

static bool parse_field(struct imc_reader *r, const struct imc_attr_info *info,
			void *to)
{
	if (info->type == IMC_FIELD_L)
		return parse_list(r, to);
	for (int i = 0; i < info->count; i++) {
		if (i && !imc_read_need(r, ','))
			return false;
		if (info->type == IMC_FIELD_I
			    ? !imc_read_i64(r, info->min, info->max,
					    (int64_t *)to + i)
			    : !imc_read_f32(r, (float *)to + i))
			return false;
	}
	return true;
}

static bool parse_attributes(struct imc_reader *r, struct imc_node *n)
{
	const struct imc_op_info *info = imc_op_info(n->op);
	char word[IMC_WORD_MAX];

	while (!imc_read_at_end(r)) {
		int i = 0;

		if (!imc_read_word(r, "an attribute", word))
			return false;
		while (i < info->n_attr && strcmp(info->attr[i].name, word))
			i++;
		if (i == info->n_attr) {
			r->p -= strlen(word);
			return imc_read_fail(r, "an attribute of it");
		}
		if (!imc_read_need(r, '=') ||
		    !parse_field(r, &info->attr[i],
				 (char *)&n->a + info->attr[i].offset))
			return false;
	}
	return true;
}

/* A new node, dead until it is read; so are ids without a line. */
static struct imc_node *new_node(struct imc_reader *r, imc_node_id *id)
{
	struct imc_graph *g = r->m->g;

	if (!imc_read_new_node(r, id))
		return NULL;
	while (g->n_node <= id->i) {
		struct imc_node *n =
			IMC_PUSH(g->arena, g->node, g->n_node, g->cap_node);

		n->dead = true;
		n->name = "";
		n->loc = IMC_NOWHERE;
	}
	if (!g->node[id->i].dead) {
		imc_read_fail(r, "an id that is new");
		return NULL;
	}
	return &g->node[id->i];
}

static bool parse_op(struct imc_reader *r, enum imc_op *op)
{
	char word[IMC_WORD_MAX];

	if (!imc_read_word(r, "an operator", word))
		return false;
	*op = imc_op_by_name(word);
	if (*op != IMC_N_OP)
		return true;
	r->p -= strlen(word);
	return imc_read_fail(r, "an operator");
}

static bool parse_edges(struct imc_reader *r, struct imc_node *n,
			imc_node_id id)
{
	if (!parse_ids(r, &n->n_in, &n->in) || !imc_read_need(r, '-') ||
	    !imc_read_need(r, '>') || !parse_ids(r, &n->n_out, &n->out))
		return false;
	for (int k = 0; k < n->n_out; k++) {
		struct imc_value *v = imc_node_out(r->m->g, n, k);

		if (v && v->def.i != UINT32_MAX)
			return imc_read_fail(
				r, "an output that nobody else makes before");
		if (v)
			v->def = id;
	}
	return true;
}

bool imc_parse_node(struct imc_reader *r)
{
	struct imc_graph *g = r->m->g;
	imc_node_id id;
	struct imc_node *n = new_node(r, &id);

	if (!n || !parse_op(r, &n->op) || !imc_read_string(r, &n->name))
		return false;
	if (!n->name)
		return imc_read_fail(r, "a name before");
	n->dead = false;
	imc_attrs_default(n->op, &n->a);
	if (imc_read_is(r, 'a') &&
	    (!imc_read_need(r, 't') || !parse_loc(r, &n->loc)))
		return false;
	if (!parse_edges(r, n, id) || !parse_attributes(r, n))
		return false;
	*IMC_PUSH(g->arena, g->order, g->n_order, g->cap_order) = id;
	r->last = id;
	return true;
}

bool imc_parse_origin(struct imc_reader *r)
{
	size_t count = 0, cap = 0;
	const char **name = NULL;
	struct imc_node *n;

	if (r->last.i == UINT32_MAX)
		return imc_read_fail(r, "a node line before");
	while (!imc_read_at_end(r)) {
		const char **to = IMC_PUSH(r->arena, name, count, cap);

		if (!imc_read_string(r, to))
			return false;
		if (!*to)
			return imc_read_fail(r, "a name before");
	}
	n = imc_node_at(r->m->g, r->last);
	n->origin = name;
	n->n_origin = (int)count;
	return true;
}

bool imc_parse_dead(struct imc_reader *r)
{
	imc_node_id id;

	return new_node(r, &id) != NULL;
}

/* True if v is absent, or was defined. */
static bool is_given(const struct imc_graph *g, imc_val v)
{
	return !imc_val_ok(v) || (v.i < g->n_value && g->value[v.i].name);
}

bool imc_parse_finish_graph(struct imc_reader *r)
{
	struct imc_graph *g = r->m->g;

	for (size_t i = 0; i < g->n_value; i++) {
		if (!is_given(g, g->value[i].scales) ||
		    !is_given(g, g->value[i].means) ||
		    !is_given(g, g->value[i].clips) ||
		    !is_given(g, g->value[i].divisors))
			return imc_read_fail(
				r, "the scales, means, clips or divisors of a "
				   "value");
	}
	for (size_t i = 0; i < g->n_value; i++)
		if (!g->value[i].name)
			g->value[i].name = "";
	return true;
}
