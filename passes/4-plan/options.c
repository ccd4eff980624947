#include "passes/4-plan/options.h"

#include <string.h>

#include "hwdesc/cost.h"

#define MAX_TRY 128
/* Strips may be thinner than so many turns give only if memory asks for it. */
#define MANY_TURNS 16
/* What moving costs even where it is hidden: plans with fewer bytes are
 * better where they are as fast. */
#define DMA_WEIGHT 0.125
/* Constants that are fetched beside other work, as far as is known here. */
#define FETCH_WEIGHT 0.25
/* What time counts where energy is asked for: it decides between equals. */
#define TIME_WEIGHT 1e-6

struct trial {
	struct imc_option_book *book;
	struct imc_chain c;
	int32_t n;
	struct imc_option v[MAX_TRY];
	int64_t least; /* bytes of the last strip height */
};

struct imc_option_book imc_options_open(struct imc_flow *f, int64_t room,
					bool frugal, struct imc_arena *a)
{
	return (struct imc_option_book){
		f, a, room, frugal,
		imc_arena_array(a, (size_t)f->n_unit + 1,
				sizeof(struct imc_options_of *))};
}

/* Constants that come whole. */
static struct imc_cost fetch_cost(const struct trial *t)
{
	struct imc_cost sum = {0};

	for (int32_t u = 0; u < t->c.n_unit; u++) {
		int64_t bytes = t->book->f->unit[t->c.first + u].constants;
		struct imc_cost c;

		if (!bytes || t->c.n_chan)
			continue;
		c = imc_cost_dma(t->book->f->m->hw, bytes);
		sum.ns += c.ns;
		sum.pj += c.pj;
	}
	return sum;
}

static double value_of(const struct trial *t, const struct imc_chain_sum *s)
{
	struct imc_cost fetch = fetch_cost(t);
	double ns = s->ns + s->dma_ns * DMA_WEIGHT + fetch.ns * FETCH_WEIGHT;

	if (t->book->f->m->opt.objective != IMC_OBJECTIVE_ENERGY)
		return ns;
	return s->pj + fetch.pj + TIME_WEIGHT * ns;
}

static void try_policy(struct trial *t, struct imc_chain_policy p)
{
	struct imc_chain_sum s;
	struct imc_option *o;

	if (t->n == MAX_TRY)
		return;
	p.one_at_a_time = t->book->f->m->opt.no_overlap;
	t->c.policy = p;
	imc_chain_run(t->book->f, &t->c, &s, NULL, NULL);
	o = &t->v[t->n++];
	o->bytes = s.bytes;
	o->value = value_of(t, &s);
	o->strip = t->c.strip;
	o->n_chan = t->c.n_chan;
	o->policy = p;
	t->least = imc_min_i64(t->least, s.bytes);
}

/* True if units of the chain can work at the same time. */
static bool has_lanes(const struct trial *t)
{
	unsigned all = ~0U;

	for (int32_t u = 0; u < t->c.n_unit; u++)
		all &= t->book->f->unit[t->c.first + u].lanes;
	return t->c.n_unit > 1 && !all;
}

static bool has_transfers(const struct trial *t)
{
	for (int32_t i = 0; i < t->c.n_use; i++)
		if (t->c.use[i].load || t->c.use[i].store)
			return true;
	return t->c.n_chan > 0;
}

static void try_policies(struct trial *t, bool one_turn)
{
	bool lanes = has_lanes(t), dma = has_transfers(t);

	t->least = INT64_MAX;
	try_policy(t, (struct imc_chain_policy){0, 0, false, false});
	if (t->book->frugal || t->book->f->m->opt.no_overlap || one_turn)
		return;
	if (dma) {
		try_policy(t, (struct imc_chain_policy){0, 1, false, false});
		try_policy(t, (struct imc_chain_policy){0, 1, true, false});
	}
	if (!lanes)
		return;
	try_policy(t, (struct imc_chain_policy){1, 1, false, false});
	try_policy(t, (struct imc_chain_policy){2, 2, false, false});
	if (dma)
		try_policy(t, (struct imc_chain_policy){1, 1, true, false});
}

/* Strips of half the height each time, until they are thin enough. */
static void try_strips(struct trial *t)
{
	const struct imc_flow_unit *u =
		&t->book->f->unit[t->c.first + t->c.n_unit - 1];
	bool alone = t->c.n_unit == 1 && !has_transfers(t);

	for (int64_t n = 1, last = 0;; n *= 2) {
		int64_t rows = imc_ceil_div(u->rows, n);
		int64_t strip = imc_ceil_div(rows, u->step) * u->step;

		if (strip == last)
			break;
		last = t->c.strip = strip;
		try_policies(t, imc_ceil_div(u->rows, strip) == 1);
		if (strip == u->step || alone ||
		    (n >= MANY_TURNS && t->least <= t->book->room / 8))
			break;
	}
}

/* Only unit in blocks of channels: constants, or input of a pool. */
static void try_blocks(struct trial *t)
{
	const struct imc_flow_unit *u = &t->book->f->unit[t->c.first];
	const struct imc_chain_use *x = &t->c.use[0];

	if (t->c.n_unit != 1 || !u->channels ||
	    (u->pool ? !x->load || x->keep : u->constants == 0) ||
	    (!u->pool && u->constants < t->book->room / 8))
		return;
	for (int64_t n = 2; n <= u->channels; n *= 2) {
		t->c.n_chan = imc_ceil_div(u->channels, n);
		if (t->c.n_chan > 4)
			t->c.n_chan = imc_ceil_div(t->c.n_chan, 4) * 4;
		/* places of blocks go on from strip to strip */
		if (imc_ceil_div(u->channels, t->c.n_chan) % 2)
			continue;
		try_strips(t);
		if (t->least <= t->book->room / 8)
			break;
	}
	t->c.n_chan = 0;
}

/* ---- the best of them ---- */

static bool before(const struct imc_option *a, const struct imc_option *b)
{
	return a->bytes != b->bytes ? a->bytes < b->bytes : a->value < b->value;
}

static void sort_options(struct trial *t)
{
	for (int32_t i = 1; i < t->n; i++) {
		struct imc_option o = t->v[i];
		int32_t k = i;

		for (; k > 0 && before(&o, &t->v[k - 1]); k--)
			t->v[k] = t->v[k - 1];
		t->v[k] = o;
	}
}

static struct imc_options_of *keep_best(struct trial *t)
{
	struct imc_arena *a = t->book->a;
	struct imc_options_of *o = imc_arena_alloc(a, sizeof *o);

	sort_options(t);
	o->chain = t->c;
	o->option = imc_arena_array(a, (size_t)t->n, sizeof *o->option);
	for (int32_t i = 0; i < t->n; i++) {
		if (o->n && (t->v[i].bytes > t->book->room ||
			     t->v[i].value >= o->option[o->n - 1].value))
			continue;
		o->option[o->n++] = t->v[i];
	}
	return o;
}

static bool same_chain(const struct imc_chain *a, const struct imc_chain *b)
{
	if (a->n_unit != b->n_unit || a->n_use != b->n_use)
		return false;
	for (int32_t i = 0; i < a->n_use; i++)
		if (a->use[i].had != b->use[i].had ||
		    a->use[i].load != b->use[i].load ||
		    a->use[i].keep != b->use[i].keep ||
		    a->use[i].store != b->use[i].store ||
		    a->use[i].far != b->use[i].far)
			return false;
	return true;
}

const struct imc_options_of *imc_options_find(struct imc_option_book *b,
					      const struct imc_chain *c)
{
	struct imc_options_of *o;
	struct trial t = {.book = b, .c = *c};

	for (o = b->page[c->first]; o; o = o->next)
		if (same_chain(&o->chain, c))
			return o;
	t.c.n_chan = 0;
	try_strips(&t);
	try_blocks(&t);
	o = keep_best(&t);
	o->next = b->page[c->first];
	b->page[c->first] = o;
	return o;
}
