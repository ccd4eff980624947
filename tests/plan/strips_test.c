/* Plans of random networks for an L1 of any size: they fit, are correct and run
 * alike; what is refused names a size, and that size does. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hwdesc/hw.h"
#include "ir/eval.h"
#include "passes/pass.h"
#include "tests/check.h"
#include "tests/plan/nets.h"

#define N_NET 150

struct world {
	struct imc_module *m;
	struct imc_diags d;
	struct imc_images img;
	struct imc_tensor *in, *want, *out;
	struct random r;
	/* plans that hold some */
	int n_ring, n_block, n_far, n_store, n_refused, n_pair, n_gap, n_place;
};

static bool schedule(struct world *w)
{
	struct imc_pass_cx cx = {.scratch = imc_arena_new()};
	bool ok = imc_pass_schedule(w->m, &cx);

	imc_arena_free(cx.scratch);
	return ok;
}

static bool runs_alike(struct world *w)
{
	const struct imc_graph *g = w->m->g;
	struct imc_map_eval me = {.g = g, .m = &w->m->map, .img = &w->img};

	imc_eval_plan(&me, &w->m->plan, w->in, w->out, w->d.arena);
	for (size_t k = 0; k < g->n_output; k++)
		if (memcmp(w->want[k].data, w->out[k].data,
			   imc_tensor_bytes(&w->want[k])))
			return false;
	return true;
}

/* Rows between windows, which nothing reads, are left out. */
static bool has_gap(const struct imc_plan *p)
{
	for (size_t i = 0; i < p->n_step; i++) {
		const struct imc_step *s = &p->step[i];

		for (size_t k = i + 1; k < p->n_step; k++) {
			const struct imc_step *t = &p->step[k];

			if (s->kind != IMC_STEP_LOAD || t->kind != s->kind ||
			    t->val.i != s->val.i)
				continue;
			if (t->row > s->row + s->n_row)
				return true;
			break;
		}
	}
	return false;
}

static void count(struct world *w)
{
	const struct imc_plan *p = &w->m->plan;
	bool ring = false, block = false, far = false, pair = false;
	bool place = false;

	for (size_t i = 0; i < p->n_buffer; i++) {
		const struct imc_buffer *b = &p->buffer[i];

		far = far || b->mem == IMC_MEM_L2;
		block = block || b->n_chan;
		if (b->mem == IMC_MEM_L1 && imc_val_ok(b->val) && !b->n_chan)
			ring = ring ||
			       b->lines < imc_plan_n_row(
						  &imc_value_at(w->m->g, b->val)
							   ->t);
	}
	for (size_t i = 0; i < p->n_step; i++)
		place = place || imc_plan_far_bytes(w->m->g, &w->m->map, p, i);
	for (size_t i = 1; i < p->n_step; i++)
		pair = pair ||
		       (p->step[i].beside && p->step[i].kind == IMC_STEP_RUN);
	w->n_ring += ring;
	w->n_block += block;
	w->n_far += far;
	w->n_pair += pair;
	w->n_gap += has_gap(p);
	w->n_place += place;
}

/* Bytes of transfers, and of constants and values that cores use in L2. */
static int64_t moved_bytes(const struct world *w)
{
	const struct imc_module *m = w->m;
	const struct imc_plan *p = &m->plan;

	return imc_plan_dma_bytes(m->g, &m->map, p) +
	       imc_plan_in_place_bytes(m->g, &m->map, p);
}

static void check_plan(struct world *w)
{
	const struct imc_plan *p = &w->m->plan;
	const char *bad = imc_plan_check(w->m->g, &w->m->map, p, w->d.arena);

	EXPECT(p->l1_bytes <= w->m->hw->l1_bytes);
	EXPECT(p->roomy_ns > 0);
	CHECK(!bad, "%s", bad);
	CHECK(moved_bytes(w) >= p->dma_lower_bound,
	      "%lld bytes moved, not %lld", (long long)moved_bytes(w),
	      (long long)p->dma_lower_bound);
	if (!bad)
		CHECK(runs_alike(w), "L1 %lld", (long long)w->m->hw->l1_bytes);
	for (size_t i = 0; i < p->n_step && w->m->opt.no_overlap; i++)
		EXPECT(!p->step[i].beside);
	count(w);
}

/* The size that the last diagnostic names. */
static int64_t wanted_bytes(const struct world *w)
{
	const char *text = w->d.n ? w->d.v[w->d.n - 1].text : "";
	const char *at = strstr(text, "l1.bytes=");

	return at ? strtoll(at + strlen("l1.bytes="), NULL, 10) : 0;
}

static void check_size(struct world *w, int64_t l1_bytes)
{
	int64_t least;

	w->m->hw->l1_bytes = l1_bytes;
	if (schedule(w)) {
		check_plan(w);
		return;
	}
	w->n_refused++;
	least = wanted_bytes(w);
	CHECK(least > l1_bytes, "%s", w->d.v[w->d.n - 1].text);
	w->m->hw->l1_bytes = least;
	CHECK(schedule(w), "%lld bytes do not do: %s", (long long)least,
	      w->d.v[w->d.n - 1].text);
	check_plan(w);
	w->m->hw->l1_bytes = least - 64;
	EXPECT(!schedule(w));
}

static void open_world(struct world *w)
{
	w->d = (struct imc_diags){.arena = imc_arena_new()};
	w->m = net_make(&w->r, &w->d);
	w->img = imc_map_images(w->m->g, &w->m->map, w->d.arena);
	w->in = net_input(w->m, &w->r, w->d.arena);
	w->want = imc_arena_array(w->d.arena, 2, sizeof *w->want);
	w->out = imc_arena_array(w->d.arena, 2, sizeof *w->out);
	imc_eval_graph(w->m->g, w->in, w->want, NULL, w->d.arena);
}

int main(void)
{
	struct world w = {.r = {23}};

	for (int i = 0; i < N_NET; i++) {
		open_world(&w);
		w.m->opt.no_overlap = pick(&w.r, 0, 5) == 0;
		w.m->opt.objective = pick(&w.r, 0, 4) == 0
					     ? IMC_OBJECTIVE_ENERGY
					     : IMC_OBJECTIVE_LATENCY;
		check_size(&w, 1 << 20);
		check_size(&w, pick(&w.r, 100, 1500));
		check_size(&w, pick(&w.r, 1000, 5000));
		imc_module_free(w.m);
		imc_arena_free(w.d.arena);
		if (n_fail) {
			fprintf(stderr, "network %d\n", i);
			break;
		}
	}
	printf("%d with rings, %d with blocks, %d with far values, %d with "
	       "pairs, %d with gaps, %d in place, %d refused\n",
	       w.n_ring, w.n_block, w.n_far, w.n_pair, w.n_gap, w.n_place,
	       w.n_refused);
	EXPECT(w.n_ring > 10 && w.n_far > 10 && w.n_pair > 10 && w.n_gap > 0 &&
	       w.n_place > 10 && w.n_refused > 5);
	return check_result();
}
