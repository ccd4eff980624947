#include "passes/4-plan/chain.h"

#include <assert.h>
#include <string.h>

#include "hwdesc/cost.h"
#include "passes/4-plan/allocate.h"

#define MAX_ACTOR (2 * IMC_CHAIN_USES + 2 * IMC_CHAIN_UNITS)
#define MAX_READ (4 * IMC_CHAIN_USES)

/* What does one task a turn: a unit, or transfers of a value. */
struct actor {
	enum imc_step_kind kind;
	int32_t use, unit; /* of the chain; -1 */
	imc_val val;
	int32_t turn; /* that comes next */
	int64_t *end; /* by turn: rows that are done with it */
};

/* A unit that reads a use, or a store of it. */
struct reader {
	int32_t use, actor, read;
};

struct run {
	struct imc_flow *f;
	const struct imc_chain *c;
	struct imc_chain_sum *out;
	imc_chain_hook *hook;
	void *cx;
	int32_t n_turn, n_block; /* turns: blocks counted */
	int32_t n_actor, n_reader;
	struct actor actor[MAX_ACTOR];
	struct reader reader[MAX_READ];
	int32_t first_reader[IMC_CHAIN_USES + 1];
	int32_t maker[IMC_CHAIN_USES]; /* actor; -1: had */
	int32_t fetch;		       /* actor, or -1 */
	bool pool;
	bool taken[MAX_ACTOR];
};

int64_t imc_chain_aligned(int64_t bytes)
{
	return imc_ceil_div(bytes, IMC_L1_ALIGN) * IMC_L1_ALIGN;
}

static struct imc_flow_unit *unit_at(const struct run *r, int32_t u)
{
	return &r->f->unit[r->c->first + u];
}

static const struct imc_flow_value *value_at(const struct run *r, int32_t use)
{
	return &r->f->value[r->c->use[use].value];
}

static int32_t use_of(const struct run *r, int32_t value)
{
	for (int32_t i = 0; i < r->c->n_use; i++)
		if (r->c->use[i].value == value)
			return i;
	assert(!"a value of the chain");
	return -1;
}

/* ---- who acts ---- */

static struct actor *add_actor(struct run *r, enum imc_step_kind kind,
			       int32_t use, int32_t unit)
{
	struct actor *a = &r->actor[r->n_actor];

	assert(r->n_actor < MAX_ACTOR);
	*a = (struct actor){.kind = kind, .use = use, .unit = unit};
	a->val = use < 0 ? IMC_NO_VAL : value_at(r, use)->val;
	a->end = &r->f->turn[r->n_actor++ * r->n_turn];
	return a;
}

static int32_t n_actor_of(const struct run *r)
{
	int32_t n = r->c->n_unit + 1;

	for (int32_t i = 0; i < r->c->n_use; i++)
		n += r->c->use[i].load + r->c->use[i].store +
		     (r->c->use[i].store ? value_at(r, i)->n_shown : 0);
	return n;
}

/* Units come first, then transfers in the order in which they are wanted. */
static void add_actors(struct run *r)
{
	const struct imc_chain *c = r->c;
	size_t need = (size_t)n_actor_of(r) * (size_t)r->n_turn;

	r->f->turn = imc_arena_grow(r->f->a, r->f->turn, need, &r->f->cap_turn,
				    sizeof *r->f->turn);
	for (int32_t u = 0; u < c->n_unit; u++)
		add_actor(r, IMC_STEP_RUN, -1, u);
	r->fetch = -1;
	if (c->n_chan && !r->pool) {
		r->fetch = r->n_actor;
		add_actor(r, IMC_STEP_FETCH, -1, 0);
	}
	for (int32_t i = 0; i < c->n_use; i++) {
		r->maker[i] = -1;
		if (c->use[i].load) {
			r->maker[i] = r->n_actor;
			add_actor(r, IMC_STEP_LOAD, i, -1);
		}
	}
	for (int32_t i = 0; i < c->n_use; i++) {
		const struct imc_flow_value *v = value_at(r, i);
		bool far = v->is_output || v->last >= c->first + c->n_unit;

		if (!c->use[i].store)
			continue;
		if (far && (v->is_output || !c->use[i].keep))
			add_actor(r, IMC_STEP_STORE, i, -1);
		for (int32_t k = 0; k < v->n_shown; k++)
			add_actor(r, IMC_STEP_STORE, i, -1)->val = v->shown[k];
	}
}

static void add_reader(struct run *r, int32_t use, int32_t actor, int32_t read)
{
	assert(r->n_reader < MAX_READ);
	r->reader[r->n_reader++] = (struct reader){use, actor, read};
}

static void add_readers_of(struct run *r, int32_t use)
{
	int32_t value = r->c->use[use].value;

	r->first_reader[use] = r->n_reader;
	for (int32_t u = 0; u < r->c->n_unit; u++)
		for (int32_t k = 0; k < unit_at(r, u)->n_read; k++)
			if (unit_at(r, u)->read[k].value == value)
				add_reader(r, use, u, k);
	for (int32_t i = 0; i < r->n_actor; i++)
		if (r->actor[i].kind == IMC_STEP_STORE &&
		    r->actor[i].use == use)
			add_reader(r, use, i, -1);
	r->first_reader[use + 1] = r->n_reader;
}

static void connect(struct run *r)
{
	for (int32_t i = 0; i < r->c->n_use; i++)
		add_readers_of(r, i);
	for (int32_t u = 0; u < r->c->n_unit; u++)
		for (int32_t k = 0; k < unit_at(r, u)->n_made; k++)
			r->maker[use_of(r, unit_at(r, u)->made[k])] = u;
}

/* ---- which rows, in which turn ---- */

static int64_t round_rows(const struct imc_flow_unit *u, int64_t rows)
{
	return imc_min_i64(imc_ceil_div(rows, u->step) * u->step, u->rows);
}

/* Rows of use i that its readers need in this turn, as far as they are known
 * already; -1: nothing of the chain reads it. */
static int64_t wanted(const struct run *r, int32_t i, int32_t turn)
{
	int64_t most = -1;

	for (int32_t k = r->first_reader[i]; k < r->first_reader[i + 1]; k++) {
		const struct reader *d = &r->reader[k];
		const struct actor *a = &r->actor[d->actor];
		struct imc_rows out = {0, 0};

		if (a->kind != IMC_STEP_RUN)
			continue;
		out.end = a->end[turn];
		most = imc_max_i64(most, 0);
		if (out.end > 0)
			most = imc_max_i64(most,
					   imc_flow_reads(r->f,
							  r->c->first + a->unit,
							  d->read, out)
						   .end);
	}
	return most;
}

/* Rows of unit u that are made when the turn ends. */
static int64_t unit_rows(const struct run *r, int32_t u, int32_t turn,
			 int32_t n_turn)
{
	const struct imc_flow_unit *unit = unit_at(r, u);
	int64_t need = -1;

	if (turn == n_turn - 1)
		return unit->rows;
	for (int32_t k = 0; k < unit->n_made; k++)
		need = imc_max_i64(need,
				   wanted(r, use_of(r, unit->made[k]), turn));
	if (need < 0 && u == r->c->n_unit - 1)
		need = r->c->strip * (turn + 1);
	else if (need < 0)
		need = round_rows(unit, imc_ceil_div(unit->rows, n_turn)) *
		       (turn + 1);
	if (!unit->by_rows)
		return need > 0 ? unit->rows : 0;
	return round_rows(unit, imc_min_i64(need, unit->rows));
}

static int64_t load_rows(const struct run *r, const struct actor *a,
			 int32_t turn)
{
	int64_t rows = imc_max_i64(wanted(r, a->use, turn), 0);

	if (r->c->use[a->use].keep && turn == r->n_turn / r->n_block - 1)
		return value_at(r, a->use)->rows;
	return rows;
}

/* Of a turn without blocks, in place `turn`; spread says it again by block. */
static void set_rows(struct run *r)
{
	int32_t n_turn = r->n_turn / r->n_block;

	for (int32_t t = 0; t < n_turn; t++) {
		for (int32_t u = r->c->n_unit - 1; u >= 0; u--)
			r->actor[u].end[t] = unit_rows(r, u, t, n_turn);
		for (int32_t i = r->c->n_unit; i < r->n_actor; i++) {
			struct actor *a = &r->actor[i];
			int32_t maker = a->use < 0 ? -1 : r->maker[a->use];

			if (a->kind == IMC_STEP_FETCH)
				a->end[t] = 0;
			else if (a->kind == IMC_STEP_LOAD)
				a->end[t] = load_rows(r, a, t);
			else if (a->val.i == value_at(r, a->use)->val.i)
				a->end[t] =
					imc_flow_made(r->f, r->c->first + maker,
						      r->c->use[a->use].value,
						      r->actor[maker].end[t]);
			else
				a->end[t] = t == n_turn - 1
						    ? value_at(r, a->use)->rows
						    : 0;
		}
	}
}

/* Every turn becomes one a block: rows are loaded before the first and stored
 * behind the last one. */
static void spread(struct run *r)
{
	int32_t b = r->n_block;

	for (int32_t i = 0; i < r->n_actor && b > 1; i++) {
		struct actor *a = &r->actor[i];

		for (int32_t t = r->n_turn - 1; t >= 0; t--) {
			bool late = a->kind == IMC_STEP_STORE && t % b < b - 1;

			if (late)
				a->end[t] = t / b ? a->end[t / b - 1] : 0;
			else
				a->end[t] = a->end[t / b];
		}
	}
}

/* By blocks: units that have them, what fetches, and loads of a pool. */
static bool in_blocks(const struct run *r, const struct actor *a)
{
	return r->c->n_chan &&
	       (a->kind == IMC_STEP_RUN || a->kind == IMC_STEP_FETCH ||
		(a->kind == IMC_STEP_LOAD && r->pool));
}

static struct imc_rows turn_rows(const struct run *r, const struct actor *a,
				 int32_t turn)
{
	int32_t before =
		in_blocks(r, a) ? turn / r->n_block * r->n_block - 1 : turn - 1;

	return (struct imc_rows){before < 0 ? 0 : a->end[before], a->end[turn]};
}

/* Rows of use i that are there before this slot. */
static int64_t rows_there(const struct run *r, int32_t i)
{
	const struct actor *a;
	int32_t done;
	int64_t rows;

	if (r->maker[i] < 0)
		return value_at(r, i)->rows;
	a = &r->actor[r->maker[i]];
	done = in_blocks(r, a) ? a->turn / r->n_block * r->n_block : a->turn;
	rows = done ? a->end[done - 1] : 0;
	return a->kind == IMC_STEP_RUN
		       ? imc_flow_made(r->f, r->c->first + a->unit,
				       r->c->use[i].value, rows)
		       : rows;
}

/* ---- what may run now ---- */

/* Passes turns in which nothing is to do. */
static void settle(const struct run *r, struct actor *a)
{
	while (a->turn < r->n_turn && a->kind != IMC_STEP_FETCH) {
		struct imc_rows rows = turn_rows(r, a, a->turn);

		if (rows.end > rows.first)
			break;
		a->turn++;
	}
}

/* Whoever makes use i may begin its turn: readers are not too far behind. */
static bool has_room(const struct run *r, int32_t i, const struct actor *a,
		     int32_t ahead)
{
	int32_t b =
		in_blocks(r, a) && a->kind == IMC_STEP_LOAD ? 1 : r->n_block;
	int32_t least = (a->turn / b - ahead) * b;

	if (r->c->use[i].keep)
		return true;
	for (int32_t k = r->first_reader[i]; k < r->first_reader[i + 1]; k++)
		if (r->actor[r->reader[k].actor].turn < least)
			return false;
	return true;
}

static bool unit_ready(const struct run *r, const struct actor *a)
{
	const struct imc_flow_unit *u = unit_at(r, a->unit);
	struct imc_rows out = turn_rows(r, a, a->turn);

	if (r->fetch >= 0 && r->actor[r->fetch].turn <= a->turn)
		return false;
	for (int32_t k = 0; k < u->n_read; k++) {
		int32_t use = use_of(r, u->read[k].value);

		if (r->pool && r->maker[use] >= 0) {
			if (r->actor[r->maker[use]].turn <= a->turn)
				return false;
			continue;
		}
		if (imc_flow_reads(r->f, r->c->first + a->unit, k, out).end >
		    rows_there(r, use))
			return false;
	}
	for (int32_t k = 0; k < u->n_made; k++)
		if (!has_room(r, use_of(r, u->made[k]), a,
			      r->c->policy.unit_ahead))
			return false;
	return true;
}

static bool is_ready(const struct run *r, const struct actor *a)
{
	if (a->turn >= r->n_turn)
		return false;
	switch (a->kind) {
	case IMC_STEP_RUN:
		return unit_ready(r, a);
	case IMC_STEP_FETCH:
		return r->actor[0].turn >= a->turn - r->c->policy.dma_ahead;
	case IMC_STEP_LOAD:
		return has_room(r, a->use, a, r->c->policy.dma_ahead);
	case IMC_STEP_STORE:
		return rows_there(r, a->use) >= a->end[a->turn];
	case IMC_N_STEP:
		break;
	}
	return false;
}

/* ---- tasks ---- */

static int64_t transfer_bytes(const struct run *r, const struct actor *a,
			      const struct imc_chain_task *t)
{
	const struct imc_flow_value *v;

	if (a->kind == IMC_STEP_FETCH)
		return imc_plan_constants(r->f->m->g, &r->f->m->map,
					  unit_at(r, 0)->node, t->n_chan)
			.bytes;
	v = value_at(r, a->use);
	if (t->n_chan)
		return imc_flow_bytes(v) / unit_at(r, 0)->channels * t->n_chan;
	return (t->rows.end - t->rows.first) * v->row_bytes;
}

static void set_run_cost(const struct run *r, struct imc_chain_task *t)
{
	int64_t n_row = t->rows.end - t->rows.first;
	const struct imc_module *m = r->f->m;
	const struct imc_flow_unit *u = unit_at(r, t->unit);
	const struct imc_flow_cost *c =
		imc_flow_cost(r->f, r->c->first + t->unit, n_row);

	t->cost = c->cost;
	t->strip_rows = c->strip_rows;
	if (t->n_chan)
		t->cost = imc_cost_channels(
			m->hw, m->g, u->node, &u->as, (int32_t)n_row,
			(double)t->n_chan / (double)u->channels);
}

static struct imc_chain_task task_of(const struct run *r, int32_t i)
{
	const struct actor *a = &r->actor[i];
	struct imc_chain_task t = {.slot = r->out->n_slot,
				   .kind = a->kind,
				   .use = a->use,
				   .unit = a->unit,
				   .val = a->val};

	t.rows = turn_rows(r, a, a->turn);
	if (in_blocks(r, a)) {
		t.chan = a->turn % r->n_block * r->c->n_chan;
		t.n_chan = imc_min_i64(r->c->n_chan,
				       unit_at(r, 0)->channels - t.chan);
	}
	if (a->kind == IMC_STEP_RUN)
		set_run_cost(r, &t);
	else
		t.cost = imc_cost_dma(r->f->m->hw, transfer_bytes(r, a, &t));
	return t;
}

static void take(struct run *r, int32_t i, const struct imc_chain_task *t)
{
	r->taken[i] = true;
	if (t->kind == IMC_STEP_RUN)
		r->out->strip_rows[t->unit] = (int32_t)imc_max_i64(
			r->out->strip_rows[t->unit], t->strip_rows);
	else
		r->out->dma_ns += t->cost.ns;
	if (r->hook)
		r->hook(r->cx, t);
}

/* Units that have what they need, those near the end first. */
static double take_units(struct run *r)
{
	unsigned busy = 0;
	double longest = 0;

	for (int32_t u = r->c->n_unit - 1; u >= 0; u--) {
		unsigned lanes = unit_at(r, u)->lanes;
		struct imc_chain_task t;

		if ((lanes & busy) || !is_ready(r, &r->actor[u]))
			continue;
		t = task_of(r, u);
		take(r, u, &t);
		busy |= lanes;
		if (t.cost.ns > longest)
			longest = t.cost.ns;
		if (r->c->policy.one_at_a_time)
			break;
	}
	return longest;
}

static double take_transfers(struct run *r, double work_ns)
{
	double sum = 0;
	bool one = r->c->policy.one_at_a_time;

	if (one && work_ns > 0)
		return 0;
	for (int32_t i = r->c->n_unit; i < r->n_actor; i++) {
		struct imc_chain_task t;

		if (!is_ready(r, &r->actor[i]))
			continue;
		t = task_of(r, i);
		if (!r->c->policy.eager && work_ns > 0 &&
		    sum + t.cost.ns > work_ns)
			continue;
		take(r, i, &t);
		sum += t.cost.ns;
		if (one)
			break;
	}
	return sum;
}

/* ---- lines ---- */

/* The first row of use that reader d still needs; what it reads in this slot
 * counts. -1: none. */
static int64_t first_needed(const struct run *r, const struct reader *d)
{
	const struct actor *a = &r->actor[d->actor];
	struct imc_rows out;

	if (a->turn >= r->n_turn)
		return -1;
	out = turn_rows(r, a, a->turn);
	if (a->kind == IMC_STEP_RUN)
		return imc_flow_reads(r->f, r->c->first + a->unit, d->read, out)
			.first;
	return out.first;
}

/* Rows of use i that are in L1 in this slot. */
static int64_t rows_held(const struct run *r, int32_t i)
{
	const struct actor *a = &r->actor[r->maker[i]];
	int64_t end = rows_there(r, i), first = end;

	if (r->taken[r->maker[i]])
		end = a->kind == IMC_STEP_RUN
			      ? imc_flow_made(r->f, r->c->first + a->unit,
					      r->c->use[i].value,
					      a->end[a->turn])
			      : a->end[a->turn];
	for (int32_t k = r->first_reader[i]; k < r->first_reader[i + 1]; k++) {
		int64_t need = first_needed(r, &r->reader[k]);

		if (need >= 0)
			first = imc_min_i64(first, need);
	}
	return end - first;
}

static void count_lines(struct run *r)
{
	struct imc_chain_sum *s = r->out;

	for (int32_t i = 0; i < r->c->n_use; i++) {
		const struct actor *a;

		if (r->maker[i] < 0)
			continue;
		a = &r->actor[r->maker[i]];
		if (in_blocks(r, a) && a->kind == IMC_STEP_LOAD)
			s->lines[i] = imc_max_i64(
				s->lines[i], a->turn + r->taken[r->maker[i]] -
						     r->actor[0].turn);
		else
			s->lines[i] = imc_max_i64(s->lines[i], rows_held(r, i));
	}
	if (r->fetch >= 0)
		s->constant_lines = imc_max_i64(s->constant_lines,
						r->actor[r->fetch].turn +
							r->taken[r->fetch] -
							r->actor[0].turn);
}

static bool next_slot(struct run *r)
{
	double work_ns, dma_ns;
	bool any = false;

	memset(r->taken, 0, sizeof r->taken);
	for (int32_t i = 0; i < r->n_actor; i++)
		settle(r, &r->actor[i]);
	work_ns = take_units(r);
	dma_ns = take_transfers(r, work_ns);
	count_lines(r);
	for (int32_t i = 0; i < r->n_actor; i++) {
		any = any || r->taken[i];
		r->actor[i].turn += r->taken[i];
	}
	r->out->ns += work_ns > dma_ns ? work_ns : dma_ns;
	r->out->n_slot += any;
	return any;
}

/* ---- memory ---- */

static int64_t use_bytes(const struct run *r, int32_t i)
{
	const struct imc_flow_value *v = value_at(r, i);
	int64_t lines = imc_min_i64(imc_max_i64(r->out->lines[i], 1), v->rows);

	if (r->pool && r->c->use[i].load) {
		r->out->lines[i] = imc_max_i64(r->out->lines[i], 1);
		return r->out->lines[i] * r->c->n_chan *
		       (imc_flow_bytes(v) / unit_at(r, 0)->channels);
	}
	if (r->c->use[i].had || r->c->use[i].keep)
		lines = v->rows;
	r->out->lines[i] = lines;
	return lines * v->row_bytes;
}

static void count_bytes(struct run *r)
{
	int64_t sum = 0;

	for (int32_t i = 0; i < r->c->n_use; i++)
		sum += imc_chain_aligned(use_bytes(r, i));
	for (int32_t u = 0; u < r->c->n_unit; u++) {
		const struct imc_flow_unit *unit = unit_at(r, u);
		int64_t bytes = unit->constants;

		if (r->fetch >= 0)
			bytes = r->out->constant_lines *
				imc_plan_constants(r->f->m->g, &r->f->m->map,
						   unit->node, r->c->n_chan)
					.bytes;
		sum += imc_chain_aligned(bytes) +
		       imc_chain_aligned(r->out->strip_rows[u] *
					 unit->code_row);
	}
	r->out->bytes = sum;
}

void imc_chain_run(struct imc_flow *f, const struct imc_chain *c,
		   struct imc_chain_sum *out, imc_chain_hook *hook, void *cx)
{
	struct run r = {.f = f, .c = c, .out = out, .hook = hook, .cx = cx};
	const struct imc_flow_unit *last = &f->unit[c->first + c->n_unit - 1];
	int64_t n_turn = imc_ceil_div(last->rows, c->strip);

	*out = (struct imc_chain_sum){0};
	r.pool = c->n_chan && last->pool;
	r.n_block = c->n_chan ? (int32_t)imc_ceil_div(last->channels, c->n_chan)
			      : 1;
	r.n_turn = (int32_t)n_turn * r.n_block;
	add_actors(&r);
	connect(&r);
	set_rows(&r);
	spread(&r);
	while (next_slot(&r))
		;
	for (int32_t i = 0; i < r.n_actor; i++)
		assert(r.actor[i].turn == r.n_turn);
	count_bytes(&r);
}
