#include "tests/plan/random_maker.h"

bool random_chance(struct maker *k, int one_of)
{
	return pick(k->l.r, 1, one_of) == 1;
}

struct value *random_value_of(struct maker *k, imc_val v)
{
	return &k->v[k->l.root[v.i]];
}

const struct imc_tensor *random_shape(const struct maker *k, imc_val v)
{
	return &imc_value_at(k->g, v)->t;
}

int64_t random_last_dim(const struct imc_tensor *t)
{
	return t->rank ? t->dim[t->rank - 1] : 1;
}

struct imc_rows random_shown(struct maker *k, imc_val v, struct imc_rows r)
{
	struct value *x = random_value_of(k, v);

	if (imc_plan_n_row(random_shape(k, v)) == x->n_row)
		return r;
	return (struct imc_rows){0, x->n_row};
}

struct imc_rows random_read_by(struct maker *k, const struct imc_node *n, int i,
			       const struct cell *c)
{
	struct imc_rows out = {c->row, c->row + c->n_row};

	return random_shown(k, n->in[i], imc_plan_reads(k->g, n, i, out));
}

bool random_is_known(const struct maker *k, imc_val v)
{
	return k->g->value[k->l.root[v.i]].t.data != NULL;
}

/* ---- steps and buffers ---- */

void random_use(struct maker *k, struct uses *u, int32_t buffer, int64_t place)
{
	*IMC_PUSH(k->l.a, u->v, u->n, u->cap) = (struct use){buffer, place};
}

struct listed *random_add_step(struct maker *k, enum imc_step_kind kind)
{
	struct listed *s =
		IMC_PUSH(k->l.a, k->l.step, k->l.n_step, k->l.cap_step);

	s->s = (struct imc_step){.kind = kind,
				 .node = IMC_NO_NODE,
				 .val = IMC_NO_VAL,
				 .scratch = -1};
	return s;
}

int32_t random_add_held(struct maker *k, struct imc_buffer b, int64_t n_place)
{
	struct held *h =
		IMC_PUSH(k->l.a, k->l.held, k->l.n_held, k->l.cap_held);

	h->b = b;
	h->n_place = n_place;
	h->unit = imc_arena_array(k->l.a, (size_t)n_place, sizeof *h->unit);
	h->chan = imc_arena_array(k->l.a, (size_t)n_place, sizeof *h->chan);
	for (int64_t i = 0; i < n_place; i++)
		h->unit[i] = -1;
	return (int32_t)k->l.n_held - 1;
}

bool random_may_go(const struct value *x, int64_t row)
{
	return x->need[row] == 0 || (x->far && x->stored[row]);
}

bool random_may_drop(const struct maker *k, const struct value *x)
{
	const struct held *h = &k->l.held[x->l1];

	if (h->b.n_chan)
		return true;
	for (int64_t i = 0; i < h->n_place; i++)
		if (h->unit[i] >= 0 &&
		    (h->chan[i] < x->n_chan || !random_may_go(x, h->unit[i])))
			return false;
	return true;
}

void random_open_ring(struct maker *k, struct value *x)
{
	int32_t lines = (int32_t)x->n_row;

	if (x->l1 >= 0 && k->l.held[x->l1].b.n_chan)
		x->l1 = -1;
	if (x->l1 >= 0)
		return;
	if (!k->roomy && !random_chance(k, 4))
		lines = pick(k->l.r, (int)x->least, (int)x->n_row);
	k->n->n_ring += lines < x->n_row;
	x->l1 = random_add_held(
		k,
		(struct imc_buffer){.val = {(uint32_t)(x - k->v)},
				    .node = IMC_NO_NODE,
				    .lines = lines,
				    .size_bytes =
					    (int64_t)imc_tensor_bytes(
						    &k->g->value[x - k->v].t) /
						    x->n_row * lines +
					    (random_chance(k, 9) ? 5 : 0)},
		lines);
}

/* The same for blocks of its channels. */
static bool open_cut(struct maker *k, struct value *x, int32_t n_chan)
{
	int32_t n_block = (int32_t)((x->n_chan + n_chan - 1) / n_chan);
	int32_t lines = pick(k->l.r, 1, n_block);
	imc_val v = {(uint32_t)(x - k->v)};

	if (x->l1 >= 0 && k->l.held[x->l1].b.n_chan == n_chan)
		return true;
	if (x->l1 >= 0 && !random_may_drop(k, x))
		return false;
	x->l1 = random_add_held(
		k,
		(struct imc_buffer){.val = v,
				    .node = IMC_NO_NODE,
				    .lines = lines,
				    .n_chan = n_chan,
				    .size_bytes = (int64_t)imc_tensor_bytes(
							  random_shape(k, v)) /
						  x->n_chan * n_chan * lines},
		lines);
	return true;
}

/* ---- transfers ---- */

bool random_is_there(const struct maker *k, const struct value *x, int64_t row)
{
	const struct held *h = x->l1 < 0 ? NULL : &k->l.held[x->l1];
	int64_t at = h ? row % h->n_place : 0;

	return h && !h->b.n_chan && h->unit[at] == row &&
	       h->chan[at] == x->n_chan;
}

/* The far place of a row: the caller's, or a buffer in L2. */
static void use_far(struct maker *k, struct uses *u, const struct value *x,
		    int64_t row)
{
	if (x->is_input || x->is_output)
		random_use(k, u, -1 - (int32_t)(x - k->v), row);
	else
		random_use(k, u, x->l2, row);
}

/* Rows r of x, in one step. */
static void load_rows(struct maker *k, struct value *x, struct imc_rows r)
{
	struct listed *s = random_add_step(k, IMC_STEP_LOAD);
	struct held *h = &k->l.held[x->l1];

	s->s.val.i = (uint32_t)(x - k->v);
	if (r.first || r.end < x->n_row || random_chance(k, 2)) {
		s->s.row = (int32_t)r.first;
		s->s.n_row = (int32_t)(r.end - r.first);
	}
	for (int64_t i = r.first; i < r.end; i++) {
		use_far(k, &s->read, x, i);
		random_use(k, &s->write, x->l1, i % h->n_place);
		h->unit[i % h->n_place] = i;
		h->chan[i % h->n_place] = x->n_chan;
	}
}

bool random_want_rows(struct maker *k, struct value *x, struct imc_rows r)
{
	struct held *h;

	random_open_ring(k, x);
	h = &k->l.held[x->l1];
	for (int64_t i = r.first; i < r.end; i++) {
		int64_t unit = h->unit[i % h->n_place];

		if (random_is_there(k, x, i))
			continue;
		if (!x->far || !x->stored[i])
			return false;
		if (unit >= 0 && (h->chan[i % h->n_place] < x->n_chan ||
				  !random_may_go(x, unit)))
			return false;
	}
	for (int64_t i = r.first, end; i < r.end; i = end) {
		end = i + 1;
		if (random_is_there(k, x, i))
			continue;
		while (end < r.end && !random_is_there(k, x, end) &&
		       !random_chance(k, 4))
			end++;
		load_rows(k, x, (struct imc_rows){i, end});
	}
	return true;
}

bool random_want_block(struct maker *k, struct value *x, const struct cell *c,
		       int32_t n_chan)
{
	int64_t block = c->chan / n_chan, at;
	struct listed *s;

	for (int64_t i = 0; i < x->n_row; i++)
		if (!x->stored[i])
			return false;
	if (!open_cut(k, x, n_chan))
		return false;
	at = block % k->l.held[x->l1].n_place;
	if (k->l.held[x->l1].unit[at] == block)
		return true;
	k->l.held[x->l1].unit[at] = block;
	s = random_add_step(k, IMC_STEP_LOAD);
	s->s.val.i = (uint32_t)(x - k->v);
	s->s.chan = c->chan;
	s->s.n_chan = c->n_chan;
	for (int64_t i = 0; i < x->n_row; i++)
		use_far(k, &s->read, x, i);
	random_use(k, &s->write, x->l1, at);
	return true;
}

void random_want_constants(struct maker *k, const struct task *t, size_t cell)
{
	int32_t chan = t->cell[cell].chan, *b = &k->fetched[t->id.i];
	int32_t block = t->n_chan && !t->pool ? chan / t->n_chan : 0;
	int32_t by = t->pool ? 0 : t->n_chan, n_block = 1;
	struct listed *s;
	int64_t at;

	if (by)
		n_block =
			(int32_t)(random_last_dim(
					  &imc_node_out(
						   k->g,
						   imc_node_at(k->g, t->id), 0)
						   ->t) +
				  by - 1) /
			by;
	if (*b < 0) {
		int32_t lines = pick(k->l.r, 1, n_block);

		*b = random_add_held(
			k,
			(struct imc_buffer){
				.val = IMC_NO_VAL,
				.node = t->id,
				.lines = lines,
				.n_chan = by,
				.size_bytes =
					lines * imc_plan_constants(k->g,
								   &k->l.m->map,
								   t->id, by)
							.bytes},
			lines);
	}
	at = block % k->l.held[*b].n_place;
	if (k->l.held[*b].unit[at] == block)
		return;
	k->l.held[*b].unit[at] = block;
	s = random_add_step(k, IMC_STEP_FETCH);
	s->s.node = t->id;
	if (by) {
		s->s.chan = chan;
		s->s.n_chan = t->cell[cell].n_chan;
	}
	random_use(k, &s->write, *b, at);
	k->n->n_fetch++;
}
