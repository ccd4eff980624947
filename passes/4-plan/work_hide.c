#include <math.h>

#include "passes/4-plan/work.h"

/* Slots that are looked at on each side. */
#define WINDOW 256
#define GAIN 1e-6 /* ns */

struct slot {
	double work_ns, dma_ns;
	int64_t bytes; /* of L1 */
};

/* What is known of a buffer: slots of its steps. */
struct life {
	int32_t first_read; /* first step that does not fill it */
	int32_t last_run;
	int32_t last_store, first_load; /* of a buffer in L2 */
};

struct hiding {
	struct imc_work *w;
	int64_t room;
	struct slot *slot;
	struct life *life;
};

static bool fills(const struct imc_piece *p)
{
	return p->step.kind == IMC_STEP_LOAD || p->step.kind == IMC_STEP_FETCH;
}

/* ---- slots and lives ---- */

static void add_piece(struct hiding *h, const struct imc_piece *p, double sign)
{
	struct slot *s = &h->slot[p->slot];

	if (p->step.kind != IMC_STEP_RUN)
		s->dma_ns += sign * p->step.cost.ns;
	else if (p->step.cost.ns > s->work_ns)
		s->work_ns = p->step.cost.ns;
}

static void note_use(struct hiding *h, const struct imc_piece *p, int32_t at)
{
	struct life *l = &h->life[at];
	/* the cores may read and write a far place */
	bool far = p->step.kind == IMC_STEP_RUN &&
		   h->w->buffer[at].mem == IMC_MEM_L2;

	if (!fills(p))
		l->first_read = (int32_t)imc_min_i64(l->first_read, p->slot);
	if (p->step.kind == IMC_STEP_RUN)
		l->last_run = (int32_t)imc_max_i64(l->last_run, p->slot);
	if (p->step.kind == IMC_STEP_STORE || far)
		l->last_store = (int32_t)imc_max_i64(l->last_store, p->slot);
	if (p->step.kind == IMC_STEP_LOAD || far)
		l->first_load = (int32_t)imc_min_i64(l->first_load, p->slot);
}

static void add_bytes(struct hiding *h, const struct imc_buffer *b,
		      int32_t first, int32_t last)
{
	for (int32_t s = first; s <= last && b->mem == IMC_MEM_L1; s++)
		h->slot[s].bytes += imc_chain_aligned(b->size_bytes);
}

static void take_stock(struct hiding *h)
{
	const struct imc_work *w = h->w;

	for (size_t i = 0; i < w->n_buffer; i++) {
		h->life[i] = (struct life){INT32_MAX, -1, -1, INT32_MAX};
		add_bytes(h, &w->buffer[i], w->buffer[i].first,
			  w->buffer[i].last);
	}
	for (size_t i = 0; i < w->n_piece; i++) {
		const struct imc_piece *p = &w->piece[i];

		add_piece(h, p, 1);
		for (int32_t k = 0; k < p->n_use; k++)
			note_use(h, p, w->use[p->first_use + k]);
	}
}

/* ---- where a transfer may go ---- */

/* Another buffer of the same value lives in that slot. */
static bool has_rival(const struct hiding *h, int32_t at, int32_t slot)
{
	const struct imc_buffer *b = &h->w->buffer[at];

	for (size_t i = 0; i < h->w->n_buffer; i++) {
		const struct imc_buffer *o = &h->w->buffer[i];

		if ((int32_t)i != at && o->mem == b->mem &&
		    o->val.i == b->val.i && imc_val_ok(b->val) &&
		    o->first <= slot && o->last >= slot)
			return true;
	}
	return false;
}

/* The buffer of the piece in L1, and that in L2 or -1. */
static int32_t near_buffer(const struct hiding *h, const struct imc_piece *p)
{
	return h->w->use[p->first_use];
}

static int32_t far_buffer(const struct hiding *h, const struct imc_piece *p)
{
	return p->n_use > 1 ? h->w->use[p->first_use + 1] : -1;
}

static bool may_lie_in(const struct hiding *h, int32_t at, int32_t slot)
{
	const struct imc_buffer *b = &h->w->buffer[at];

	if (slot >= b->first && slot <= b->last)
		return true;
	return h->slot[slot].bytes + imc_chain_aligned(b->size_bytes) <=
		       h->room &&
	       !has_rival(h, at, slot);
}

static bool has_buffer(const struct hiding *h, const struct imc_piece *p,
		       uint32_t value)
{
	for (int32_t k = 0; k < p->n_use; k++)
		if (h->w->buffer[h->w->use[p->first_use + k]].val.i == value)
			return true;
	return false;
}

/* Step o is one of the cores that reads or makes v, or what it is a view of, at
 * the caller's. */
static bool is_in_place(const struct hiding *h, const struct imc_piece *o,
			imc_val v)
{
	const struct imc_graph *g = h->w->m->g;
	const uint32_t *root = h->w->m->plan.root;
	const struct imc_node *n;
	bool uses = false;

	if (o->step.kind != IMC_STEP_RUN)
		return false;
	n = imc_node_at(g, o->step.node);
	for (int k = 0; k < n->n_in; k++)
		uses = uses ||
		       (imc_val_ok(n->in[k]) && root[n->in[k].i] == root[v.i]);
	for (int k = 0; k < n->n_out; k++)
		uses = uses || (imc_val_ok(n->out[k]) &&
				root[n->out[k].i] == root[v.i]);
	return uses && !has_buffer(h, o, root[v.i]);
}

static bool moves(const struct hiding *h, const struct imc_piece *o,
		  enum imc_step_kind kind, imc_val v)
{
	return (o->step.kind == kind && o->step.val.i == v.i) ||
	       is_in_place(h, o, v);
}

/* The same value may be an output that is read again. */
static bool is_stored_after(const struct hiding *h, const struct imc_piece *p,
			    int32_t slot)
{
	for (size_t i = 0; i < h->w->n_piece; i++) {
		const struct imc_piece *o = &h->w->piece[i];

		if (o->slot >= slot && o->slot <= p->slot &&
		    moves(h, o, IMC_STEP_STORE, p->step.val))
			return true;
	}
	return false;
}

static bool is_loaded_before(const struct hiding *h, const struct imc_piece *p,
			     int32_t slot)
{
	for (size_t i = 0; i < h->w->n_piece; i++) {
		const struct imc_piece *o = &h->w->piece[i];

		if (o->slot <= slot && o->slot >= p->slot &&
		    moves(h, o, IMC_STEP_LOAD, p->step.val))
			return true;
	}
	return false;
}

/* ---- moves ---- */

struct target {
	int32_t slot;
	double hidden;
};

static double slack_of(const struct slot *s)
{
	return fmax(s->work_ns - s->dma_ns, 0);
}

/* The part of p that makes its slot longer. */
static double exposed(const struct hiding *h, const struct imc_piece *p)
{
	const struct slot *s = &h->slot[p->slot];

	return fmin(p->step.cost.ns, fmax(s->dma_ns - s->work_ns, 0));
}

/* How much less time is exposed if p goes to that slot. */
static double gain_of(const struct hiding *h, const struct imc_piece *p,
		      int32_t slot)
{
	double there = fmax(p->step.cost.ns - slack_of(&h->slot[slot]), 0);

	return exposed(h, p) - there;
}

static void consider(const struct hiding *h, const struct imc_piece *p,
		     int32_t slot, struct target *best)
{
	double gain = gain_of(h, p, slot);

	if (gain > best->hidden + GAIN)
		*best = (struct target){slot, gain};
}

/* Earlier slots: where the buffer has room, and nothing writes it. */
static struct target find_earlier(const struct hiding *h,
				  const struct imc_piece *p)
{
	struct target best = {-1, GAIN};
	int32_t at = near_buffer(h, p);
	int32_t far = far_buffer(h, p);
	double most = exposed(h, p);

	if (h->life[at].first_read <= p->slot)
		return best;
	for (int32_t s = p->slot - 1; s >= 0 && s >= p->slot - WINDOW; s--) {
		if (!may_lie_in(h, at, s) ||
		    (far >= 0 && h->life[far].last_store >= s))
			break;
		if (slack_of(&h->slot[s]) > 0 &&
		    gain_of(h, p, s) > best.hidden + GAIN &&
		    !(p->step.kind == IMC_STEP_LOAD &&
		      is_stored_after(h, p, s)))
			consider(h, p, s, &best);
		if (best.hidden >= most - GAIN)
			break;
	}
	return best;
}

/* Later slots: where what is stored stays, and nothing loads it yet. */
static struct target find_later(const struct hiding *h,
				const struct imc_piece *p)
{
	struct target best = {-1, GAIN};
	int32_t at = near_buffer(h, p), end = h->w->n_slot;
	int32_t far = far_buffer(h, p);
	double most = exposed(h, p);

	if (h->life[at].last_run > p->slot)
		return best;
	for (int32_t s = p->slot + 1; s < end && s <= p->slot + WINDOW; s++) {
		if (!may_lie_in(h, at, s) ||
		    (far >= 0 && h->life[far].first_load <= s))
			break;
		if (slack_of(&h->slot[s]) > 0 &&
		    gain_of(h, p, s) > best.hidden + GAIN &&
		    !is_loaded_before(h, p, s))
			consider(h, p, s, &best);
		if (best.hidden >= most - GAIN)
			break;
	}
	return best;
}

static void widen(struct hiding *h, int32_t at, int32_t slot)
{
	struct imc_buffer *b = &h->w->buffer[at];

	if (slot < b->first) {
		add_bytes(h, b, slot, b->first - 1);
		b->first = slot;
	}
	if (slot > b->last) {
		add_bytes(h, b, b->last + 1, slot);
		b->last = slot;
	}
}

static void move_to(struct hiding *h, struct imc_piece *p, int32_t slot)
{
	add_piece(h, p, -1);
	p->slot = slot;
	add_piece(h, p, 1);
	for (int32_t k = 0; k < p->n_use; k++) {
		int32_t at = h->w->use[p->first_use + k];

		widen(h, at, slot);
		note_use(h, p, at);
	}
}

void imc_work_hide(struct imc_work *w, int64_t room)
{
	struct hiding h = {.w = w, .room = room};

	if (w->m->opt.no_overlap || !w->n_slot)
		return;
	h.slot = imc_arena_array(w->a, (size_t)w->n_slot, sizeof *h.slot);
	h.life = imc_arena_array(w->a, w->n_buffer + 1, sizeof *h.life);
	take_stock(&h);
	for (size_t i = w->n_piece; i-- > 0;) {
		struct imc_piece *p = &w->piece[i];
		struct target t;

		if (p->step.kind != IMC_STEP_STORE || exposed(&h, p) <= GAIN)
			continue;
		t = find_later(&h, p);
		if (t.slot >= 0)
			move_to(&h, p, t.slot);
	}
	for (size_t i = 0; i < w->n_piece; i++) {
		struct imc_piece *p = &w->piece[i];
		struct target t;

		if (!fills(p) || exposed(&h, p) <= GAIN)
			continue;
		t = find_earlier(&h, p);
		if (t.slot >= 0)
			move_to(&h, p, t.slot);
	}
}
