#include <assert.h>
#include <string.h>

#include "ir/eval/plan_machine.h"
#include "ir/support/checked.h"

/* What a step writes, and what to, when its slot ends. */
struct result {
	struct imc_target to;
	const void *from;
};

/* A slot while its steps run. */
struct slot {
	size_t first, end;
	struct imc_arena *arena;
	struct result *v; /* step by step */
	size_t n, cap;
};

/* ---- what the steps of a slot write ---- */

static void add_target(struct slot *slot, struct imc_target t)
{
	IMC_PUSH(slot->arena, slot->v, slot->n, slot->cap)->to = t;
}

static struct imc_rows moved_rows(const struct imc_machine *m,
				  const struct imc_step *s)
{
	return imc_step_rows(s, &imc_value_at(m->g, s->val)->t);
}

static struct imc_rows moved_chans(const struct imc_machine *m,
				   const struct imc_step *s)
{
	return imc_step_chans(s,
			      imc_plan_n_chan(&imc_value_at(m->g, s->val)->t));
}

/* Rows of a tensor that lies at the caller's; channels too, as blocks are cut
 * out of it. */
static struct imc_target rows_at(const struct imc_machine *m,
				 const struct imc_step *s,
				 const struct imc_tensor *t)
{
	struct imc_rows rows = moved_rows(m, s), chans = moved_chans(m, s);
	int64_t line = imc_plan_row_bytes(t), n_chan = imc_plan_n_chan(t);
	int64_t size = (int64_t)imc_dtype_size(t->dtype);
	struct imc_target x = {.base = t->data,
			       .size = (int64_t)imc_tensor_bytes(t),
			       .at = rows.first * line,
			       .n = 1,
			       .width = (rows.end - rows.first) * line};

	if (chans.end - chans.first < n_chan) {
		x.n = x.width / (n_chan * size);
		x.stride = n_chan * size;
		x.at += chans.first * size;
		x.width = (chans.end - chans.first) * size;
	}
	return x;
}

/* One value may be several outputs. */
static void add_far(const struct imc_machine *m, const struct imc_step *s,
		    struct slot *slot)
{
	if (!imc_graph_is_output(m->g, s->val)) {
		add_target(slot, imc_machine_find(m, s->val, IMC_MEM_L2,
						  moved_rows(m, s),
						  moved_chans(m, s)));
		return;
	}
	for (size_t i = 0; i < m->g->n_output; i++)
		if (m->g->output[i].i == s->val.i)
			add_target(slot, rows_at(m, s, &m->out[i]));
}

static void add_outputs(const struct imc_machine *m, const struct imc_step *s,
			struct slot *slot)
{
	const struct imc_node *n = imc_node_at(m->g, s->node);

	for (int k = 0; k < n->n_out; k++) {
		const struct imc_tensor *t;

		if (!imc_val_ok(n->out[k]))
			continue;
		t = &imc_node_out(m->g, n, k)->t;
		add_target(slot,
			   imc_machine_place(
				   m, n->out[k], imc_step_rows(s, t),
				   imc_step_chans(s, imc_plan_n_chan(t))));
	}
}

static void add_targets(const struct imc_machine *m, const struct imc_step *s,
			struct slot *slot)
{
	switch (s->kind) {
	case IMC_STEP_RUN:
		add_outputs(m, s, slot);
		break;
	case IMC_STEP_FETCH:
		add_target(slot, imc_machine_constants(m, s));
		break;
	case IMC_STEP_LOAD:
		add_target(slot, imc_machine_find(m, s->val, IMC_MEM_L1,
						  moved_rows(m, s),
						  moved_chans(m, s)));
		break;
	case IMC_STEP_STORE:
		add_far(m, s, slot);
		break;
	case IMC_N_STEP:
		break;
	}
}

/* ---- what they read ---- */

/* Bytes that no other step of the slot changes, though it should not. */
static const void *copy_of(const struct imc_target *t, struct imc_arena *a)
{
	const void *from = imc_machine_take(t, a);

	return t->n > 1
		       ? from
		       : imc_arena_memdup(a, from, (size_t)imc_target_bytes(t));
}

static const void *load(const struct imc_machine *m, const struct imc_step *s,
			struct imc_arena *a)
{
	const struct imc_graph *g = m->g;
	struct imc_target far;

	for (size_t i = 0; i < g->n_input; i++)
		if (g->input[i].i == s->val.i) {
			far = rows_at(m, s, &m->in[i]);
			return imc_machine_take(&far, a);
		}
	for (size_t i = 0; i < g->n_output; i++)
		if (g->output[i].i == s->val.i) {
			far = rows_at(m, s, &m->out[i]);
			return copy_of(&far, a);
		}
	far = imc_machine_find(m, s->val, IMC_MEM_L2, moved_rows(m, s),
			       moved_chans(m, s));
	return copy_of(&far, a);
}

static const void *store(const struct imc_machine *m, const struct imc_step *s,
			 struct imc_arena *a)
{
	imc_val v = imc_plan_origin(m->g, s->val);
	struct imc_target near;

	if (imc_value_at(m->g, v)->t.data) {
		struct imc_tensor t = imc_value_at(m->g, s->val)->t;

		t.data = imc_value_at(m->g, v)->t.data;
		near = rows_at(m, s, &t);
	} else {
		near = imc_machine_find(m, s->val, IMC_MEM_L1, moved_rows(m, s),
					moved_chans(m, s));
	}
	return copy_of(&near, a);
}

/* What the node makes, to those of its results that begin with r. */
static size_t run(struct imc_machine *m, const struct imc_step *s,
		  struct slot *slot, size_t r)
{
	const struct imc_node *n = imc_node_at(m->g, s->node);
	const void **v =
		imc_arena_array(slot->arena, (size_t)n->n_out, sizeof *v);

	imc_machine_run(m, s, v, slot->arena);
	for (int k = 0; k < n->n_out; k++)
		if (imc_val_ok(n->out[k]))
			slot->v[r++].from = v[k];
	return r;
}

static size_t run_step(struct imc_machine *m, const struct imc_step *s,
		       struct slot *slot, size_t r)
{
	switch (s->kind) {
	case IMC_STEP_RUN:
		return run(m, s, slot, r);
	case IMC_STEP_FETCH:
		slot->v[r++].from = imc_machine_fetch(m, s, slot->arena);
		break;
	case IMC_STEP_LOAD:
		slot->v[r++].from = load(m, s, slot->arena);
		break;
	case IMC_STEP_STORE:
		for (size_t i = 0; i < m->g->n_output; i++)
			if (m->g->output[i].i == s->val.i)
				slot->v[r++].from = store(m, s, slot->arena);
		if (!imc_graph_is_output(m->g, s->val))
			slot->v[r++].from = store(m, s, slot->arena);
		break;
	case IMC_N_STEP:
		break;
	}
	return r;
}

/* ---- watching ---- */

/* Whole outputs of nodes while they are made. */
struct shadow {
	struct imc_arena *arena; /* NULL: nothing is made yet */
	struct imc_tensor *out;
	int64_t left; /* bytes of output 0 that are not made */
};

struct watcher {
	const struct imc_plan_watch *watch; /* or NULL */
	struct shadow *of;		    /* by node id */
};

static void open_shadow(struct shadow *w, const struct imc_graph *g,
			const struct imc_node *n)
{
	w->arena = imc_arena_new();
	w->out = imc_arena_array(w->arena, (size_t)n->n_out, sizeof *w->out);
	for (int k = n->n_out - 1; k >= 0; k--) {
		if (!imc_val_ok(n->out[k]))
			continue;
		w->out[k] = imc_node_out(g, n, k)->t;
		w->left = (int64_t)imc_tensor_bytes(&w->out[k]);
		w->out[k].data = imc_arena_alloc(w->arena, (size_t)w->left);
	}
}

/* Puts what step s made of output k to its place in the whole. */
static void add_to_shadow(const struct imc_step *s, const struct result *r,
			  const struct imc_tensor *t)
{
	struct imc_rows rows = imc_step_rows(s, t);
	int64_t n_chan = imc_plan_n_chan(t);
	int64_t size = (int64_t)imc_dtype_size(t->dtype);
	struct imc_rows chans = imc_step_chans(s, n_chan);
	struct imc_target to = r->to;

	to.base = t->data;
	to.size = (int64_t)imc_tensor_bytes(t);
	to.at = rows.first * imc_plan_row_bytes(t) + chans.first * size;
	imc_target_write(&to, r->from);
}

/* The results of step s, from r on. */
static size_t show(const struct imc_machine *m, const struct watcher *w,
		   const struct imc_step *s, const struct slot *slot, size_t r)
{
	const struct imc_node *n = imc_node_at(m->g, s->node);
	struct shadow *x = &w->of[s->node.i];
	bool first = true;

	if (!x->arena)
		open_shadow(x, m->g, n);
	for (int k = 0; k < n->n_out; k++) {
		if (!imc_val_ok(n->out[k]))
			continue;
		add_to_shadow(s, &slot->v[r], &x->out[k]);
		if (first)
			x->left -= imc_target_bytes(&slot->v[r].to);
		first = false;
		r++;
	}
	if (x->left)
		return r;
	w->watch->hook(w->watch->cx, s->node, x->out);
	imc_arena_free(x->arena);
	x->arena = NULL;
	return r;
}

/* Shows the nodes whose last part was made in the slot. */
static void show_slot(const struct imc_machine *m, const struct watcher *w,
		      const struct slot *slot)
{
	size_t r = 0;

	for (size_t i = slot->first; i < slot->end; i++) {
		const struct imc_step *s = &m->p->step[i];

		if (s->kind == IMC_STEP_RUN)
			r = show(m, w, s, slot, r);
		else if (s->kind == IMC_STEP_STORE)
			for (size_t k = 0; k < m->g->n_output; k++)
				r += m->g->output[k].i == s->val.i;
		else
			r++;
		if (s->kind == IMC_STEP_STORE &&
		    !imc_graph_is_output(m->g, s->val))
			r++;
	}
}

/* ---- slots ---- */

static void run_slot(struct imc_machine *m, const struct watcher *w,
		     struct slot *slot)
{
	const struct imc_step *step = m->p->step;
	size_t r = 0;
	int32_t dead;

	imc_plan_now_enter(&m->now, slot->end);
	for (size_t i = slot->first; i < slot->end; i++) {
		if (step[i].scratch >= 0)
			imc_machine_poison(m, step[i].scratch);
		add_targets(m, &step[i], slot);
	}
	for (size_t i = 0; i < slot->n; i++)
		imc_target_poison(&slot->v[i].to);
	for (size_t i = slot->first; i < slot->end; i++)
		r = run_step(m, &step[i], slot, r);
	assert(r == slot->n);
	for (size_t i = 0; i < slot->n; i++)
		imc_target_write(&slot->v[i].to, slot->v[i].from);
	if (w->watch)
		show_slot(m, w, slot);
	while ((dead = imc_plan_now_leave(&m->now, slot->end)) >= 0)
		imc_machine_poison(m, dead);
}

static struct imc_machine open_machine(const struct imc_map_eval *me,
				       const struct imc_plan *p,
				       struct imc_arena *a)
{
	const struct imc_graph *g = me->g;
	struct imc_machine m = {.g = g, .cut = *g, .me = *me, .p = p};
	int64_t size[IMC_N_MEM] = {p->l1_bytes, p->l2_bytes};

	m.cut.node = imc_arena_memdup(a, g->node, g->n_node * sizeof *g->node);
	m.cut.value =
		imc_arena_memdup(a, g->value, g->n_value * sizeof *g->value);
	for (int i = 0; i < IMC_N_MEM; i++) {
		m.mem[i] = imc_arena_room(a, (size_t)size[i], 1);
		memset(m.mem[i], IMC_POISON, (size_t)size[i]);
	}
	m.now = imc_plan_now_open(g, p, a);
	return m;
}

/* Nodes of which only parts were made have nobody to show. */
static void close_watcher(const struct watcher *w, const struct imc_graph *g)
{
	for (size_t i = 0; w->watch && i < g->n_node; i++)
		if (w->of[i].arena)
			imc_arena_free(w->of[i].arena);
}

void imc_eval_plan_watched(const struct imc_map_eval *me,
			   const struct imc_plan *p,
			   const struct imc_tensor *in, struct imc_tensor *out,
			   const struct imc_plan_watch *watch,
			   struct imc_arena *result)
{
	struct imc_arena *arena = imc_arena_new();
	struct imc_machine m = open_machine(me, p, arena);
	struct watcher w = {.watch = watch};

	m.me.g = &m.cut;
	m.in = in;
	m.out = out;
	if (watch)
		w.of = imc_arena_array(arena, me->g->n_node, sizeof *w.of);
	for (size_t i = 0; i < me->g->n_output; i++) {
		out[i] = imc_value_at(me->g, me->g->output[i])->t;
		out[i].data =
			imc_arena_alloc(result, imc_tensor_bytes(&out[i]));
	}
	for (size_t i = 0; i < p->n_step;) {
		struct slot slot = {.first = i,
				    .end = imc_plan_slot_end(p, i),
				    .arena = imc_arena_new()};

		run_slot(&m, &w, &slot);
		imc_arena_free(slot.arena);
		i = slot.end;
	}
	close_watcher(&w, me->g);
	imc_arena_free(arena);
}

void imc_eval_plan(const struct imc_map_eval *me, const struct imc_plan *p,
		   const struct imc_tensor *in, struct imc_tensor *out,
		   struct imc_arena *result)
{
	imc_eval_plan_watched(me, p, in, out, NULL, result);
}
