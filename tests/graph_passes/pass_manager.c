/* The manager of passes on a table of its own: order, skipping, times. */
#include <string.h>

#include "check.h"
#include "passes/pass.h"

static bool count(struct imc_module *m, struct imc_pass_cx *cx)
{
	cx->n_changed = (int64_t)m->n_pass + 10;
	return imc_arena_alloc(cx->scratch, 100) != NULL;
}

static bool fail(struct imc_module *m, struct imc_pass_cx *cx)
{
	(void)m;
	(void)cx;
	return false;
}

#define F(f) (1u << IMC_FACT_##f)

/* The program's own table: the library's is then not linked. */
const struct imc_pass imc_passes[] = {
	{"shape", "1-a", "", count, 0, F(FOLDED), 0},
	{"tidy", "1-a", "", count, F(FOLDED), 0, 0},
	{"turn", "1-a", "", count, F(FOLDED), F(NHWC), 0},
	{"look", "2-b", "", count, 0, 0, 0},
	{"range", "2-b", "", count, F(NHWC), F(RANGED), F(FOLDED)},
	{"break", "3-c", "", fail, 0, F(CANONICAL), 0},
};
const size_t imc_n_pass = sizeof imc_passes / sizeof *imc_passes;

struct seen {
	int n, ordinal[8];
};

static void after(void *ui, const struct imc_pass *p, int ordinal,
		  const struct imc_module *m)
{
	struct seen *s = ui;

	CHECK(!strcmp(m->pass[m->n_pass - 1].name, p->name), "recorded");
	s->ordinal[s->n++] = ordinal;
}

static void run_from(uint32_t facts, const char *stop, const char *want,
		     bool ok)
{
	struct imc_arena *a = imc_arena_new();
	struct imc_module m = {.arena = a, .facts = facts};
	struct seen s = {0};
	struct imc_pass_run how = {
		.stop_after = stop, .after = after, .ui = &s};
	char got[128] = "";

	CHECK(imc_passes_run(&m, &how) == ok, "result of '%s'", want);
	for (size_t i = 0; i < m.n_pass; i++) {
		strcat(strcat(got, i ? " " : ""), m.pass[i].name);
		CHECK(m.pass[i].n_changed == (int64_t)i + 10 &&
			      m.pass[i].ms >= 0,
		      "count and time of %s", m.pass[i].name);
		CHECK(imc_pass_by_name(m.pass[i].name) ==
			      &imc_passes[s.ordinal[i] - 1],
		      "ordinal of %s", m.pass[i].name);
	}
	CHECK(!strcmp(got, want), "'%s', not '%s'", got, want);
	if (ok && !strcmp(stop, "range"))
		CHECK(!imc_module_has(&m, IMC_FACT_FOLDED) &&
			      imc_module_has(&m, IMC_FACT_RANGED),
		      "facts after '%s'", want);
	imc_arena_free(a);
}

int main(void)
{
	run_from(0, "range", "shape tidy turn look range", true);
	run_from(0, "tidy", "shape tidy", true);
	run_from(F(FOLDED), "range", "tidy turn look range", true);
	run_from(F(FOLDED) | F(NHWC), "range", "look range", true);
	run_from(F(NHWC) | F(RANGED) | F(FOLDED), "turn", "", true);
	run_from(0, NULL, "shape tidy turn look range", false);
	CHECK(!imc_pass_by_name("none"), "no such pass");
	return check_result();
}
