/* Every rule of imc_plan_check: a plan that breaks it is refused, and why.
 * usage: check_test conv_add.imc */
#include <string.h>

#include "hwdesc/hw.h"
#include "ir/support/buf.h"
#include "ir/text.h"
#include "passes/pass.h"
#include "tests/check.h"
#include "tests/runtime/random.h"

/* The network as scheduled (tests/passes/schedule/conv_add.expect):
 * 0 load x 0 | 1 load x 1, 2 conv 0 | 3 load x 2, 4 conv 1, 5 add 0 | ...
 * | 9 conv 3, 10 add 2 | 11 add 3 | 12 store y. */
struct plan {
	struct imc_plan p;
	struct imc_tile *tile;
};

static void first_beside(struct plan *p)
{
	p->p.step[0].beside = true;
}

static void one_core(struct plan *p)
{
	p->p.step[11].beside = true;
}

static void reads_its_slot(struct plan *p)
{
	p->p.step[1].beside = true;
}

static void row_twice(struct plan *p)
{
	p->p.step[4].row = 0;
}

static void row_left_out(struct plan *p)
{
	p->p.step[4].row = 2;
}

static void row_too_many(struct plan *p)
{
	p->p.step[11].n_row = 2;
}

static void below_zero(struct plan *p)
{
	p->p.step[0].row = -1;
}

static void not_stored(struct plan *p)
{
	p->p.step[12].n_row = 3;
}

static void stored_early(struct plan *p)
{
	struct imc_step last = p->p.step[11];

	p->p.step[11] = p->p.step[12];
	p->p.step[12] = last;
}

static void half_a_patch(struct plan *p)
{
	p->tile->patch_h = 2;
}

static void needs_cores(struct plan *p)
{
	p->p.step[2].strip_rows = 1;
}

static void born_late(struct plan *p)
{
	p->p.buffer[1].first = 3;
}

static void dies_early(struct plan *p)
{
	p->p.buffer[1].last = 9;
}

/* y from step 5 on, and scratch in step 4, at the same place: one slot. */
static void share_in_slot(struct plan *p)
{
	p->p.buffer[2].first = 5;
	p->p.buffer[3] = (struct imc_buffer){.val = IMC_NO_VAL,
					     .node = IMC_NO_NODE,
					     .offset = p->p.buffer[2].offset,
					     .size_bytes = 1,
					     .first = 4,
					     .last = 4};
	p->p.n_buffer++;
	p->p.step[4].scratch = 3;
}

static void good(struct plan *p)
{
	share_in_slot(p);
	p->p.buffer[3].offset += p->p.buffer[2].size_bytes;
	p->p.l1_bytes += 1;
}

static const struct {
	void (*spoil)(struct plan *p);
	const char *says;
} rules[] = {
	{good, NULL},
	{first_beside, "step 0 is beside none"},
	{one_core, "step 11 needs what another step of its slot keeps busy"},
	{reads_its_slot, "step 2 reads row 0 of 'x', which is not in L1 since "
			 "a slot before"},
	{row_twice, "step 4 makes rows 0 to 1, channels 0 to 4, of 'c' twice, "
		    "or not in order"},
	{row_left_out, "step 4 reads row 2 of 'x', which is not in L1 since a "
		       "slot before"},
	{row_too_many, "step 11 reads row 4 of 'x', which is not in L1 since a "
		       "slot before"},
	{below_zero, "step 0 has negative rows"},
	{not_stored, "'y' is never stored"},
	{stored_early, "step 11 reads row 3 of 'y', which is not in L1 since a "
		       "slot before"},
	{half_a_patch, "step 2 runs rows 0 to 1 in patches of 2 rows"},
	{needs_cores, "step 2 has strips"},
	{born_late, "step 2 uses 'c', which has no buffer in L1 then"},
	{dies_early, "step 10 uses 'c', which lives 1 to 9"},
	{share_in_slot, "buffers 2 and 3 overlap in step 3"},
};

static struct imc_module *scheduled(const char *path, struct imc_diags *d)
{
	struct imc_buf text = {.arena = d->arena};
	struct imc_pass_cx cx = {.scratch = imc_arena_new()};
	struct imc_module *m;
	char block[4096];
	FILE *f = fopen(path, "rb");
	size_t n;

	while (f && (n = fread(block, 1, sizeof block, f)) > 0)
		imc_buf_bytes(&text, block, n);
	imc_buf_text(&text, "");
	if (f)
		fclose(f);
	m = imc_text_parse(path, text.p, text.n, NULL, 0, &imc_hw_text, d);
	CHECK(m && imc_pass_schedule(m, &cx), "%s", path);
	imc_arena_free(cx.scratch);
	return m;
}

static void check_rule(const struct imc_module *m, size_t i,
		       struct imc_arena *a)
{
	struct imc_map map = m->map;
	struct plan p = {.p = m->plan};
	const char *says;

	p.p.step = imc_arena_memdup(a, p.p.step, p.p.n_step * sizeof *p.p.step);
	p.p.buffer = imc_arena_array(a, p.p.n_buffer + 1, sizeof *p.p.buffer);
	memcpy(p.p.buffer, m->plan.buffer, p.p.n_buffer * sizeof *p.p.buffer);
	map.tile = imc_arena_memdup(a, map.tile, map.n_tile * sizeof *map.tile);
	p.tile = map.tile;
	rules[i].spoil(&p);
	says = imc_plan_check(m->g, &map, &p.p, a);
	CHECK(rules[i].says ? says && !strcmp(says, rules[i].says) : !says,
	      "rule %zu: %s", i, says ? says : "nothing");
}

int main(int argc, char **argv)
{
	struct imc_diags d = {.arena = imc_arena_new()};
	struct imc_module *m = argc > 1 ? scheduled(argv[1], &d) : NULL;

	EXPECT(m && m->plan.n_step == 13 && m->plan.n_buffer == 3);
	for (size_t i = 0; !n_fail && i < sizeof rules / sizeof *rules; i++)
		check_rule(m, i, d.arena);
	imc_module_free(m);
	imc_arena_free(d.arena);
	return check_result();
}
