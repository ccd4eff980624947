#include "passes/pass.h"

#include <assert.h>
#include <string.h>
#include <time.h>

const struct imc_pass *imc_pass_by_name(const char *name)
{
	for (size_t i = 0; i < imc_n_pass; i++)
		if (!strcmp(imc_passes[i].name, name))
			return &imc_passes[i];
	return NULL;
}

/* What shows that pass i has run: its own facts, or those of the first later
 * pass of its stage that makes any; 0 when nothing does. */
static uint32_t facts_after(size_t i)
{
	const char *stage = imc_passes[i].stage;

	for (; i < imc_n_pass && !strcmp(imc_passes[i].stage, stage); i++)
		if (imc_passes[i].makes)
			return imc_passes[i].makes;
	return 0;
}

static bool is_done(const struct imc_module *m, size_t i)
{
	uint32_t facts = facts_after(i);

	return facts && (m->facts & facts) == facts;
}

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

static void record(struct imc_module *m, const char *name, double ms,
		   int64_t n_changed)
{
	struct imc_pass_time *t =
		IMC_PUSH(m->arena, m->pass, m->n_pass, m->cap_pass);

	t->name = name;
	t->ms = ms;
	t->n_changed = n_changed;
}

static bool run_one(struct imc_module *m, const struct imc_pass *p,
		    const struct imc_pass_run *how)
{
	struct imc_pass_cx cx = {
		.scratch = imc_arena_new(),
		.calib = how->calib,
		.judge = how->judge,
		.noise = how->noise,
		.progress = how->progress,
		.tried = how->tried,
		.ui = how->ui,
	};
	double start = now_ms();
	bool ok;

	assert((m->facts & p->needs) == p->needs);
	ok = p->run(m, &cx);
	imc_arena_free(cx.scratch);
	if (!ok)
		return false;
	m->facts = (m->facts & ~p->breaks) | p->makes;
	record(m, p->name, now_ms() - start, cx.n_changed);
	return !how->verify || imc_module_verify(m);
}

bool imc_passes_run(struct imc_module *m, const struct imc_pass_run *how)
{
	for (size_t i = 0; i < imc_n_pass; i++) {
		const struct imc_pass *p = &imc_passes[i];

		if (!is_done(m, i)) {
			if (!run_one(m, p, how))
				return false;
			if (how->after)
				how->after(how->ui, p, (int)i + 1, m);
		}
		if (how->stop_after && !strcmp(p->name, how->stop_after))
			break;
	}
	return true;
}
