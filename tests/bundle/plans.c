/* Bundles of random networks with random plans, all to be linked into one
 * program.
 *
 *     plans FOLDER FIRST N   writes the bundles FOLDER/netK for N seeds K from
 *                            FIRST on, FOLDER/netK.bin (inputs, and outputs
 *                            that the plan's evaluator gives), and
 *                            FOLDER/table.c, a row of plans_main.h each */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/bundle/bundle.h"
#include "hwdesc/hw.h"
#include "ir/eval.h"
#include "passes/pass.h"
#include "tests/check.h"
#include "tests/plan/nets.h"
#include "tests/plan/random_plan.h"

struct world {
	struct imc_diags d;
	struct imc_module *m;
	struct random r;
	const char *folder, *name; /* net12 */
};

static const char *path_of(const struct world *w, const char *tail)
{
	return imc_arena_printf(w->d.arena, "%s/%s%s", w->folder, w->name,
				tail);
}

static void put(FILE *f, const struct imc_tensor *t)
{
	size_t n = imc_tensor_bytes(t);

	EXPECT(fwrite(t->data, 1, n, f) == n);
}

/* Inputs, and what the plan makes of them. */
static void write_sample(struct world *w)
{
	const struct imc_graph *g = w->m->g;
	struct imc_images img = imc_map_images(g, &w->m->map, w->d.arena);
	struct imc_map_eval me = {.g = g, .m = &w->m->map, .img = &img};
	struct imc_tensor *in = net_input(w->m, &w->r, w->d.arena);
	struct imc_tensor *out =
		imc_arena_array(w->d.arena, g->n_output, sizeof *out);
	FILE *f = fopen(path_of(w, ".bin"), "wb");

	imc_eval_plan(&me, &w->m->plan, in, out, w->d.arena);
	EXPECT(f != NULL);
	for (size_t k = 0; f && k < g->n_input; k++)
		put(f, &in[k]);
	for (size_t k = 0; f && k < g->n_output; k++)
		put(f, &out[k]);
	EXPECT(f && fclose(f) == 0);
}

static void put_sizes(FILE *table, const struct imc_graph *g, const imc_val *v,
		      size_t n)
{
	fputs(", {", table);
	for (size_t k = 0; k < n; k++)
		fprintf(table, "%zu, ",
			imc_tensor_bytes(&imc_value_at(g, v[k])->t));
	fputs("0}", table);
}

static void write_row(const struct world *w, FILE *rows)
{
	const struct imc_graph *g = w->m->g;

	fprintf(rows, "\t{\"%s\", run_%s, NET%s_NUM_TRACED", w->name, w->name,
		w->name + 3);
	put_sizes(rows, g, g->input, g->n_input);
	put_sizes(rows, g, g->output, g->n_output);
	fputs("},\n", rows);
}

/* Gives half of the convolutions of the cores to the digital array. */
static void use_array(struct world *w)
{
	struct imc_map *map = &w->m->map;

	for (size_t i = 0; i < map->n_assign; i++)
		if (!w->m->g->node[i].dead &&
		    w->m->g->node[i].op == IMC_OP_Q_CONV2D &&
		    map->assign[i].engine == IMC_ENGINE_CORES &&
		    pick(&w->r, 0, 1))
			map->assign[i].engine = IMC_ENGINE_PE;
}

/* Moves buffers apart, so that numbers in them lie as machines read them. */
static void align_plan(struct imc_plan *p)
{
	for (size_t i = 0; i < p->n_buffer; i++)
		p->buffer[i].offset *= 4;
	p->l1_bytes *= 4;
	p->l2_bytes *= 4;
}

/* The planner's own plan, for as little memory as it takes: what does not fit
 * is used in far places. Counts plans that do so. */
static void plan_tight(struct world *w, int *n_place)
{
	struct imc_pass_cx cx = {.scratch = imc_arena_new()};
	struct imc_plan *p = &w->m->plan;
	int64_t bytes = 0;

	w->m->hw->l1_bytes = 256;
	while (!imc_pass_schedule(w->m, &cx))
		w->m->hw->l1_bytes += w->m->hw->l1_bytes / 4;
	w->d.n = 0;
	for (size_t i = 0; i < p->n_step; i++)
		bytes += imc_plan_far_bytes(w->m->g, &w->m->map, p, i);
	*n_place += bytes > 0;
	imc_arena_free(cx.scratch);
}

static void write_net(struct world *w, uint64_t seed, struct random_count *n,
		      int *n_place)
{
	const char *why;

	w->r = (struct random){seed};
	w->d = (struct imc_diags){.arena = imc_arena_new()};
	w->name = imc_arena_printf(w->d.arena, "net%llu",
				   (unsigned long long)seed);
	w->m = net_make(&w->r, &w->d);
	w->m->model_name = w->name;
	if (seed % 3 == 0) {
		plan_tight(w, n_place);
	} else {
		use_array(w);
		w->m->plan = random_plan(w->m, &w->r, n, w->m->arena);
		align_plan(&w->m->plan);
	}
	why = imc_plan_check(w->m->g, &w->m->map, &w->m->plan, w->d.arena);
	CHECK(!why, "%s: %s", w->name, why);
	EXPECT(imc_bundle_write(w->m, path_of(w, ""), IMC_PORT_HOST));
	for (size_t i = 0; i < w->d.n; i++)
		fprintf(stderr, "%s: %s\n", w->name, w->d.v[i].text);
	write_sample(w);
}

static FILE *open_part(const char *folder, const char *name)
{
	struct imc_arena *a = imc_arena_new();
	FILE *f = fopen(imc_arena_printf(a, "%s/%s", folder, name), "w");

	imc_arena_free(a);
	if (!f)
		exit(2);
	return f;
}

int main(int argc, char **argv)
{
	struct world w = {.folder = argc == 4 ? argv[1] : ""};
	struct random_count n = {0};
	int n_place = 0;
	FILE *head, *rows;

	if (argc != 4) {
		fprintf(stderr, "usage: plans FOLDER FIRST N\n");
		return 2;
	}
	head = open_part(w.folder, "table.c");
	rows = open_part(w.folder, "rows.h");
	fputs("#include \"plans_main.h\"\n\n", head);
	for (int k = 0; k < atoi(argv[3]); k++) {
		write_net(&w, (uint64_t)(atoi(argv[2]) + k), &n, &n_place);
		fprintf(head, "#include \"%s_golden.h\"\nNET(%s, NET%s)\n",
			w.name, w.name, w.name + 3);
		write_row(&w, rows);
		imc_module_free(w.m);
		imc_arena_free(w.d.arena);
	}
	fputs("\nconst struct plan_net plan_nets[] = {\n#include \"rows.h\"\n"
	      "\t{0, 0, 0, {0}, {0}},\n};\n",
	      head);
	EXPECT(fclose(head) == 0 && fclose(rows) == 0);
	printf("%d rings, %d far, %d blocks, %d fetches, %d pools, %d beside, "
	       "%d in place\n",
	       n.n_ring, n.n_far, n.n_block, n.n_fetch, n.n_pool, n.n_beside,
	       n_place);
	EXPECT(n.n_ring && n.n_far && n.n_block && n.n_fetch && n.n_beside);
	EXPECT(n_place);
	return check_result();
}
