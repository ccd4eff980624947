#include <assert.h>
#include <string.h>

#include "hwdesc/cost.h"
#include "passes/4-plan/allocate.h"
#include "passes/4-plan/chain_inner.h"

int64_t imc_chain_aligned(int64_t bytes)
{
	return imc_ceil_div(bytes, IMC_L1_ALIGN) * IMC_L1_ALIGN;
}

/* By blocks: units that have them, what fetches, and loads of a pool. */
static bool in_blocks(const struct imc_run *r, const struct imc_actor *a)
{
	return r->c->n_chan &&
	       (a->kind == IMC_STEP_RUN || a->kind == IMC_STEP_FETCH ||
		(a->kind == IMC_STEP_LOAD && r->pool));
}

static struct imc_rows turn_rows(const struct imc_run *r,
				 const struct imc_actor *a, int32_t turn)
{
	int32_t before =
		in_blocks(r, a) ? turn / r->n_block * r->n_block - 1 : turn - 1;

	return (struct imc_rows){before < 0 ? 0 : a->end[before], a->end[turn]};
}

/* Rows of use i that are there before this slot. */
static int64_t rows_there(const struct imc_run *r, int32_t i)
{
	const struct imc_actor *a;
	int32_t done;
	int64_t rows;

	if (r->maker[i] < 0)
		return imc_run_value(r, i)->rows;
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
static void settle(const struct imc_run *r, struct imc_actor *a)
{
	while (a->turn < r->n_turn && a->kind != IMC_STEP_FETCH) {
		struct imc_rows rows = turn_rows(r, a, a->turn);

		if (rows.end > rows.first)
			break;
		a->turn++;
	}
}

/* Whoever makes use i may begin its turn: readers are not too far behind. */
static bool has_room(const struct imc_run *r, int32_t i,
		     const struct imc_actor *a, int32_t ahead)
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

static bool unit_ready(const struct imc_run *r, const struct imc_actor *a)
{
	const struct imc_flow_unit *u = imc_run_unit(r, a->unit);
	struct imc_rows out = turn_rows(r, a, a->turn);

	if (r->fetch >= 0 && r->actor[r->fetch].turn <= a->turn)
		return false;
	for (int32_t k = 0; k < u->n_read; k++) {
		int32_t use = imc_run_use(r, u->read[k].value);

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
		if (!has_room(r, imc_run_use(r, u->made[k]), a,
			      r->c->policy.unit_ahead))
			return false;
	return true;
}

static bool is_ready(const struct imc_run *r, const struct imc_actor *a)
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

static int64_t transfer_bytes(const struct imc_run *r,
			      const struct imc_actor *a,
			      const struct imc_chain_task *t)
{
	const struct imc_flow_value *v;

	if (a->kind == IMC_STEP_FETCH)
		return imc_plan_constants(r->f->m->g, &r->f->m->map,
					  imc_run_unit(r, 0)->node, t->n_chan)
			.bytes;
	v = imc_run_value(r, a->use);
	if (t->n_chan)
		return imc_flow_bytes(v) / imc_run_unit(r, 0)->channels *
		       t->n_chan;
	return (t->rows.end - t->rows.first) * v->row_bytes;
}

/* Of a chain of one unit, that uses the value in its far place; a block of
 * channels takes its part. */
static void add_far_cost(const struct imc_run *r, struct imc_chain_task *t,
			 int32_t value, int64_t n_row)
{
	struct imc_cost c =
		imc_flow_far_cost(r->f, r->c->first + t->unit, value, n_row);
	double part = t->n_chan ? (double)t->n_chan /
					  (double)imc_run_unit(r, 0)->channels
				: 1;

	t->cost.cycles += c.cycles * part;
	t->cost.ns += c.ns * part;
	t->cost.core_ns += c.core_ns * part;
	t->cost.pj += c.pj * part;
}

static void set_run_cost(const struct imc_run *r, struct imc_chain_task *t)
{
	int64_t n_row = t->rows.end - t->rows.first;
	const struct imc_module *m = r->f->m;
	const struct imc_flow_unit *u = imc_run_unit(r, t->unit);
	const struct imc_flow_cost *c =
		imc_flow_cost(r->f, r->c->first + t->unit, n_row);

	t->cost = c->cost;
	t->strip_rows = c->strip_rows;
	if (t->n_chan)
		t->cost = imc_cost_channels(
			m->hw, m->g, u->node, &u->as, (int32_t)n_row,
			(double)t->n_chan / (double)u->channels);
	for (int32_t i = 0; i < r->c->n_use; i++)
		if (r->c->use[i].far)
			add_far_cost(r, t, r->c->use[i].value, n_row);
}

/* The first row that some reader needs in this turn of a load or later. */
static int64_t first_wanted(const struct imc_run *r, const struct imc_actor *a)
{
	int64_t first = INT64_MAX;

	for (int32_t k = r->first_reader[a->use];
	     k < r->first_reader[a->use + 1]; k++) {
		const struct imc_reader *d = &r->reader[k];
		const struct imc_actor *by = &r->actor[d->actor];
		int64_t row = a->turn ? by->end[a->turn - 1] : 0;

		if (by->kind != IMC_STEP_RUN)
			return 0;
		if (row < imc_run_unit(r, by->unit)->rows)
			first = imc_min_i64(
				first,
				imc_flow_reads(r->f, r->c->first + by->unit,
					       d->read,
					       (struct imc_rows){row, row + 1})
					.first);
	}
	return first;
}

/* Rows between windows that no window reads stay where they are. */
static struct imc_rows rows_to_load(const struct imc_run *r,
				    const struct imc_actor *a)
{
	struct imc_rows rows = turn_rows(r, a, a->turn);
	int64_t first;

	if (in_blocks(r, a) || r->c->use[a->use].keep)
		return rows;
	first = first_wanted(r, a);
	if (first < rows.end)
		rows.first = imc_max_i64(rows.first, first);
	return rows;
}

static struct imc_chain_task task_of(const struct imc_run *r, int32_t i)
{
	const struct imc_actor *a = &r->actor[i];
	struct imc_chain_task t = {.slot = r->out->n_slot,
				   .kind = a->kind,
				   .use = a->use,
				   .unit = a->unit,
				   .val = a->val};

	t.rows = a->kind == IMC_STEP_LOAD ? rows_to_load(r, a)
					  : turn_rows(r, a, a->turn);
	if (in_blocks(r, a)) {
		t.chan = a->turn % r->n_block * r->c->n_chan;
		t.n_chan = imc_min_i64(r->c->n_chan,
				       imc_run_unit(r, 0)->channels - t.chan);
	}
	if (a->kind == IMC_STEP_RUN)
		set_run_cost(r, &t);
	else
		t.cost = imc_cost_dma(r->f->m->hw, transfer_bytes(r, a, &t));
	return t;
}

static void take(struct imc_run *r, int32_t i, const struct imc_chain_task *t)
{
	r->taken[i] = true;
	r->out->pj += t->cost.pj;
	if (t->kind == IMC_STEP_RUN)
		r->out->strip_rows[t->unit] = (int32_t)imc_max_i64(
			r->out->strip_rows[t->unit], t->strip_rows);
	else
		r->out->dma_ns += t->cost.ns;
	if (r->hook)
		r->hook(r->cx, t);
}

/* Units that have what they need, those near the end first. */
static double take_units(struct imc_run *r)
{
	unsigned busy = 0;
	double longest = 0;

	for (int32_t u = r->c->n_unit - 1; u >= 0; u--) {
		unsigned lanes = imc_run_unit(r, u)->lanes;
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

static double take_transfers(struct imc_run *r, double work_ns)
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
static int64_t first_needed(const struct imc_run *r, const struct imc_reader *d)
{
	const struct imc_actor *a = &r->actor[d->actor];
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
static int64_t rows_held(const struct imc_run *r, int32_t i)
{
	const struct imc_actor *a = &r->actor[r->maker[i]];
	int64_t end = rows_there(r, i), first = end;

	if (r->taken[r->maker[i]] && a->kind == IMC_STEP_RUN) {
		end = imc_flow_made(r->f, r->c->first + a->unit,
				    r->c->use[i].value, a->end[a->turn]);
	} else if (r->taken[r->maker[i]]) {
		first = rows_to_load(r, a).first;
		end = a->end[a->turn];
	}
	for (int32_t k = r->first_reader[i]; k < r->first_reader[i + 1]; k++) {
		int64_t need = first_needed(r, &r->reader[k]);

		if (need >= 0)
			first = imc_min_i64(first, need);
	}
	return end - first;
}

static void count_lines(struct imc_run *r)
{
	struct imc_chain_sum *s = r->out;

	for (int32_t i = 0; i < r->c->n_use; i++) {
		const struct imc_actor *a;

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

static bool next_slot(struct imc_run *r)
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

static int64_t use_bytes(const struct imc_run *r, int32_t i)
{
	const struct imc_flow_value *v = imc_run_value(r, i);
	int64_t lines = r->c->use[i].far
				? 0
				: imc_min_i64(imc_max_i64(r->out->lines[i], 1),
					      v->rows);

	if (r->pool && r->c->use[i].load) {
		r->out->lines[i] = imc_max_i64(r->out->lines[i], 1);
		return r->out->lines[i] * r->c->n_chan *
		       (imc_flow_bytes(v) / imc_run_unit(r, 0)->channels);
	}
	if (r->c->use[i].had || r->c->use[i].keep)
		lines = v->rows;
	r->out->lines[i] = lines;
	return lines * v->row_bytes;
}

static void count_bytes(struct imc_run *r)
{
	int64_t sum = 0;

	for (int32_t i = 0; i < r->c->n_use; i++)
		sum += imc_chain_aligned(use_bytes(r, i));
	for (int32_t u = 0; u < r->c->n_unit; u++) {
		const struct imc_flow_unit *unit = imc_run_unit(r, u);
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
	struct imc_run r = {.f = f, .c = c, .out = out, .hook = hook, .cx = cx};

	*out = (struct imc_chain_sum){0};
	imc_run_open(&r);
	while (next_slot(&r))
		;
	for (int32_t i = 0; i < r.n_actor; i++)
		assert(r.actor[i].turn == r.n_turn);
	count_bytes(&r);
}
