/* Random plans: the checker takes them, they compute what the graph does, and
 * print and parse back. With a fault they are refused, or do no harm; without
 * the constants that a step fetches they give other bytes. */
#include <string.h>

#include "hwdesc/hw.h"
#include "ir/eval.h"
#include "ir/text.h"
#include "passes/pass.h"
#include "tests/check.h"
#include "tests/plan/nets.h"
#include "tests/plan/random_plan.h"

#define N_NET 150
#define N_PLAN 4
#define N_FAULT 12

struct world {
	struct imc_module *m;
	struct imc_diags d;
	struct imc_images img;
	struct imc_tensor *in, *want, *out;
	void **made; /* by node: its output */
	struct random r;
	struct random_count n;
	int n_step, n_seen, n_other;
	int n_fault, n_refused, n_lost, n_changed;
};

static const char *fault_of(const struct world *w, const struct imc_plan *p)
{
	return imc_plan_check(w->m->g, &w->m->map, p, w->d.arena);
}

/* ---- what plans compute ---- */

static void keep(void *cx, imc_node_id id, const struct imc_tensor *out)
{
	struct world *w = cx;

	w->made[id.i] = imc_arena_memdup(w->d.arena, out[0].data,
					 imc_tensor_bytes(&out[0]));
}

static void compare(void *cx, imc_node_id id, const struct imc_tensor *out)
{
	struct world *w = cx;

	w->n_seen++;
	w->n_other += memcmp(w->made[id.i], out[0].data,
			     imc_tensor_bytes(&out[0])) != 0;
}

static bool runs_alike(struct world *w, const struct imc_plan *p, bool watched)
{
	const struct imc_graph *g = w->m->g;
	struct imc_map_eval me = {.g = g, .m = &w->m->map, .img = &w->img};
	struct imc_plan_watch watch = {compare, w};

	imc_eval_plan_watched(&me, p, w->in, w->out, watched ? &watch : NULL,
			      w->d.arena);
	for (size_t k = 0; k < g->n_output; k++)
		if (memcmp(w->want[k].data, w->out[k].data,
			   imc_tensor_bytes(&w->want[k])))
			return false;
	return true;
}

/* The digital array, and cores, take over from others. */
static void change_engines(struct world *w)
{
	for (size_t i = 0; i < w->m->map.n_assign; i++) {
		enum imc_engine *e = &w->m->map.assign[i].engine;

		if (w->m->g->node[i].op != IMC_OP_Q_CONV2D)
			continue;
		if (*e == IMC_ENGINE_CORES && pick(&w->r, 0, 2) == 0)
			*e = IMC_ENGINE_PE;
		if (*e == IMC_ENGINE_DEPTHWISE && pick(&w->r, 0, 2) == 0)
			*e = IMC_ENGINE_CORES;
	}
}

static void open_world(struct world *w)
{
	struct imc_eval_how how = {.hook = keep, .cx = w};

	w->d = (struct imc_diags){.arena = imc_arena_new()};
	w->m = net_make(&w->r, &w->d);
	w->m->hw->l1_bytes = 1 << 20; /* the text takes no less than 1 kB */
	change_engines(w);
	w->img = imc_map_images(w->m->g, &w->m->map, w->d.arena);
	w->in = net_input(w->m, &w->r, w->d.arena);
	w->want = imc_arena_array(w->d.arena, 2, sizeof *w->want);
	w->out = imc_arena_array(w->d.arena, 2, sizeof *w->out);
	w->made = imc_arena_array(w->d.arena, w->m->g->n_node, sizeof *w->made);
	imc_eval_graph(w->m->g, w->in, w->want, &how, w->d.arena);
}

/* ---- text ---- */

static void check_text(struct world *w)
{
	struct imc_buf text = {.arena = w->d.arena}, blob = text;
	struct imc_module *back;

	imc_text_print(w->m, &imc_hw_text, NULL, &text, &blob);
	back = imc_text_parse("net", text.p, text.n, blob.p, blob.n,
			      &imc_hw_text, &w->d);
	CHECK(back, "%s", w->d.n ? w->d.v[w->d.n - 1].text : "?");
	if (!back)
		return;
	EXPECT(imc_plan_equal(&w->m->plan, &back->plan));
	CHECK(!imc_plan_check(back->g, &back->map, &back->plan, w->d.arena),
	      "as read back");
	imc_module_free(back);
}

/* ---- faults ---- */

static struct imc_plan copy_of(struct world *w, const struct imc_plan *good)
{
	struct imc_plan p = *good;

	p.step =
		imc_arena_memdup(w->d.arena, p.step, p.n_step * sizeof *p.step);
	p.buffer = imc_arena_memdup(w->d.arena, p.buffer,
				    p.n_buffer * sizeof *p.buffer);
	return p;
}

/* Step i is left out; the others do what they did. */
static void leave_out(struct imc_plan *p, size_t i)
{
	bool joined = i + 1 < p->n_step && p->step[i + 1].beside;

	if (joined)
		p->step[i + 1].beside = p->step[i].beside;
	memmove(&p->step[i], &p->step[i + 1],
		(p->n_step - i - 1) * sizeof *p->step);
	p->n_step--;
	for (size_t b = 0; b < p->n_buffer; b++) {
		struct imc_buffer *f = &p->buffer[b];

		f->first -= f->first > (int32_t)i;
		f->last -= f->last > (int32_t)i ||
			   (f->last == (int32_t)i && f->last > f->first);
		f->last -= f->last == (int32_t)p->n_step;
		f->first = f->first > f->last ? f->last : f->first;
	}
}

static size_t any_step(struct world *w, const struct imc_plan *p)
{
	return (size_t)pick(&w->r, 0, (int)p->n_step - 1);
}

static void spoil_step(struct world *w, struct imc_plan *p)
{
	struct imc_step *s = &p->step[any_step(w, p)];
	struct imc_step *t = &p->step[any_step(w, p)], keep_s = *s;

	switch (pick(&w->r, 0, 6)) {
	case 0:
		s->beside = !s->beside;
		break;
	case 1:
		s->row += pick(&w->r, -2, 2);
		break;
	case 2:
		s->n_row += pick(&w->r, -2, 2);
		break;
	case 3:
		s->chan += pick(&w->r, -1, 1);
		break;
	case 4:
		s->n_chan += pick(&w->r, -1, 1);
		break;
	case 5:
		*s = *t;
		*t = keep_s;
		break;
	case 6:
		s->strip_rows += pick(&w->r, -1, 1);
		s->scratch += pick(&w->r, -1, 1);
		break;
	}
}

static void spoil_buffer(struct world *w, struct imc_plan *p)
{
	struct imc_buffer *b = &p->buffer[pick(&w->r, 0, (int)p->n_buffer - 1)];

	switch (pick(&w->r, 0, 5)) {
	case 0:
		b->first += pick(&w->r, -2, 2);
		break;
	case 1:
		b->last += pick(&w->r, -2, 2);
		break;
	case 2:
		b->offset += pick(&w->r, -64, 64);
		break;
	case 3:
		b->lines += pick(&w->r, -2, 2);
		break;
	case 4:
		b->n_chan += pick(&w->r, -1, 1);
		break;
	case 5:
		b->size_bytes -= pick(&w->r, 1, 20);
		break;
	}
}

static void spoil(struct world *w, struct imc_plan *p)
{
	int how = pick(&w->r, 0, 5);

	if (how < 3)
		spoil_step(w, p);
	else if (how < 5)
		spoil_buffer(w, p);
	else
		leave_out(p, any_step(w, p));
}

/* What the checker takes must compute the same. */
static void check_faults(struct world *w)
{
	for (int i = 0; i < N_FAULT; i++) {
		struct imc_plan p = copy_of(w, &w->m->plan);

		spoil(w, &p);
		w->n_fault++;
		if (fault_of(w, &p))
			w->n_refused++;
		else
			CHECK(runs_alike(w, &p, false), "fault %d was missed",
			      i);
	}
}

/* Constants are taken from where they were fetched to. */
static void check_fetches(struct world *w)
{
	size_t i = 0;
	struct imc_plan p;

	while (i < w->m->plan.n_step &&
	       w->m->plan.step[i].kind != IMC_STEP_FETCH)
		i++;
	if (i == w->m->plan.n_step)
		return;
	p = copy_of(w, &w->m->plan);
	leave_out(&p, i);
	w->n_lost++;
	w->n_changed += !runs_alike(w, &p, false);
}

static void check_plan(struct world *w)
{
	int n_run = 0;

	w->m->plan = random_plan(w->m, &w->r, &w->n, w->d.arena);
	w->n_step += (int)w->m->plan.n_step;
	CHECK(!fault_of(w, &w->m->plan), "%s", fault_of(w, &w->m->plan));
	if (n_fail)
		return;
	w->n_seen = w->n_other = 0;
	CHECK(runs_alike(w, &w->m->plan, true), "other bytes");
	for (size_t i = 0; i < w->m->g->n_order; i++)
		n_run += !imc_plan_is_view(
			w->m->g, imc_node_at(w->m->g, w->m->g->order[i]));
	CHECK(w->n_seen == n_run && !w->n_other,
	      "%d of %d nodes were shown, %d wrong", w->n_seen, n_run,
	      w->n_other);
	EXPECT(imc_plan_dma_bytes(w->m->g, &w->m->map, &w->m->plan) > 0);
	check_text(w);
	check_faults(w);
	check_fetches(w);
}

static void check_counts(const struct world *w)
{
	const struct random_count *n = &w->n;

	CHECK(n->n_ring > N_NET && n->n_far > N_NET && n->n_block > N_NET / 4 &&
		      n->n_fetch > N_NET && n->n_pool > 5 &&
		      n->n_beside > N_NET && n->n_scratch > N_NET / 4,
	      "%d rings, %d far, %d in blocks, %d fetches, %d pools, %d slots, "
	      "%d with scratch",
	      n->n_ring, n->n_far, n->n_block, n->n_fetch, n->n_pool,
	      n->n_beside, n->n_scratch);
	CHECK(w->n_refused > w->n_fault / 2, "%d of %d faults refused",
	      w->n_refused, w->n_fault);
	CHECK(w->n_lost > N_NET / 4 && w->n_changed > w->n_lost * 2 / 3,
	      "%d of %d lost constants changed the output", w->n_changed,
	      w->n_lost);
}

int main(void)
{
	struct world w = {.r = {7}};

	for (int i = 0; i < N_NET && !n_fail; i++) {
		open_world(&w);
		for (int k = 0; k < N_PLAN && !n_fail; k++)
			check_plan(&w);
		imc_module_free(w.m);
		imc_arena_free(w.d.arena);
		if (n_fail)
			fprintf(stderr, "network %d\n", i);
	}
	if (!n_fail)
		check_counts(&w);
	return check_result();
}
