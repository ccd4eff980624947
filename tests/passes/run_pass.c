/* run_pass: golden tests of single passes.
 *
 *     run_pass [--bless] FOLDER PASS   every FOLDER/PASS/NAME.imc
 *     run_pass FOLDER                  every pass of passes.def has a case
 *
 * A case is a module in text form with all constants inline. It must print
 * and read back equal; then the one pass runs on it, and what it leaves
 * (messages, number of changes, the module) must be NAME.expect. Of the
 * machine only the keys that are not at their default are printed. --bless
 * writes NAME.expect anew. */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "hwdesc/hw.h"
#include "ir/support/buf.h"
#include "passes/pass.h"
#include "tests/check.h"

#define N_SAMPLE 8
#define SEED 1

/* One case while it is run. */
struct test {
	const struct imc_pass *pass;
	const char *name; /* "fold_bn/conv.imc", for messages */
	const char *path; /* without ".imc" */
	struct imc_arena *arena;
	struct imc_diags diags;
	struct imc_module *m;
};

/* The end of the line at p, behind its '\n'. */
static const char *after_line(const char *p)
{
	const char *end = strchr(p, '\n');

	return end ? end + 1 : p + strlen(p);
}

/* Both print the same keys in the same order: lines that differ are set. */
static void print_changed_keys(const struct imc_hw *hw, struct imc_buf *out)
{
	struct imc_arena *a = imc_arena_new();
	struct imc_buf is = {.arena = a}, by_default = {.arena = a};
	const char *p, *q;

	imc_hw_print(hw, &is);
	imc_hw_print(imc_hw_new(a), &by_default);
	for (p = is.p, q = by_default.p; *p; p = after_line(p)) {
		size_t n = (size_t)(after_line(p) - p);

		if (n != (size_t)(after_line(q) - q) || memcmp(p, q, n))
			imc_buf_bytes(out, p, n);
		q = after_line(q);
	}
	imc_arena_free(a);
}

static struct imc_buf print_module(const struct test *t,
				   const struct imc_module *m)
{
	const struct imc_text_hw hw = {print_changed_keys, imc_hw_text.set,
				       imc_hw_text.make};
	struct imc_buf text = {.arena = t->arena}, blob = {.arena = t->arena};

	imc_text_print(m, &hw, NULL, &text, &blob);
	return text;
}

static bool read_file(const char *path, struct imc_buf *out)
{
	FILE *f = fopen(path, "rb");
	char block[4096];
	size_t n;

	if (!f)
		return false;
	while ((n = fread(block, 1, sizeof block, f)) > 0)
		imc_buf_bytes(out, block, n);
	imc_buf_text(out, "");
	return !fclose(f);
}

static bool write_file(const char *path, const struct imc_buf *text)
{
	FILE *f = fopen(path, "wb");
	bool ok = f && fwrite(text->p, 1, text->n, f) == text->n;

	return f && !fclose(f) && ok;
}

static const char *first_message(const struct test *t)
{
	return t->diags.n ? t->diags.v[0].text : "";
}

static struct imc_module *parse(struct test *t, const struct imc_buf *text)
{
	return imc_text_parse(t->name, text->p, text->n, NULL, 0, &imc_hw_text,
			      &t->diags);
}

/* What is printed reads back equal, and prints the same again. */
static void check_reparse(struct test *t)
{
	struct imc_buf text = print_module(t, t->m), again;
	struct imc_module *m = parse(t, &text);

	CHECK(m, "%s: %s", t->name, first_message(t));
	if (!m)
		return;
	again = print_module(t, m);
	CHECK(m->facts == t->m->facts && imc_graph_equal(m->g, t->m->g) &&
		      imc_map_equal(&m->map, &t->m->map) &&
		      imc_plan_equal(&m->plan, &t->m->plan),
	      "%s: reads back as another module", t->name);
	CHECK(text.n == again.n && !memcmp(text.p, again.p, text.n),
	      "%s: prints otherwise after reading", t->name);
	imc_module_free(m);
}

/* Runs the pass as the manager would; what it says, and leaves. */
static struct imc_buf run(struct test *t)
{
	struct imc_buf out = {.arena = t->arena}, text = {0};
	struct imc_pass_cx cx = {.scratch = imc_arena_new()};
	struct imc_samples calib =
		imc_samples_make(t->m->g, N_SAMPLE, SEED, t->arena);
	bool ok;

	cx.calib = &calib;
	ok = t->pass->run(t->m, &cx);
	imc_arena_free(cx.scratch);
	for (size_t i = 0; i < t->diags.n; i++)
		imc_buf_printf(&out, "# %s\n", t->diags.v[i].text);
	imc_buf_printf(&out, "# %s: %lld changed\n", ok ? "done" : "refused",
		       (long long)cx.n_changed);
	if (!ok)
		return out;
	t->m->facts = (t->m->facts & ~t->pass->breaks) | t->pass->makes;
	CHECK(imc_module_verify(t->m), "%s: %s", t->name,
	      t->diags.n ? t->diags.v[t->diags.n - 1].text : "");
	text = print_module(t, t->m);
	imc_buf_bytes(&out, text.p, text.n);
	return out;
}

/* Shows the first line in which the texts differ. */
static void compare(const struct test *t, const char *is, const char *want)
{
	int line = 1;

	while (*is && after_line(is) - is == after_line(want) - want &&
	       !memcmp(is, want, (size_t)(after_line(is) - is))) {
		is = after_line(is);
		want = after_line(want);
		line++;
	}
	CHECK(!*is && !*want, "%s: line %d of .expect is\n%.*s\nand was\n%.*s",
	      t->name, line, (int)(after_line(is) - is), is,
	      (int)(after_line(want) - want), want);
}

static void run_module(struct test *t, bool bless)
{
	const char *path = imc_arena_printf(t->arena, "%s.expect", t->path);
	struct imc_buf is, want = {.arena = t->arena};
	int n_before = n_fail;

	CHECK((t->m->facts & t->pass->needs) == t->pass->needs,
	      "%s: facts are missing", t->name);
	CHECK(imc_module_verify(t->m), "%s: %s", t->name, first_message(t));
	check_reparse(t);
	if (n_fail > n_before)
		return;
	is = run(t);
	if (bless)
		CHECK(write_file(path, &is), "%s", path);
	CHECK(read_file(path, &want), "%s is missing", path);
	if (want.p)
		compare(t, is.p, want.p);
}

/* path: of the case, without ".imc". */
static void run_case(const struct imc_pass *pass, const char *path, bool bless)
{
	struct imc_arena *a = imc_arena_new();
	struct test t = {.pass = pass, .path = path, .arena = a};
	struct imc_buf text = {.arena = a};

	t.diags.arena = a;
	t.name = imc_arena_printf(a, "%s.imc", strrchr(path, '/') + 1);
	CHECK(read_file(imc_arena_printf(a, "%s.imc", path), &text), "%s",
	      path);
	t.m = text.p ? parse(&t, &text) : NULL;
	CHECK(t.m, "%s", first_message(&t));
	if (t.m) {
		run_module(&t, bless);
		imc_module_free(t.m);
	}
	imc_arena_free(a);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Runs the cases of a pass in the order of their names; how many. */
static size_t run_folder(const char *root, const struct imc_pass *pass,
			 bool run_them, bool bless)
{
	struct imc_arena *a = imc_arena_new();
	const char *folder = imc_arena_printf(a, "%s/%s", root, pass->name);
	DIR *dir = opendir(folder);
	char **name = NULL;
	size_t n = 0, cap = 0;

	for (struct dirent *e; dir && (e = readdir(dir));) {
		char *dot = strrchr(e->d_name, '.');

		if (dot && !strcmp(dot, ".imc"))
			*IMC_PUSH(a, name, n, cap) = imc_arena_printf(
				a, "%s/%.*s", folder, (int)(dot - e->d_name),
				e->d_name);
	}
	if (dir)
		closedir(dir);
	if (n)
		qsort(name, n, sizeof *name, by_name);
	for (size_t i = 0; run_them && i < n; i++)
		run_case(pass, name[i], bless);
	imc_arena_free(a);
	return n;
}

int main(int argc, char **argv)
{
	bool bless = argc > 1 && !strcmp(argv[1], "--bless");
	char **arg = argv + 1 + bless;
	const struct imc_pass *pass;

	if (argc - bless == 2) {
		for (size_t i = 0; i < imc_n_pass; i++)
			CHECK(run_folder(arg[0], &imc_passes[i], false, false),
			      "no case of %s", imc_passes[i].name);
		return check_result();
	}
	pass = argc - bless == 3 ? imc_pass_by_name(arg[1]) : NULL;
	if (!pass) {
		fprintf(stderr, "usage: run_pass [--bless] FOLDER [PASS]\n");
		return 2;
	}
	CHECK(run_folder(arg[0], pass, true, bless), "no case of %s", arg[1]);
	return check_result();
}
