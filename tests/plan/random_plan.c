#include "tests/plan/random_maker.h"

/* ---- nodes ---- */

static bool inputs_made(struct maker *k, const struct task *t)
{
	const struct imc_node *n = imc_node_at(k->g, t->id);

	for (int i = 0; i < n->n_in; i++) {
		struct imc_rows r;
		struct value *x;

		if (!imc_val_ok(n->in[i]) || random_is_known(k, n->in[i]))
			continue;
		x = random_value_of(k, n->in[i]);
		r = random_read_by(k, n, i, &t->cell[t->next]);
		for (int64_t row = r.first; row < r.end; row++)
			if (x->made[row] < x->n_chan)
				return false;
	}
	return true;
}

/* The place of the output is free, or holds what the cell goes on with. */
static bool has_room(struct maker *k, const struct task *t)
{
	const struct imc_node *n = imc_node_at(k->g, t->id);
	const struct cell *c = &t->cell[t->next];

	for (int o = 0; o < n->n_out; o++) {
		struct value *x = random_value_of(k, n->out[o]);

		random_open_ring(k, x);
		for (int64_t r = c->row; r < c->row + c->n_row; r++) {
			struct held *h = &k->l.held[x->l1];
			int64_t at = r % h->n_place, unit = h->unit[at];

			if (c->chan ? unit != r
				    : unit >= 0 && (h->chan[at] < x->n_chan ||
						    !random_may_go(x, unit)))
				return false;
		}
	}
	return true;
}

static bool want_inputs(struct maker *k, const struct task *t)
{
	const struct imc_node *n = imc_node_at(k->g, t->id);
	const struct cell *c = &t->cell[t->next];

	for (int i = 0; i < n->n_in; i++) {
		struct value *x;

		if (!imc_val_ok(n->in[i]) || random_is_known(k, n->in[i]))
			continue;
		x = random_value_of(k, n->in[i]);
		if (t->pool ? !random_want_block(k, x, c, t->n_chan)
			    : !random_want_rows(k, x,
						random_read_by(k, n, i, c)))
			return false;
	}
	if (t->fetches)
		random_want_constants(k, t, t->next);
	return true;
}

static void read_inputs(struct maker *k, const struct task *t, struct listed *s)
{
	const struct imc_node *n = imc_node_at(k->g, t->id);
	const struct cell *c = &t->cell[t->next];

	for (int i = 0; i < n->n_in; i++) {
		struct imc_rows r;
		struct value *x;

		if (!imc_val_ok(n->in[i]) || random_is_known(k, n->in[i]))
			continue;
		x = random_value_of(k, n->in[i]);
		r = random_read_by(k, n, i, c);
		for (int64_t row = r.first; row < r.end; row++) {
			x->need[row]--;
			if (!t->pool)
				random_use(k, &s->read, x->l1,
					   row % k->l.held[x->l1].n_place);
		}
		if (t->pool)
			random_use(k, &s->read, x->l1,
				   c->chan / t->n_chan %
					   k->l.held[x->l1].n_place);
	}
	if (t->fetches) {
		int32_t b = k->fetched[t->id.i];
		int32_t block = t->n_chan && !t->pool ? c->chan / t->n_chan : 0;

		random_use(k, &s->read, b, block % k->l.held[b].n_place);
	}
}

static void write_outputs(struct maker *k, const struct task *t,
			  struct listed *s)
{
	const struct imc_node *n = imc_node_at(k->g, t->id);
	const struct cell *c = &t->cell[t->next];

	for (int o = 0; o < n->n_out; o++) {
		struct value *x = random_value_of(k, n->out[o]);
		struct held *h = &k->l.held[x->l1];
		int64_t end = c->n_chan ? c->chan + c->n_chan : x->n_chan;

		for (int64_t r = c->row; r < c->row + c->n_row; r++) {
			random_use(k, &s->write, x->l1, r % h->n_place);
			h->unit[r % h->n_place] = r;
			h->chan[r % h->n_place] = x->made[r] = end;
		}
	}
}

/* All at once: what was loaded for one input may have taken the place of what
 * another one needs. */
static bool inputs_there(struct maker *k, const struct task *t)
{
	const struct imc_node *n = imc_node_at(k->g, t->id);

	for (int i = 0; i < n->n_in && !t->pool; i++) {
		struct imc_rows r;

		if (!imc_val_ok(n->in[i]) || random_is_known(k, n->in[i]))
			continue;
		r = random_read_by(k, n, i, &t->cell[t->next]);
		for (; r.first < r.end; r.first++)
			if (!random_is_there(k, random_value_of(k, n->in[i]),
					     r.first))
				return false;
	}
	return true;
}

/* The block of the next cell, if it has another place than that of this. */
static void fetch_ahead(struct maker *k, const struct task *t)
{
	int64_t n;

	if (!t->fetches || !t->n_chan || t->pool || t->next + 1 >= t->n_cell ||
	    random_chance(k, 3))
		return;
	n = k->l.held[k->fetched[t->id.i]].n_place;
	if (t->cell[t->next].chan / t->n_chan % n !=
	    t->cell[t->next + 1].chan / t->n_chan % n)
		random_want_constants(k, t, t->next + 1);
}

static bool run(struct maker *k, struct task *t)
{
	const struct imc_node *n = imc_node_at(k->g, t->id);
	const struct cell *c = &t->cell[t->next];
	struct listed *s;

	if (!inputs_made(k, t) || !has_room(k, t) || !want_inputs(k, t))
		return false;
	if (!inputs_there(k, t))
		return false;
	fetch_ahead(k, t);
	s = random_add_step(k, IMC_STEP_RUN);
	s->s.node = t->id;
	if (t->n_cell > 1) {
		s->s.row = c->row;
		s->s.n_row = n->n_out == 1 && imc_plan_by_rows(k->g, n)
				     ? c->n_row
				     : 0;
		s->s.chan = c->chan;
		s->s.n_chan = c->n_chan;
	}
	if (n->op == IMC_OP_Q_CONV2D && !n->a.post[0] &&
	    k->l.m->map.assign[t->id.i].engine == IMC_ENGINE_CROSSBAR) {
		int32_t h = random_patch(k->l.m, t->id);

		s->s.strip_rows = pick(k->l.r, 1, c->n_row / h) * h;
	}
	read_inputs(k, t, s);
	write_outputs(k, t, s);
	t->next++;
	return true;
}

/* ---- values that go to their far places ---- */

/* The first rows of v from `from` on that are whole in L1, and not yet in
 * `done`; none: first = end. */
static struct imc_rows next_rows(struct maker *k, imc_val v, const bool *done)
{
	struct value *x = random_value_of(k, v);
	int64_t n = imc_plan_n_row(random_shape(k, v));
	struct imc_rows r = {0, 0};

	if (n != x->n_row) { /* a view of another shape: all at once */
		for (int64_t i = 0; i < x->n_row; i++)
			if (!random_is_there(k, x, i))
				return r;
		return done[0] ? r : (struct imc_rows){0, n};
	}
	while (r.first < n &&
	       (done[r.first] || !random_is_there(k, x, r.first)))
		r.first++;
	r.end = r.first;
	while (r.end < n && !done[r.end] && random_is_there(k, x, r.end) &&
	       (r.end == r.first || !random_chance(k, 5)))
		r.end++;
	return r;
}

static bool store(struct maker *k, imc_val v, bool *done, bool to_output)
{
	struct value *x = random_value_of(k, v);
	struct imc_rows r = next_rows(k, v, done), from;
	struct listed *s;

	if (r.first == r.end)
		return false;
	s = random_add_step(k, IMC_STEP_STORE);
	s->s.val = v;
	s->s.row = (int32_t)r.first;
	s->s.n_row = (int32_t)(r.end - r.first);
	from = random_shown(k, v, r);
	for (int64_t i = from.first; i < from.end; i++) {
		random_use(k, &s->read, x->l1, i % k->l.held[x->l1].n_place);
		x->need[i] -= to_output;
	}
	for (int64_t i = r.first; i < r.end; i++) {
		done[i] = true;
		if (to_output)
			random_use(k, &s->write, -1 - (int32_t)v.i, i);
		else
			random_use(k, &s->write, x->l2, i);
	}
	return true;
}

static bool store_far(struct maker *k, uint32_t v)
{
	struct value *x = &k->v[v];

	if (!x->far || x->is_input || x->is_output || x->l1 < 0 ||
	    k->l.held[x->l1].b.n_chan)
		return false;
	if (x->l2 < 0)
		x->l2 = random_add_held(
			k,
			(struct imc_buffer){.val = {v},
					    .node = IMC_NO_NODE,
					    .mem = IMC_MEM_L2,
					    .size_bytes =
						    (int64_t)imc_tensor_bytes(
							    &k->g->value[v].t)},
			x->n_row);
	k->n->n_far++;
	return store(k, (imc_val){v}, x->stored, false);
}

/* An output that is a view is brought back by the rows of what it shows. */
static bool store_output(struct maker *k, imc_val v)
{
	struct value *x = random_value_of(k, v);
	bool *done = k->out[v.i];
	int64_t n = imc_plan_n_row(random_shape(k, v)), i = 0;
	struct imc_rows here = next_rows(k, v, done);

	while (i < n && done[i])
		i++;
	if (i == n)
		return false;
	if (here.first == here.end || random_chance(k, 4)) {
		struct imc_rows r =
			random_shown(k, v, (struct imc_rows){i, i + 1});

		for (int64_t row = r.first; row < r.end; row++)
			if (x->made[row] < x->n_chan)
				return false;
		if (!random_want_rows(k, x, r))
			return false;
	}
	return store(k, v, done, true);
}

/* ---- the whole ---- */

static void open_value(struct maker *k, uint32_t v)
{
	struct value *x = &k->v[v];
	const struct imc_tensor *t = &k->g->value[v].t;
	imc_val id = {v};

	x->n_row = imc_plan_n_row(t);
	x->n_chan = random_last_dim(t);
	x->least = 1;
	x->l1 = x->l2 = -1;
	x->is_input = imc_graph_is_input(k->g, id);
	x->is_output = imc_graph_is_output(k->g, id);
	x->far = x->is_input || random_chance(k, 3);
	x->need = imc_arena_array(k->l.a, (size_t)x->n_row, sizeof *x->need);
	x->made = imc_arena_array(k->l.a, (size_t)x->n_row, sizeof *x->made);
	x->stored =
		imc_arena_array(k->l.a, (size_t)x->n_row, sizeof *x->stored);
	for (int64_t i = 0; x->is_input && i < x->n_row; i++) {
		x->made[i] = x->n_chan;
		x->stored[i] = true;
	}
}

static void open_values(struct maker *k)
{
	const struct imc_graph *g = k->g;

	k->v = imc_arena_array(k->l.a, g->n_value, sizeof *k->v);
	k->out = imc_arena_array(k->l.a, g->n_value, sizeof *k->out);
	k->l.root = imc_arena_array(k->l.a, g->n_value, sizeof *k->l.root);
	for (uint32_t v = 0; v < g->n_value; v++)
		k->l.root[v] = v;
	for (size_t i = 0; i < g->n_order; i++) {
		const struct imc_node *n = imc_node_at(g, g->order[i]);

		if (imc_plan_is_view(g, n))
			k->l.root[n->out[0].i] = k->l.root[n->in[0].i];
	}
	for (uint32_t v = 0; v < g->n_value; v++)
		if (g->value[v].shaped || g->value[v].t.data)
			open_value(k, v);
}

static int64_t most(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* What the cells of a task need of rows, and lines. */
static void count_cells(struct maker *k, const struct task *t)
{
	const struct imc_node *n = imc_node_at(k->g, t->id);

	for (size_t c = 0; c < t->n_cell; c++) {
		const struct cell *cell = &t->cell[c];

		for (int i = 0; i < n->n_in; i++) {
			struct imc_rows r;
			struct value *x;

			if (!imc_val_ok(n->in[i]) ||
			    random_is_known(k, n->in[i]))
				continue;
			x = random_value_of(k, n->in[i]);
			r = random_read_by(k, n, i, cell);
			x->least = most(x->least, r.end - r.first);
			for (; r.first < r.end; r.first++)
				x->need[r.first]++;
		}
		for (int o = 0; o < n->n_out; o++) {
			struct value *x = random_value_of(k, n->out[o]);

			x->least = most(x->least,
					t->by_chan ? x->n_row : cell->n_row);
		}
	}
}

static void open_tasks(struct maker *k)
{
	const struct imc_graph *g = k->g;

	k->t = imc_arena_array(k->l.a, g->n_order, sizeof *k->t);
	k->fetched = imc_arena_array(k->l.a, g->n_node, sizeof *k->fetched);
	for (size_t i = 0; i < g->n_node; i++)
		k->fetched[i] = -1;
	for (size_t i = 0; i < g->n_order; i++) {
		const struct imc_node *n = imc_node_at(g, g->order[i]);
		struct task *t = &k->t[k->n_task];
		bool far;

		if (imc_plan_is_view(g, n))
			continue;
		k->n_task++;
		t->id = g->order[i];
		far = !random_is_known(k, n->in[0]) &&
		      k->l.root[n->in[0].i] == n->in[0].i &&
		      random_value_of(k, n->in[0])->far;
		random_cells(k->l.m, t, far, k->l.r, k->l.a);
		k->n->n_block += t->n_chan && !t->pool;
		k->n->n_pool += t->pool;
		count_cells(k, t);
	}
}

static void open_outputs(struct maker *k)
{
	for (size_t i = 0; i < k->g->n_output; i++) {
		imc_val v = k->g->output[i];
		int64_t n = imc_plan_n_row(random_shape(k, v));
		struct value *x = random_value_of(k, v);
		struct imc_rows r;

		if (k->out[v.i])
			continue;
		k->out[v.i] = imc_arena_array(k->l.a, (size_t)n, sizeof(bool));
		if (!x->is_input && k->l.root[v.i] == v.i)
			x->stored = k->out[v.i];
		r = random_shown(k, v, (struct imc_rows){0, n});
		if (n != x->n_row)
			x->least = x->n_row;
		for (; r.first < r.end; r.first++)
			x->need[r.first]++;
	}
}

/* A buffer that is not needed is left. */
static void drop(struct maker *k)
{
	uint32_t v = (uint32_t)pick(k->l.r, 0, (int)k->g->n_value - 1);
	uint32_t id = (uint32_t)pick(k->l.r, 0, (int)k->g->n_node - 1);

	if (random_chance(k, 9))
		k->fetched[id] = -1;
	if (k->l.root[v] == v && k->v[v].n_row && k->v[v].l1 >= 0 &&
	    random_may_drop(k, &k->v[v]))
		k->v[v].l1 = -1;
}

/* Some of what there is to do: a node, or a value that goes. */
static bool try(struct maker *k, size_t i)
{
	if (i < k->n_task)
		return k->t[i].next < k->t[i].n_cell && run(k, &k->t[i]);
	i -= k->n_task;
	if (i < k->g->n_output)
		return store_output(k, k->g->output[i]);
	return store_far(k, (uint32_t)(i - k->g->n_output));
}

static bool is_done(const struct maker *k)
{
	for (size_t i = 0; i < k->n_task; i++)
		if (k->t[i].next < k->t[i].n_cell)
			return false;
	for (size_t i = 0; i < k->g->n_output; i++) {
		imc_val v = k->g->output[i];

		for (int64_t r = imc_plan_n_row(random_shape(k, v)) - 1; r >= 0;
		     r--)
			if (!k->out[v.i][r])
				return false;
	}
	return true;
}

/* False: rings were too small, so that nothing goes on. */
static bool list_steps(struct maker *k)
{
	size_t n;

	open_values(k);
	open_tasks(k);
	open_outputs(k);
	n = k->n_task + k->g->n_output + k->g->n_value;
	while (!is_done(k)) {
		size_t from = (size_t)pick(k->l.r, 0, (int)n - 1), i = 0;

		drop(k);
		while (i < n && !try(k, (from + i) % n))
			i++;
		if (i == n)
			return false;
	}
	return true;
}

struct imc_plan random_plan(const struct imc_module *m, struct random *r,
			    struct random_count *n, struct imc_arena *a)
{
	for (int again = 0;; again++) {
		struct maker k = {.l = {.m = m, .r = r, .a = a},
				  .g = m->g,
				  .roomy = again > 3,
				  .n = n};

		if (list_steps(&k))
			return random_slots(&k.l, n);
		if (k.roomy) /* never: there is room for all */
			return (struct imc_plan){0};
	}
}
