/* Plans of random networks that fit L1 whole: correct, run alike, and no slower
 * than in turn. Plans with a fault are refused, or do no harm. */
#include <string.h>

#include "ir/eval.h"
#include "passes/pass.h"
#include "tests/check.h"
#include "tests/plan/nets.h"

#define N_NET 400
#define N_FAULT 30

struct world {
	struct imc_module *m;
	struct imc_diags d;
	struct imc_images img;
	struct imc_tensor *in, *want, *out;
	struct random r;
	int n_strip, n_beside; /* plans that hold some */
};

static void schedule(struct world *w, bool no_overlap)
{
	struct imc_pass_cx cx = {.scratch = imc_arena_new()};

	w->m->opt.no_overlap = no_overlap;
	EXPECT(imc_pass_schedule(w->m, &cx));
	imc_arena_free(cx.scratch);
}

static const char *fault_of(const struct world *w, const struct imc_plan *p)
{
	return imc_plan_check(w->m->g, &w->m->map, p, w->d.arena);
}

static bool runs_alike(struct world *w, const struct imc_plan *p)
{
	const struct imc_graph *g = w->m->g;
	struct imc_map_eval me = {.g = g, .m = &w->m->map, .img = &w->img};

	imc_eval_plan(&me, p, w->in, w->out, w->d.arena);
	for (size_t k = 0; k < g->n_output; k++)
		if (memcmp(w->want[k].data, w->out[k].data,
			   imc_tensor_bytes(&w->want[k])))
			return false;
	return true;
}

static void open_world(struct world *w)
{
	w->d = (struct imc_diags){.arena = imc_arena_new()};
	w->m = net_make(&w->r, &w->d);
	w->m->hw->l1_bytes = 1 << 20; /* less is what strips_test is about */
	w->img = imc_map_images(w->m->g, &w->m->map, w->d.arena);
	w->in = net_input(w->m, &w->r, w->d.arena);
	w->want = imc_arena_array(w->d.arena, 2, sizeof *w->want);
	w->out = imc_arena_array(w->d.arena, 2, sizeof *w->out);
	imc_eval_graph(w->m->g, w->in, w->want, NULL, w->d.arena);
}

static void count(struct world *w, const struct imc_plan *p)
{
	bool strip = false, beside = false;

	for (size_t i = 0; i < p->n_step; i++) {
		strip = strip || p->step[i].n_row;
		beside = beside || p->step[i].beside;
	}
	w->n_strip += strip;
	w->n_beside += beside;
}

/* At most two nodes at once: the bound on the latency has no more. */
static bool has_pairs_only(const struct imc_plan *p)
{
	for (size_t i = 0, n_run = 0; i < p->n_step; i++) {
		n_run = p->step[i].beside ? n_run : 0;
		n_run += p->step[i].kind == IMC_STEP_RUN;
		if (n_run > 2)
			return false;
	}
	return true;
}

/* With and without overlap. */
static void check_plans(struct world *w)
{
	struct imc_plan in_turn;
	double ns;

	schedule(w, true);
	in_turn = w->m->plan;
	ns = imc_plan_total(&in_turn, NULL).ns;
	for (size_t i = 0; i < in_turn.n_step; i++)
		EXPECT(!in_turn.step[i].beside && !in_turn.step[i].n_row);
	CHECK(!fault_of(w, &in_turn), "%s", fault_of(w, &in_turn));
	CHECK(runs_alike(w, &in_turn), "in turn");
	schedule(w, false);
	CHECK(!fault_of(w, &w->m->plan), "%s", fault_of(w, &w->m->plan));
	CHECK(runs_alike(w, &w->m->plan), "beside");
	EXPECT(has_pairs_only(&w->m->plan));
	EXPECT(imc_plan_total(&w->m->plan, NULL).ns <= ns * 1.000001);
	EXPECT(w->m->plan.l1_bytes <= w->m->hw->l1_bytes);
	count(w, &w->m->plan);
}

static void spoil(struct world *w, struct imc_plan *p)
{
	struct imc_step *s = &p->step[pick(&w->r, 0, (int)p->n_step - 1)];
	struct imc_step *t = &p->step[pick(&w->r, 0, (int)p->n_step - 1)];
	struct imc_buffer *b = &p->buffer[pick(&w->r, 0, (int)p->n_buffer - 1)];
	struct imc_step keep = *s;

	switch (pick(&w->r, 0, 7)) {
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
		b->first += pick(&w->r, -2, 2);
		break;
	case 4:
		b->last += pick(&w->r, -2, 2);
		break;
	case 5:
		b->offset -= pick(&w->r, 1, 64);
		break;
	case 6:
		*s = *t;
		*t = keep;
		break;
	case 7: /* a row goes from one step to another */
		s->n_row -= s->n_row > 1;
		t->n_row += t->n_row > 0;
		break;
	}
}

/* What the checker takes must compute the same. */
static void check_faults(struct world *w)
{
	struct imc_arena *a = w->d.arena;
	const struct imc_plan *good = &w->m->plan;
	int n_refused = 0;

	for (int i = 0; i < N_FAULT; i++) {
		struct imc_plan p = *good;

		p.step = imc_arena_memdup(a, p.step, p.n_step * sizeof *p.step);
		p.buffer = imc_arena_memdup(a, p.buffer,
					    p.n_buffer * sizeof *p.buffer);
		spoil(w, &p);
		if (fault_of(w, &p))
			n_refused++;
		else
			CHECK(runs_alike(w, &p), "fault %d was missed", i);
	}
	EXPECT(n_refused > 0);
}

int main(void)
{
	struct world w = {.r = {11}};

	for (int i = 0; i < N_NET; i++) {
		open_world(&w);
		check_plans(&w);
		check_faults(&w);
		imc_module_free(w.m);
		imc_arena_free(w.d.arena);
		if (n_fail) {
			fprintf(stderr, "network %d\n", i);
			break;
		}
	}
	CHECK(w.n_strip > N_NET / 4 && w.n_beside > N_NET / 2,
	      "%d with strips, %d with slots", w.n_strip, w.n_beside);
	return check_result();
}
