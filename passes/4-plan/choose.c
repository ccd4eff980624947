#include "passes/4-plan/choose.h"

#include <string.h>

#include "passes/4-plan/options.h"

#define MAX_KEPT 16  /* values whole in L1 between chains */
#define MAX_STATE 24 /* ways to come to a place */
#define MAX_FREE 4   /* values of a chain whose place is open */

/* A way to run the units before a place. */
struct state {
	int32_t n_kept;
	int32_t kept[MAX_KEPT]; /* values, ascending */
	int64_t kept_bytes;
	double value;
	int32_t from; /* place before its last chain, and state there */
	int32_t from_state;
	const struct imc_options_of *last;
	const struct imc_option *option;
};

struct place {
	int32_t n;
	struct state v[MAX_STATE];
};

struct search {
	struct imc_flow *f;
	struct imc_option_book book;
	int64_t room;
	struct place *place;
	int64_t *need; /* by unit: the least bytes that were found */
};

/* ---- the uses of a chain ---- */

static bool is_kept(const struct state *s, int32_t value)
{
	for (int32_t i = 0; i < s->n_kept; i++)
		if (s->kept[i] == value)
			return true;
	return false;
}

static bool add_use(struct imc_chain *c, int32_t value)
{
	for (int32_t i = 0; i < c->n_use; i++)
		if (c->use[i].value == value)
			return true;
	if (c->n_use == IMC_CHAIN_USES)
		return false;
	c->use[c->n_use++] = (struct imc_chain_use){.value = value};
	return true;
}

static bool add_unit(const struct imc_flow *f, struct imc_chain *c)
{
	const struct imc_flow_unit *u = &f->unit[c->first + c->n_unit++];

	for (int32_t k = 0; k < u->n_read; k++)
		if (!add_use(c, u->read[k].value))
			return false;
	for (int32_t k = 0; k < u->n_made; k++)
		if (!add_use(c, u->made[k]))
			return false;
	return true;
}

/* Sets what follows from state s; kept: bit i is about the i-th use that could
 * stay in L1 behind the chain. Returns how many there are. */
static int32_t set_uses(const struct imc_flow *f, const struct state *s,
			struct imc_chain *c, unsigned kept)
{
	int32_t end = c->first + c->n_unit, n = 0;

	for (int32_t i = 0; i < c->n_use; i++) {
		struct imc_chain_use *u = &c->use[i];
		const struct imc_flow_value *v = &f->value[u->value];
		bool made = v->maker >= c->first, later = v->last >= end;

		u->had = !made && is_kept(s, u->value);
		u->load = !made && !u->had;
		u->keep = u->had;
		u->far = false;
		if (!u->had && later && n < MAX_FREE)
			u->keep = kept >> n++ & 1;
		u->store = made &&
			   (v->is_output || v->n_shown || (later && !u->keep));
	}
	return n;
}

/* ---- states ---- */

static bool same_kept(const struct state *a, const struct state *b)
{
	return a->n_kept == b->n_kept &&
	       !memcmp(a->kept, b->kept, (size_t)a->n_kept * sizeof a->kept[0]);
}

/* The state that may go: of higher value than others, but never the one with
 * least in L1. */
static int32_t worst_of(const struct place *p)
{
	int32_t lean = 0, worst = -1;

	for (int32_t i = 1; i < p->n; i++)
		if (p->v[i].kept_bytes < p->v[lean].kept_bytes)
			lean = i;
	for (int32_t i = 0; i < p->n; i++)
		if (i != lean &&
		    (worst < 0 || p->v[i].value > p->v[worst].value))
			worst = i;
	return worst;
}

static void add_state(struct place *p, const struct state *s)
{
	int32_t at = p->n;

	for (int32_t i = 0; i < p->n; i++)
		if (same_kept(&p->v[i], s)) {
			if (s->value < p->v[i].value)
				p->v[i] = *s;
			return;
		}
	if (p->n == MAX_STATE) {
		at = worst_of(p);
		if (p->v[at].value <= s->value &&
		    p->v[at].kept_bytes <= s->kept_bytes)
			return;
		p->v[at] = *s;
		return;
	}
	p->v[p->n++] = *s;
}

/* What s and the chain leave in L1. False: too many values. */
static bool keep_values(const struct imc_flow *f, const struct state *s,
			const struct imc_chain *c, struct state *out)
{
	int32_t end = c->first + c->n_unit;
	int32_t n = 0, all[MAX_KEPT + IMC_CHAIN_USES];

	for (int32_t i = 0; i < s->n_kept; i++)
		if (f->value[s->kept[i]].last >= end)
			all[n++] = s->kept[i];
	for (int32_t i = 0; i < c->n_use; i++)
		if (c->use[i].keep && !c->use[i].had)
			all[n++] = c->use[i].value;
	if (n > MAX_KEPT)
		return false;
	out->n_kept = n;
	out->kept_bytes = 0;
	for (int32_t i = 0; i < n; i++) {
		int32_t k = i;

		for (; k > 0 && out->kept[k - 1] > all[i]; k--)
			out->kept[k] = out->kept[k - 1];
		out->kept[k] = all[i];
		out->kept_bytes +=
			imc_chain_aligned(imc_flow_bytes(&f->value[all[i]]));
	}
	return true;
}

/* Bytes of what lies in L1 though the chain does not use it. */
static int64_t idle_bytes(const struct imc_flow *f, const struct state *s,
			  const struct imc_chain *c)
{
	int64_t bytes = s->kept_bytes;

	for (int32_t i = 0; i < c->n_use; i++)
		if (c->use[i].had)
			bytes -= imc_chain_aligned(
				imc_flow_bytes(&f->value[c->use[i].value]));
	return bytes;
}

/* ---- the search ---- */

/* False: no way fits. */
static bool try_chain(struct search *x, int32_t from, int32_t from_state,
		      const struct imc_chain *c)
{
	const struct state *s = &x->place[from].v[from_state];
	const struct imc_options_of *o = imc_options_find(&x->book, c);
	int64_t idle = idle_bytes(x->f, s, c);
	struct state next = {.from = from, .from_state = from_state, .last = o};

	if (c->n_unit == 1)
		x->need[from] =
			imc_min_i64(x->need[from], idle + o->option[0].bytes);
	for (int32_t i = o->n - 1; i >= 0; i--) {
		if (o->option[i].bytes > x->room - idle)
			continue;
		if (!keep_values(x->f, s, c, &next))
			return false;
		next.option = &o->option[i];
		next.value = s->value + next.option->value;
		add_state(&x->place[from + c->n_unit], &next);
		return true;
	}
	return false;
}

/* Bytes that the only unit of c needs with all that it uses in L1, and nothing
 * else there. */
static int64_t least_bytes(struct search *x, int32_t from, int32_t k,
			   struct imc_chain *c, unsigned n_way)
{
	int64_t least = INT64_MAX;

	for (unsigned way = 0; way < n_way; way++) {
		set_uses(x->f, &x->place[from].v[k], c, way);
		least = imc_min_i64(
			least, imc_options_find(&x->book, c)->option[0].bytes);
	}
	return least;
}

/* The largest value of c that is to be in L1 and may stay in its far place, or
 * -1. */
static int32_t largest_near(const struct imc_flow *f, const struct imc_chain *c)
{
	int32_t best = -1;

	for (int32_t i = 0; i < c->n_use; i++) {
		const struct imc_chain_use *u = &c->use[i];
		bool made = f->value[u->value].maker == c->first;

		if (u->far || u->had || !imc_flow_is_far(f, u->value, made) ||
		    (best >= 0 &&
		     imc_flow_bytes(&f->value[u->value]) <=
			     imc_flow_bytes(&f->value[c->use[best].value])))
			continue;
		best = i;
	}
	return best;
}

/* The only unit of c does not fit even alone: the cores work on the far places
 * of its largest values, as few as will do. */
static void try_far(struct search *x, int32_t from, int32_t k,
		    struct imc_chain *c)
{
	const struct state *s = &x->place[from].v[k];
	unsigned n_way = 1U << set_uses(x->f, s, c, 0);

	for (unsigned way = 0; way < n_way; way++) {
		bool found = false;
		int32_t i;

		set_uses(x->f, s, c, way);
		while (!found && (i = largest_near(x->f, c)) >= 0) {
			c->use[i].far = true;
			c->use[i].load = c->use[i].keep = c->use[i].store =
				false;
			found = try_chain(x, from, k, c);
		}
	}
}

/* All that state k of place `from` can be followed by. */
static void follow(struct search *x, int32_t from, int32_t k)
{
	struct imc_chain c = {.first = from};
	int misses = 0;

	while (c.n_unit < IMC_CHAIN_UNITS && from + c.n_unit < x->f->n_unit &&
	       misses < 2) {
		unsigned n_way;
		bool any = false;

		if (!add_unit(x->f, &c))
			return;
		n_way = 1U << set_uses(x->f, &x->place[from].v[k], &c, 0);
		for (unsigned way = 0; way < n_way; way++) {
			set_uses(x->f, &x->place[from].v[k], &c, way);
			any = try_chain(x, from, k, &c) || any;
		}
		if (c.n_unit == 1 && x->f->unit[from].in_place &&
		    least_bytes(x, from, k, &c, n_way) > x->room)
			try_far(x, from, k, &c);
		misses = any ? 0 : misses + 1;
	}
}

static void trace(const struct search *x, struct imc_arena *a,
		  struct imc_choice *out)
{
	int32_t at = x->f->n_unit, k = 0;
	const struct place *end = &x->place[at];

	for (int32_t i = 1; i < end->n; i++)
		if (end->v[i].value < end->v[k].value)
			k = i;
	out->chain = imc_arena_array(a, (size_t)x->f->n_unit + 1,
				     sizeof *out->chain);
	out->chain += x->f->n_unit;
	while (at > 0) {
		const struct state *s = &x->place[at].v[k];
		struct imc_chain *c = --out->chain;

		*c = s->last->chain;
		c->strip = s->option->strip;
		c->n_chan = s->option->n_chan;
		c->policy = s->option->policy;
		out->n++;
		at = s->from;
		k = s->from_state;
	}
}

/* The unit that needs most, of those that the search came to. */
static void find_need(const struct search *x, struct imc_choice *out)
{
	for (int32_t i = 0; i < x->f->n_unit; i++)
		if (x->need[i] != INT64_MAX && x->need[i] > out->need_bytes) {
			out->unit = i;
			out->need_bytes = x->need[i];
		}
}

struct imc_choice imc_choose_chains(struct imc_flow *f, int64_t room,
				    bool frugal, struct imc_arena *a)
{
	size_t n = (size_t)f->n_unit;
	struct imc_choice out = {.unit = -1};
	struct search x = {.f = f, .room = room};

	x.book = imc_options_open(f, room, frugal, a);
	x.place = imc_arena_array(a, n + 1, sizeof *x.place);
	x.need = imc_arena_array(a, n + 1, sizeof *x.need);
	x.place[0].n = 1;
	for (size_t i = 0; i < n; i++) {
		x.need[i] = INT64_MAX;
		for (int32_t k = 0; k < x.place[i].n; k++)
			follow(&x, (int32_t)i, k);
	}
	find_need(&x, &out);
	out.found = x.place[n].n > 0;
	if (out.found)
		trace(&x, a, &out);
	return out;
}
