#include <string.h>

#include "backend/bundle/emit.h"
#include "ir/op.h"

/* The body of <net>_run: slots of steps, one after another. What has a port of
 * its own is started, then the cores do their part, then all is waited for.
 * Slots that differ in their rows only, by equal steps, are a loop over k. */

#define LEAST_TURNS 3 /* of a loop */

/* A node or a transfer, which may run in several steps. */
struct task {
	const struct imc_step *step; /* the first of them */
	size_t n_call;
	const struct imc_emit_call *call; /* for all rows */
};

/* Steps that run in the slots first .. end, and none of them elsewhere. */
struct group {
	size_t first, end;
	size_t n_task, cap_task;
	struct task *task;
};

/* A number in C: base, or base + k * step in a loop. */
struct count {
	int64_t base, step;
};

static const struct imc_step *step_at(const struct imc_emit *e, size_t i)
{
	return &e->m->plan.step[i];
}

static bool same_task(const struct imc_step *a, const struct imc_step *b)
{
	return a->kind == b->kind && a->node.i == b->node.i &&
	       a->val.i == b->val.i;
}

/* ---- text ---- */

static const char *tabs(int depth)
{
	static const char all[] = "\t\t\t\t\t\t";

	return all + (sizeof all - 1) - (size_t)depth;
}

static const char *text_of(struct imc_emit *e, struct count c)
{
	const char *k = c.step == 1 ? "k"
				    : imc_arena_printf(e->a, "k * %lld",
						       (long long)c.step);

	if (c.step == 0)
		return imc_arena_printf(e->a, "%lld", (long long)c.base);
	if (c.base == 0)
		return k;
	return imc_arena_printf(e->a, "%s + %lld", k, (long long)c.base);
}

static struct count times(struct count c, int64_t factor)
{
	return (struct count){c.base * factor, c.step * factor};
}

/* Appends the operands from p on, and `end`, in lines of 80 columns. */
static void put_operands(struct imc_emit *e, int depth, const char *p,
			 const char *end)
{
	size_t indent = (size_t)depth * 8, at = 80, n;

	for (; *p; p += n) {
		p += strspn(p, " ");
		n = strcspn(p, ",");
		n += p[n] == ',';
		if (at + n + strlen(end) >= 80) {
			imc_buf_printf(&e->run, "\n%s", tabs(depth));
			at = indent;
		} else {
			imc_buf_text(&e->run, " ");
			at++;
		}
		imc_buf_printf(&e->run, "%.*s", (int)n, p);
		at += n;
	}
	imc_buf_text(&e->run, end);
}

/* status = FUNCTION(hal, ARGUMENTS); what leaves column 80 goes below. */
static void put_call(struct imc_emit *e, int depth, const char *function,
		     const char *arguments)
{
	struct imc_buf *b = &e->run;
	size_t width = strlen("status = (hal, );") + strlen(function) +
		       strlen(arguments) + (size_t)depth * 8;
	size_t first = strcspn(arguments, ",");

	imc_buf_printf(b, "%sstatus = %s(hal, ", tabs(depth), function);
	if (width <= 80 || !arguments[first]) {
		imc_buf_printf(b, "%s);\n", arguments);
		return;
	}
	imc_buf_printf(b, "%.*s", (int)first + 1, arguments);
	put_operands(e, depth + 2, arguments + first + 1, ");\n");
}

/* ---- calls ---- */

enum part { BY_ROW, BY_ELEMENT };

/* What computes some rows of what a function computes whole. started: it
 * returns at once. job: memory it needs until the wait. */
static const struct form {
	const char *whole, *part, *job;
	enum part count;
	bool started;
} forms[] = {
	{"imc_rt_crossbar", "imc_rt_crossbar_start", "&job, ", BY_ROW, true},
	{"imc_rt_depthwise", "imc_rt_depthwise_start", "&dw_job, ", BY_ROW,
	 true},
	{"imc_rt_pe", "imc_rt_pe_start", "&pe_job, ", BY_ROW, true},
	{"imc_rt_conv", "imc_rt_conv_part", "", BY_ROW, false},
	{"imc_rt_max_pool", "imc_rt_max_pool_part", "", BY_ROW, false},
	{"imc_rt_average_pool", "imc_rt_average_pool_part", "", BY_ROW, false},
	{"imc_rt_add", "imc_rt_add_part", "", BY_ELEMENT, false},
	{"imc_rt_mul", "imc_rt_mul_part", "", BY_ELEMENT, false},
	{"imc_rt_rescale_i8", "imc_rt_rescale_i8_part", "", BY_ELEMENT, false},
	{"imc_rt_lut", "imc_rt_lut_part", "", BY_ELEMENT, false},
};

static const struct form *form_of(const struct task *t)
{
	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
		if (t->n_call == 1 &&
		    !strcmp(t->call->function, forms[i].whole))
			return &forms[i];
	return NULL;
}

static const struct imc_value *result_of(const struct imc_emit *e,
					 const struct imc_step *s)
{
	return s->kind == IMC_STEP_RUN
		       ? imc_node_out(e->g, imc_node_at(e->g, s->node), 0)
		       : imc_value_at(e->g, s->val);
}

static int64_t row_size(const struct imc_tensor *t)
{
	return imc_tensor_count(t) / imc_plan_n_row(t);
}

/* A port that works while the cores do. */
static bool is_started(const struct imc_emit *e, const struct imc_step *s)
{
	unsigned lanes = imc_step_lanes(&e->m->map, s);

	return lanes == IMC_LANE_PORT || lanes == IMC_LANE_DMA ||
	       lanes == IMC_LANE_PE;
}

/* Calls of a slot. chained: the first sets the status and the others keep a
 * bad one, since what runs must be waited for; else each one may return. */
struct slot_text {
	int depth;
	bool chained, begun;
};

static void put_check(struct imc_emit *e, int depth)
{
	imc_buf_printf(&e->run, "%sif (status)\n%sreturn status;\n",
		       tabs(depth), tabs(depth + 1));
}

static void put_next(struct imc_emit *e, struct slot_text *t,
		     const char *function, const char *arguments)
{
	bool then = t->chained && t->begun;

	if (then)
		imc_buf_printf(&e->run, "%sif (!status)\n", tabs(t->depth));
	put_call(e, t->depth + then, function, arguments);
	if (!t->chained)
		put_check(e, t->depth);
	t->begun = true;
}

static const char *behind(struct imc_emit *e, const char *name, struct count at)
{
	if (at.base == 0 && at.step == 0)
		return name;
	return imc_arena_printf(e->a, "%s + %s", name, text_of(e, at));
}

/* The place of v in L1, `at` bytes behind its first. */
static const char *place_of(struct imc_emit *e, imc_val v, struct count at)
{
	int32_t b =
		imc_plan_buffer(&e->m->plan, v, IMC_MEM_L1, (size_t)e->step);

	if (b < 0)
		return behind(e, imc_emit_operand(e, v), at);
	at.base += e->m->plan.buffer[b].offset;
	return imc_arena_printf(e->a, "l1 + %s", text_of(e, at));
}

/* One value may be several outputs. */
static void put_transfer(struct imc_emit *e, struct slot_text *text,
			 const struct imc_step *s, struct count row,
			 const char *function)
{
	const struct imc_tensor *t = &imc_value_at(e->g, s->val)->t;
	bool load = s->kind == IMC_STEP_LOAD;
	const imc_val *list = load ? e->g->input : e->g->output;
	size_t n = load ? e->g->n_input : e->g->n_output;
	struct count at = times(row, row_size(t));
	const char *l1 = place_of(e, s->val, at), *far, *size;

	for (size_t k = 0; k < n; k++) {
		if (list[k].i != s->val.i)
			continue;
		far = imc_arena_printf(e->a, "%s->%s", load ? "in" : "out",
				       load ? e->input[k] : e->output[k]);
		far = behind(e, far, at);
		size = imc_arena_printf(e->a, "%lld",
					(long long)(s->n_row * row_size(t)));
		if (!s->n_row)
			size = imc_arena_printf(e->a, "%s_%s_%s_BYTES",
						e->upper, load ? "IN" : "OUT",
						load ? e->input_upper[k]
						     : e->output_upper[k]);
		put_next(e, text, function,
			 imc_arena_printf(e->a, "%s, %s, %s", load ? l1 : far,
					  load ? far : l1, size));
	}
}

/* The calls of a task for all rows. */
static void put_whole(struct imc_emit *e, struct slot_text *text,
		      const struct task *t)
{
	for (size_t k = 0; k < t->n_call; k++)
		put_next(e, text, t->call[k].function, t->call[k].arguments);
}

/* Its one call, for the rows of step s. */
static void put_rows(struct imc_emit *e, struct slot_text *text,
		     const struct task *t, const struct imc_step *s,
		     struct count row)
{
	const struct form *f = form_of(t);
	const struct imc_tensor *y = &result_of(e, s)->t;
	struct imc_rows rows = imc_step_rows(s, y);
	int64_t factor = f->count == BY_ELEMENT ? row_size(y) : 1;
	const char *arguments = t->call->arguments;
	int n = (int)strlen(arguments);

	if (!strcmp(f->whole, "imc_rt_crossbar")) /* without scratch */
		n = (int)(strrchr(arguments, ',') - arguments);
	put_next(e, text, f->part,
		 imc_arena_printf(
			 e->a, "%s%.*s, %s, %lld", f->job, n, arguments,
			 text_of(e, times(row, factor)),
			 (long long)((rows.end - rows.first) * factor)));
}

/* ---- slots ---- */

static const struct task *task_of(const struct group *g,
				  const struct imc_step *s)
{
	for (size_t k = 0; k < g->n_task; k++)
		if (same_task(g->task[k].step, s))
			return &g->task[k];
	return NULL;
}

/* Step i of a slot of n steps; `step`: by how many rows it advances a turn. */
static void put_step(struct imc_emit *e, struct slot_text *text,
		     const struct group *g, size_t i, size_t n, int64_t step)
{
	const struct imc_step *s = step_at(e, i);
	struct count row = {s->row, step};

	e->step = (int32_t)i;
	if (s->kind != IMC_STEP_RUN)
		put_transfer(e, text, s, row,
			     n > 1 ? "imc_rt_dma_start" : "imc_rt_dma_copy");
	else if (s->n_row || (n > 1 && is_started(e, s)))
		put_rows(e, text, task_of(g, s), s, row);
	else
		put_whole(e, text, task_of(g, s));
}

/* True if the slot must be waited for. */
static bool leaves_running(const struct imc_emit *e, size_t first, size_t end)
{
	for (size_t i = first; i < end; i++) {
		const struct imc_step *s = step_at(e, i);
		bool alone = end - first == 1;

		if (is_started(e, s) &&
		    (!alone || (s->kind == IMC_STEP_RUN && s->n_row)))
			return true;
	}
	return false;
}

static void put_calls(struct imc_emit *e, struct slot_text *text,
		      const struct group *g, size_t first, size_t end)
{
	size_t n = end - first;

	for (int turn = 0; turn < 2; turn++) /* what is started comes first */
		for (size_t i = first; i < end; i++) {
			const struct imc_step *s = step_at(e, i);
			int64_t rows = text->depth > 1 ? s[n].row - s->row : 0;

			if (is_started(e, s) == (turn == 0))
				put_step(e, text, g, i, n, rows);
		}
}

/* The slot of steps first .. end; it is the first of n_turn alike. */
static void put_slot(struct imc_emit *e, const struct group *g, size_t first,
		     size_t end, int64_t n_turn)
{
	bool waits = leaves_running(e, first, end);
	struct slot_text text = {.depth = n_turn > 1 ? 2 : 1, .chained = waits};
	struct count number = {(int64_t)first,
			       n_turn > 1 ? (int64_t)(end - first) : 0};

	if (n_turn > 1)
		imc_buf_printf(&e->run,
			       "\tfor (int32_t k = 0; k < %lld; k++) {\n",
			       (long long)n_turn);
	imc_buf_printf(&e->run, "%simc_hal_step(hal, %s);\n", tabs(text.depth),
		       text_of(e, number));
	put_calls(e, &text, g, first, end);
	if (waits) {
		imc_buf_printf(&e->run, "%sstatus = finish(hal, status);\n",
			       tabs(text.depth));
		put_check(e, text.depth);
	}
	if (n_turn > 1)
		imc_buf_text(&e->run, "\t}\n");
}

/* True if the slots at i and k, both of n steps, differ by `rows` only. */
static bool slots_alike(const struct imc_emit *e, size_t i, size_t k, size_t n)
{
	for (size_t j = 0; j < n; j++)
		if (!same_task(step_at(e, i + j), step_at(e, k + j)) ||
		    step_at(e, i + j)->n_row != step_at(e, k + j)->n_row)
			return false;
	return true;
}

/* Rows advance from the slot at k - n to that at k as before it. */
static bool rows_advance(const struct imc_emit *e, size_t i, size_t k, size_t n)
{
	for (size_t j = i; j < i + n; j++)
		if (step_at(e, j + n)->row - step_at(e, j)->row !=
		    step_at(e, k + j - i)->row - step_at(e, k + j - i - n)->row)
			return false;
	return true;
}

/* How many slots from that at i on can be one loop. */
static int64_t turns_from(const struct imc_emit *e, const struct group *g,
			  size_t i)
{
	const struct imc_plan *p = &e->m->plan;
	size_t n = imc_plan_slot_end(p, i) - i, k = i + n;

	while (k + n <= g->end && imc_plan_slot_end(p, k) == k + n &&
	       slots_alike(e, i, k, n) && rows_advance(e, i, k, n))
		k += n;
	return (int64_t)((k - i) / n);
}

static void put_slots(struct imc_emit *e, const struct group *g)
{
	for (size_t i = g->first; i < g->end;) {
		size_t end = imc_plan_slot_end(&e->m->plan, i);
		int64_t turns = turns_from(e, g, i);

		if (turns < LEAST_TURNS)
			turns = 1;
		put_slot(e, g, i, end, turns);
		i += (size_t)turns * (end - i);
	}
}

/* ---- groups ---- */

/* The last step that runs what step i runs. */
static size_t last_of(const struct imc_emit *e, size_t i)
{
	const struct imc_step *s = step_at(e, i);
	int64_t left = imc_plan_n_row(&result_of(e, s)->t);
	size_t last = i;

	left = s->n_row ? left - s->row - s->n_row : 0;
	for (size_t k = i + 1; left > 0 && k < e->m->plan.n_step; k++)
		if (same_task(s, step_at(e, k))) {
			left -= step_at(e, k)->n_row;
			last = k;
		}
	return last;
}

/* Whole slots from step `first` on, until nothing goes on behind them. */
static struct group group_at(const struct imc_emit *e, size_t first)
{
	struct group g = {.first = first,
			  .end = imc_plan_slot_end(&e->m->plan, first)};

	for (size_t i = first; i < g.end; i++) {
		size_t last = last_of(e, i);

		if (last >= g.end)
			g.end = imc_plan_slot_end(&e->m->plan, last);
	}
	return g;
}

/* True if put_step wants calls for some rows, and there are none. */
static bool cut_fails(const struct imc_emit *e, const struct group *g,
		      const struct task *t)
{
	const struct imc_step *s = t->step;
	bool beside = g->end - g->first > 1 && is_started(e, s);

	return s->kind == IMC_STEP_RUN && (s->n_row || beside) &&
	       (!form_of(t) || result_of(e, s)->t.dim[0] != 1);
}

static bool add_task(struct imc_emit *e, struct group *g, size_t i)
{
	const struct imc_step *s = step_at(e, i);
	struct task *t = IMC_PUSH(e->a, g->task, g->n_task, g->cap_task);

	t->step = s;
	if (s->kind != IMC_STEP_RUN)
		return true;
	e->step = (int32_t)i;
	e->call = NULL;
	e->n_call = e->cap_call = 0;
	if (!imc_emit_step(e, s))
		return false;
	t->call = e->call;
	t->n_call = e->n_call;
	if (cut_fails(e, g, t))
		return imc_diag(
			e->d, imc_node_at(e->g, s->node)->loc, IMC_D_BUNDLE_OP,
			imc_op_info(imc_node_at(e->g, s->node)->op)->name,
			"it cannot run in strips");
	return true;
}

static bool is_cut(const struct imc_emit *e, const struct group *g)
{
	for (size_t i = g->first; i < g->end; i++)
		if (step_at(e, i)->n_row)
			return true;
	return false;
}

static const char *task_title(struct imc_emit *e, const struct task *t)
{
	if (t->step->kind == IMC_STEP_RUN)
		return imc_emit_title(e, t->step, "\t");
	return imc_arena_printf(
		e->a, "%s %s", imc_step_name(t->step->kind),
		imc_emit_comment(e->a, result_of(e, t->step)->name));
}

static void put_title(struct imc_emit *e, const struct group *g)
{
	struct imc_buf *b = &e->run;

	if (g->end - g->first == 1) {
		imc_buf_printf(b, "\n\t/* %zu: %s */\n", g->first,
			       task_title(e, g->task));
		return;
	}
	imc_buf_printf(b, "\n\t/* %zu to %zu: beside each other%s:", g->first,
		       g->end - 1, is_cut(e, g) ? ", in strips" : "");
	for (size_t k = 0; k < g->n_task; k++)
		imc_buf_printf(b, "\n\t * %s", task_title(e, &g->task[k]));
	imc_buf_text(b, " */\n");
}

bool imc_emit_slots(struct imc_emit *e)
{
	for (size_t i = 0; i < e->m->plan.n_step;) {
		struct group g = group_at(e, i);

		for (size_t k = i; k < g.end; k++)
			if (!task_of(&g, step_at(e, k)) && !add_task(e, &g, k))
				return false;
		put_title(e, &g);
		put_slots(e, &g);
		i = g.end;
	}
	return true;
}
