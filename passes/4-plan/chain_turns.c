#include <assert.h>

#include "passes/4-plan/chain_inner.h"

int32_t imc_run_use(const struct imc_run *r, int32_t value)
{
	for (int32_t i = 0; i < r->c->n_use; i++)
		if (r->c->use[i].value == value)
			return i;
	assert(!"a value of the chain");
	return -1;
}

/* ---- who acts ---- */

static struct imc_actor *add_actor(struct imc_run *r, enum imc_step_kind kind,
				   int32_t use, int32_t unit)
{
	struct imc_actor *a = &r->actor[r->n_actor];

	assert(r->n_actor < IMC_MAX_ACTOR);
	*a = (struct imc_actor){.kind = kind, .use = use, .unit = unit};
	a->val = use < 0 ? IMC_NO_VAL : imc_run_value(r, use)->val;
	a->end = &r->f->turn[r->n_actor++ * r->n_turn];
	return a;
}

static int32_t n_actor_of(const struct imc_run *r)
{
	int32_t n = r->c->n_unit + 1;

	for (int32_t i = 0; i < r->c->n_use; i++)
		n += r->c->use[i].load + r->c->use[i].store +
		     (r->c->use[i].store ? imc_run_value(r, i)->n_shown : 0);
	return n;
}

/* Units come first, then transfers in the order in which they are wanted. */
static void add_actors(struct imc_run *r)
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
		const struct imc_flow_value *v = imc_run_value(r, i);
		bool far = v->is_output || v->last >= c->first + c->n_unit;

		if (!c->use[i].store)
			continue;
		if (far && (v->is_output || !c->use[i].keep))
			add_actor(r, IMC_STEP_STORE, i, -1);
		for (int32_t k = 0; k < v->n_shown; k++)
			add_actor(r, IMC_STEP_STORE, i, -1)->val = v->shown[k];
	}
}

static void add_reader(struct imc_run *r, int32_t use, int32_t actor,
		       int32_t read)
{
	assert(r->n_reader < IMC_MAX_READ);
	r->reader[r->n_reader++] = (struct imc_reader){use, actor, read};
}

static void add_readers_of(struct imc_run *r, int32_t use)
{
	int32_t value = r->c->use[use].value;

	r->first_reader[use] = r->n_reader;
	for (int32_t u = 0; u < r->c->n_unit; u++)
		for (int32_t k = 0; k < imc_run_unit(r, u)->n_read; k++)
			if (imc_run_unit(r, u)->read[k].value == value)
				add_reader(r, use, u, k);
	for (int32_t i = 0; i < r->n_actor; i++)
		if (r->actor[i].kind == IMC_STEP_STORE &&
		    r->actor[i].use == use)
			add_reader(r, use, i, -1);
	r->first_reader[use + 1] = r->n_reader;
}

static void connect(struct imc_run *r)
{
	for (int32_t i = 0; i < r->c->n_use; i++)
		add_readers_of(r, i);
	for (int32_t u = 0; u < r->c->n_unit; u++)
		for (int32_t k = 0; k < imc_run_unit(r, u)->n_made; k++)
			r->maker[imc_run_use(r, imc_run_unit(r, u)->made[k])] =
				u;
}

/* ---- which rows, in which turn ---- */

static int64_t round_rows(const struct imc_flow_unit *u, int64_t rows)
{
	return imc_min_i64(imc_ceil_div(rows, u->step) * u->step, u->rows);
}

/* Rows of use i that its readers need in this turn, as far as they are known
 * already; -1: nothing of the chain reads it. */
static int64_t wanted(const struct imc_run *r, int32_t i, int32_t turn)
{
	int64_t most = -1;

	for (int32_t k = r->first_reader[i]; k < r->first_reader[i + 1]; k++) {
		const struct imc_reader *d = &r->reader[k];
		const struct imc_actor *a = &r->actor[d->actor];
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
static int64_t unit_rows(const struct imc_run *r, int32_t u, int32_t turn,
			 int32_t n_turn)
{
	const struct imc_flow_unit *unit = imc_run_unit(r, u);
	int64_t need = -1;

	if (turn == n_turn - 1)
		return unit->rows;
	for (int32_t k = 0; k < unit->n_made; k++)
		need = imc_max_i64(
			need, wanted(r, imc_run_use(r, unit->made[k]), turn));
	if (need < 0 && u == r->c->n_unit - 1)
		need = r->c->strip * (turn + 1);
	else if (need < 0)
		need = round_rows(unit, imc_ceil_div(unit->rows, n_turn)) *
		       (turn + 1);
	if (!unit->by_rows)
		return need > 0 ? unit->rows : 0;
	return round_rows(unit, imc_min_i64(need, unit->rows));
}

static int64_t load_rows(const struct imc_run *r, const struct imc_actor *a,
			 int32_t turn)
{
	int64_t rows = imc_max_i64(wanted(r, a->use, turn), 0);

	if (r->c->use[a->use].keep && turn == r->n_turn / r->n_block - 1)
		return imc_run_value(r, a->use)->rows;
	return rows;
}

/* Of a turn without blocks, in place `turn`; spread says it again by block. */
static void set_rows(struct imc_run *r)
{
	int32_t n_turn = r->n_turn / r->n_block;

	for (int32_t t = 0; t < n_turn; t++) {
		for (int32_t u = r->c->n_unit - 1; u >= 0; u--)
			r->actor[u].end[t] = unit_rows(r, u, t, n_turn);
		for (int32_t i = r->c->n_unit; i < r->n_actor; i++) {
			struct imc_actor *a = &r->actor[i];
			int32_t maker = a->use < 0 ? -1 : r->maker[a->use];

			if (a->kind == IMC_STEP_FETCH)
				a->end[t] = 0;
			else if (a->kind == IMC_STEP_LOAD)
				a->end[t] = load_rows(r, a, t);
			else if (a->val.i == imc_run_value(r, a->use)->val.i)
				a->end[t] =
					imc_flow_made(r->f, r->c->first + maker,
						      r->c->use[a->use].value,
						      r->actor[maker].end[t]);
			else
				a->end[t] =
					t == n_turn - 1
						? imc_run_value(r, a->use)->rows
						: 0;
		}
	}
}

/* Every turn becomes one a block: rows are loaded before the first and stored
 * behind the last one. */
static void spread(struct imc_run *r)
{
	int32_t b = r->n_block;

	for (int32_t i = 0; i < r->n_actor && b > 1; i++) {
		struct imc_actor *a = &r->actor[i];

		for (int32_t t = r->n_turn - 1; t >= 0; t--) {
			bool late = a->kind == IMC_STEP_STORE && t % b < b - 1;

			if (late)
				a->end[t] = t / b ? a->end[t / b - 1] : 0;
			else
				a->end[t] = a->end[t / b];
		}
	}
}

void imc_run_open(struct imc_run *r)
{
	const struct imc_chain *c = r->c;
	const struct imc_flow_unit *last =
		&r->f->unit[c->first + c->n_unit - 1];
	int64_t n_turn = imc_ceil_div(last->rows, c->strip);

	r->pool = c->n_chan && last->pool;
	r->n_block = c->n_chan
			     ? (int32_t)imc_ceil_div(last->channels, c->n_chan)
			     : 1;
	r->n_turn = (int32_t)n_turn * r->n_block;
	add_actors(r);
	connect(r);
	set_rows(r);
	spread(r);
}
