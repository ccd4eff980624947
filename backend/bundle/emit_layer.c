#include <string.h>

#include "backend/bundle/emit.h"
#include "ir/op.h"

#define MAX_DIM 6 /* IMC_RT_MAX_DIM */

static void begin(struct imc_emit *e, const char *type, const char *name)
{
	imc_buf_printf(&e->layers, "static const struct %s %s = {\n", type,
		       name);
}

static void end(struct imc_emit *e)
{
	imc_buf_text(&e->layers, "};\n\n");
}

/* .zero_y, .lo, .hi */
static void emit_clamp(struct imc_emit *e, const struct imc_emit_layer *l)
{
	imc_buf_printf(&e->layers, "\t.zero_y = %d, .lo = %d, .hi = %d,\n",
		       (int)l->y->zero, (int)l->n->a.lo[0], (int)l->n->a.hi[0]);
}

/* function(hal, &name, constants, x..., y, row, n_row), the constants if it
 * reads tables, of n_operand x. */
static void call(struct imc_emit *e, const struct imc_emit_layer *l,
		 const char *function, bool tables, int n_operand)
{
	struct imc_buf b = {.arena = e->a};

	imc_buf_printf(&b, "&%s", l->name);
	if (tables)
		imc_buf_printf(&b, ", %s", imc_emit_constants(e, l->step, 0));
	for (int k = 0; k < n_operand; k++)
		imc_buf_printf(&b, ", %s", imc_emit_operand(e, l->n->in[k]));
	imc_buf_printf(&b, ", %s", imc_emit_operand(e, l->n->out[0]));
	imc_emit_rows(e, l, function, b.p, imc_plan_n_row(&l->y->t));
}

/* .table = 0: the place of input k among the constants. */
static bool emit_place(struct imc_emit *e, const struct imc_emit_layer *l,
		       const char *field, int k)
{
	int64_t at = imc_emit_part(l, k);

	if (at < 0)
		return imc_emit_refuse(e, l, "its tables are computed");
	imc_buf_printf(&e->layers, "\t.%s = %lld,\n", field, (long long)at);
	return true;
}

/* .row_size, and rings of the values of which they are. */
static void emit_rings(struct imc_emit *e, const struct imc_emit_layer *l,
		       int n_operand)
{
	static const char *const names[] = {"x", "a", "b"};
	const struct imc_tensor *y = &l->y->t;

	imc_buf_printf(&e->layers, "\t.row_size = %lld,\n",
		       (long long)imc_plan_row_bytes(y));
	for (int k = 0; k <= n_operand; k++) {
		bool out = k == n_operand;
		int64_t n =
			imc_emit_ring_size(e, out ? l->n->out[0] : l->n->in[k]);

		if (n)
			imc_buf_printf(&e->layers, "\t.%s_ring = %lld,\n",
				       out ? "y" : names[k + n_operand - 1],
				       (long long)n);
	}
}

/* ---- two operands, broadcast ---- */

struct loops {
	int n;
	int64_t dim[IMC_MAX_RANK], a[IMC_MAX_RANK], b[IMC_MAX_RANK];
};

/* Step of operand t for axis d of a result of that rank; 0 repeats. */
static int64_t step_of(const struct imc_tensor *t, int rank, int d)
{
	int own = d - (rank - t->rank);
	int64_t step = 1;

	if (own < 0 || t->dim[own] == 1)
		return 0;
	for (int i = own + 1; i < t->rank; i++)
		step *= t->dim[i];
	return step;
}

/* The fewest loops that visit y in order. */
static struct loops loops_of(const struct imc_tensor *a,
			     const struct imc_tensor *b,
			     const struct imc_tensor *y)
{
	struct loops l = {0};

	for (int d = 0; d < y->rank; d++) {
		int64_t sa = step_of(a, y->rank, d);
		int64_t sb = step_of(b, y->rank, d);
		int p = l.n - 1;

		if (y->dim[d] == 1)
			continue;
		if (p < 0 || l.a[p] != sa * y->dim[d] ||
		    l.b[p] != sb * y->dim[d]) {
			p = l.n++;
			l.dim[p] = 1;
		}
		l.dim[p] *= y->dim[d];
		l.a[p] = sa;
		l.b[p] = sb;
	}
	return l;
}

static void emit_ints(struct imc_emit *e, const char *field, const int64_t *v,
		      int n, int64_t pad)
{
	imc_buf_printf(&e->layers, "\t.%s = {", field);
	for (int i = 0; i < MAX_DIM; i++)
		imc_buf_printf(&e->layers, "%s%lld", i ? ", " : "",
			       (long long)(i < MAX_DIM - n
						   ? pad
						   : v[i - (MAX_DIM - n)]));
	imc_buf_text(&e->layers, "},\n");
}

static bool emit_binary(struct imc_emit *e, const struct imc_emit_layer *l)
{
	const struct imc_value *b = imc_node_in(e->g, l->n, 1);
	const struct imc_attrs *at = &l->n->a;
	struct loops s = loops_of(&l->x->t, &b->t, &l->y->t);

	if (b->t.dtype != IMC_I8)
		return imc_emit_refuse(e, l, "its second input is not int8");
	if (s.n > MAX_DIM)
		return imc_emit_refuse(e, l,
				       "it broadcasts over too many axes");
	begin(e, "imc_rt_binary", l->name);
	emit_ints(e, "dim", s.dim, s.n, 1);
	emit_ints(e, "a_step", s.a, s.n, 0);
	emit_ints(e, "b_step", s.b, s.n, 0);
	emit_rings(e, l, 2);
	imc_buf_printf(&e->layers, "\t.zero_a = %d, .zero_b = %d,\n",
		       (int)l->x->zero, (int)b->zero);
	imc_buf_printf(&e->layers,
		       "\t.mult_a = %d, .mult_b = %d, .shift = %d,\n",
		       (int)at->mult[0], (int)at->mult[1], (int)at->shift[0]);
	emit_clamp(e, l);
	end(e);
	call(e, l, l->n->op == IMC_OP_Q_ADD ? "imc_rt_add" : "imc_rt_mul",
	     false, 2);
	return true;
}

/* ---- one operand ---- */

static bool emit_rescale(struct imc_emit *e, const struct imc_emit_layer *l)
{
	begin(e, "imc_rt_rescaling", l->name);
	emit_rings(e, l, 1);
	imc_buf_printf(&e->layers, "\t.zero_x = %d, .mult = %d, .shift = %d,\n",
		       (int)l->x->zero, (int)l->n->a.mult[0],
		       (int)l->n->a.shift[0]);
	emit_clamp(e, l);
	end(e);
	call(e, l, "imc_rt_rescale_i8", false, 1);
	return true;
}

static bool emit_lut(struct imc_emit *e, const struct imc_emit_layer *l)
{
	begin(e, "imc_rt_lut", l->name);
	emit_rings(e, l, 1);
	if (!emit_place(e, l, "table", 1))
		return false;
	end(e);
	call(e, l, "imc_rt_lut", true, 1);
	return true;
}

static bool emit_softmax(struct imc_emit *e, const struct imc_emit_layer *l)
{
	const struct imc_tensor *t = &l->x->t;
	int64_t cols = t->rank ? t->dim[t->rank - 1] : 1;

	begin(e, "imc_rt_softmax", l->name);
	imc_buf_printf(&e->layers, "\t.cols = %lld,\n", (long long)cols);
	if (!emit_place(e, l, "table", 1))
		return false;
	emit_clamp(e, l);
	end(e);
	imc_emit_call(e, "imc_rt_softmax",
		      imc_arena_printf(e->a, "&%s, %s, %s, %s, 0, %lld",
				       l->name,
				       imc_emit_constants(e, l->step, 0),
				       imc_emit_operand(e, l->n->in[0]),
				       imc_emit_operand(e, l->n->out[0]),
				       (long long)(imc_tensor_count(t) / cols)),
		      0);
	return true;
}

/* ---- pooling ---- */

/* Of a block of channels, if the step has one: its place in the input's blocks,
 * and behind the others in the output, which is one pixel. */
static void call_pool(struct imc_emit *e, const struct imc_emit_layer *l,
		      const char *function, bool tables)
{
	const struct imc_step *s = l->step;
	struct imc_buf b = {.arena = e->a};
	const char *y = imc_emit_operand(e, l->n->out[0]);

	imc_buf_printf(&b, "&%s", l->name);
	if (tables)
		imc_buf_printf(&b, ", %s", imc_emit_constants(e, s, 0));
	if (s->n_chan)
		imc_buf_printf(&b, ", %s, %s + %s",
			       imc_emit_block(e, l->n->in[0], s->chan), y,
			       imc_emit_number(e, s->chan));
	else
		imc_buf_printf(&b, ", %s, %s", imc_emit_operand(e, l->n->in[0]),
			       y);
	imc_emit_rows(e, l, function, b.p, l->y->t.dim[0] * l->y->t.dim[1]);
}

static bool emit_average(struct imc_emit *e, const struct imc_emit_layer *l)
{
	const struct imc_attrs *a = &l->n->a;

	if (l->x->t.rank != 4 || l->y->t.rank != 4)
		return imc_emit_refuse(e, l, "its input is not 4-D");
	begin(e, "imc_rt_average_pool", l->name);
	imc_emit_window(e, "\t.window = ", l, NULL);
	imc_buf_text(&e->layers, ",\n");
	if (!emit_place(e, l, "mult", 1))
		return false;
	imc_buf_printf(&e->layers,
		       "\t.count_pad = %d, .count_min = %d, .shift = %d,\n",
		       (int)a->count_pad[0], (int)a->count_min[0],
		       (int)a->shift[0]);
	imc_buf_printf(&e->layers, "\t.zero_x = %d,\n", (int)l->x->zero);
	emit_clamp(e, l);
	end(e);
	call_pool(e, l, "imc_rt_average_pool", true);
	return true;
}

static bool emit_max(struct imc_emit *e, const struct imc_emit_layer *l)
{
	struct imc_node whole = *l->n;
	struct imc_emit_layer copy = *l;

	if (l->x->t.rank != 4 || l->y->t.rank != 4)
		return imc_emit_refuse(e, l, "its input is not 4-D");
	if (l->n->op == IMC_OP_GLOBAL_MAX_POOL)
		for (int i = 0; i < 2; i++) {
			whole.a.kernel[i] = l->x->t.dim[i + 1];
			whole.a.stride[i] = 1;
			whole.a.dilation[i] = 1;
			whole.a.pads[i] = whole.a.pads[i + 2] = 0;
		}
	copy.n = &whole;
	imc_emit_window(e,
			imc_arena_printf(e->a,
					 "static const struct imc_hal_window "
					 "%s =\n\t",
					 l->name),
			&copy, whole.a.dilation);
	imc_buf_text(&e->layers, ";\n\n");
	call_pool(e, l, "imc_rt_max_pool", false);
	return true;
}

/* ---- any ---- */

static bool emit_kernel(struct imc_emit *e, const struct imc_emit_layer *l)
{
	/* not all of our operators reach the device: the rest is refused */
	if (l->n->op == IMC_OP_Q_CONV2D)
		return imc_emit_matrix(e, l);
	if (l->n->op == IMC_OP_Q_ADD || l->n->op == IMC_OP_Q_MUL)
		return emit_binary(e, l);
	if (l->n->op == IMC_OP_Q_RESCALE)
		return emit_rescale(e, l);
	if (l->n->op == IMC_OP_Q_LUT)
		return emit_lut(e, l);
	if (l->n->op == IMC_OP_Q_SOFTMAX)
		return emit_softmax(e, l);
	if (l->n->op == IMC_OP_Q_AVERAGE_POOL)
		return emit_average(e, l);
	if (l->n->op == IMC_OP_MAX_POOL || l->n->op == IMC_OP_GLOBAL_MAX_POOL)
		return emit_max(e, l);
	if (imc_op_info(l->n->op)->kind == IMC_MOVE)
		return imc_emit_move(e, l);
	return imc_emit_refuse(e, l, "it has no device form");
}

/* A comment that goes on in a new line where 80 columns end. */
struct comment {
	struct imc_buf text;
	const char *indent; /* of its lines */
	size_t column;	    /* behind the text, as far as that is known */
};

#define COLUMNS (80 - 3) /* the rest closes the comment */
#define NUMBER 9	 /* its number, up to 1000, before it */

static void put_word(struct comment *c, const char *word)
{
	bool fits = c->column + 1 + strlen(word) <= COLUMNS;

	if (fits)
		imc_buf_text(&c->text, " ");
	else
		imc_buf_printf(&c->text, "\n%s * ", c->indent);
	c->column = (fits ? c->column + 1 : 8 * strlen(c->indent) + 3) +
		    strlen(word);
	imc_buf_text(&c->text, word);
}

/* Names of the ONNX nodes whose work this is. */
static void put_origins(struct imc_emit *e, const struct imc_node *n,
			struct comment *c)
{
	if (!n->n_origin)
		put_word(c, imc_emit_comment(e->a, n->name));
	for (int i = 0; i < n->n_origin; i++)
		put_word(c,
			 imc_arena_printf(e->a, "%s%s",
					  imc_emit_comment(e->a, n->origin[i]),
					  i < n->n_origin - 1 ? "," : ""));
}

const char *imc_emit_title(struct imc_emit *e, const struct imc_step *s,
			   const char *indent)
{
	const struct imc_node *n = imc_node_at(e->g, s->node);
	const struct imc_assign *as = &e->m->map.assign[s->node.i];
	struct comment c = {.text = {.arena = e->a}, .indent = indent};

	imc_buf_printf(&c.text, "%s on %s:", imc_op_info(n->op)->name,
		       imc_engine_name(as->engine));
	c.column = 8 * strlen(indent) + NUMBER + c.text.n;
	put_origins(e, n, &c);
	return c.text.p;
}

/* What was chosen for a layer whose tiles have arrays of their own. */
static void put_choice(struct imc_emit *e, const struct imc_step *s)
{
	const struct imc_assign *as = &e->m->map.assign[s->node.i];

	if (as->engine != IMC_ENGINE_CROSSBAR || !e->m->map.own_arrays)
		return;
	imc_buf_printf(&e->layers, ";\n * weights of %d bits, inputs of %d, ",
		       (int)as->weight_bits, (int)as->act_bits);
	if (as->copies > 1)
		imc_buf_printf(&e->layers, "%d copies of %d tiles",
			       (int)as->copies, (int)(as->n_tile / as->copies));
	else
		imc_buf_printf(&e->layers, "%d tile%s", (int)as->n_tile,
			       as->n_tile == 1 ? "" : "s");
}

/* l03_layers_0_conv: the end of a long name says most. */
static const char *layer_name(const struct imc_emit *e,
			      const struct imc_node *n)
{
	const char *id = imc_emit_identifier(e->a, n->name, 200);

	while (strlen(id) > 24) {
		const char *next = strchr(id, '_');

		id = next && next[1] ? next + 1 : id + strlen(id) - 24;
	}
	return imc_arena_printf(e->a, "l%02d_%s", (int)e->step, id);
}

/* "3: q_conv2d on crossbar: conv1", and what was chosen. */
static void put_heading(struct imc_emit *e, const struct imc_step *s)
{
	imc_buf_printf(&e->layers, "/* %d: %s", (int)e->step,
		       imc_emit_title(e, s, ""));
	put_choice(e, s);
	imc_buf_text(&e->layers, " */\n");
}

/* Adds the calls of l under that name, and takes its descriptors back. NULL:
 * reported. */
static const char *kernel_text(struct imc_emit *e, struct imc_emit_layer *l,
			       const char *name)
{
	size_t n = e->layers.n;
	const char *text;

	l->name = name;
	if (!emit_kernel(e, l))
		return NULL;
	text = imc_arena_strdup(e->a, e->layers.p + n);
	e->layers.n = n;
	e->layers.p[n] = 0;
	return text;
}

/* Steps of a layer share its descriptor. Rings of other lines, or other blocks,
 * give another one, with a number behind the name. */
static bool emit_once(struct imc_emit *e, struct imc_emit_layer *l)
{
	struct imc_emit_known *k = &e->known[l->id.i];
	size_t n_call = e->n_call, which = 0;
	const char *first, *text;

	if (!k->name)
		k->name = layer_name(e, l->n);
	text = first = kernel_text(e, l, k->name);
	while (first && which < k->n_text && strcmp(k->text[which], first) != 0)
		which++;
	if (which > 0 && first) {
		e->n_call = n_call;
		text = kernel_text(
			e, l,
			imc_arena_printf(e->a, "%s_%zu", k->name, which + 1));
	}
	if (text && which == k->n_text) {
		*IMC_PUSH(e->a, k->text, k->n_text, k->cap_text) = first;
		put_heading(e, l->step);
		imc_buf_text(&e->layers, text);
	}
	return text != NULL;
}

bool imc_emit_step(struct imc_emit *e, const struct imc_step *s)
{
	const struct imc_node *n = imc_node_at(e->g, s->node);
	struct imc_emit_layer l = {.n = n,
				   .id = s->node,
				   .step = s,
				   .x = imc_node_in(e->g, n, 0),
				   .y = imc_node_out(e->g, n, 0)};

	if (!l.x || l.x->t.dtype != IMC_I8 || l.y->t.dtype != IMC_I8)
		return imc_emit_refuse(e, &l, "its tensors are not int8");
	if (imc_tensor_count(&l.x->t) > INT32_MAX ||
	    imc_tensor_count(&l.y->t) > INT32_MAX)
		return imc_emit_refuse(e, &l, "its tensors exceed 2 GB");
	l.c = imc_plan_constants(e->g, &e->m->map, s->node,
				 imc_emit_block_of(e, s));
	return emit_once(e, &l);
}
