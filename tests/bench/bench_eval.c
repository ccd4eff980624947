/* Speed of the evaluators on networks of the zoo: float, with exact sums
 * (sram-imc) and with ADCs behind split rows (garofalo-34), beside plain loops
 * (plain_conv.h) in the same run, whose results must be the same bits. Samples
 * run side by side on IMC_THREADS threads.
 *
 * bench_eval [NETWORK [LEVEL]]: only that.
 * IMCC_ORT=FOLDER: also beside the float network in the onnxruntime-node
 * installed in FOLDER, on as many threads; without it that peer is skipped. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "frontend/onnx/onnx.h"
#include "frontend/onnx/onnx_write.h"
#include "frontend/zoo/zoo.h"
#include "hwdesc/hw.h"
#include "ir/eval.h"
#include "ir/support/parallel.h"
#include "passes/pass.h"
#include "tests/bench/plain_conv.h"

#define RUNS 40

struct net {
	enum imc_zoo_name name;
	int64_t n_mac;
	const char *path;
	struct imc_samples samples;
	struct imc_diags d;
};

/* One way to compute it. */
struct level {
	const char *name, *target, *stop_after;
};

/* Processor time: other programs do not count. */
static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void give_up(const struct net *n)
{
	for (size_t i = 0; i < n->d.n; i++)
		fprintf(stderr, "%s\n", n->d.v[i].text);
	exit(1);
}

/* Writes the network. */
static void make_net(struct net *n)
{
	struct imc_arena *a = n->d.arena;
	struct imc_zoo_choice c = imc_zoo_default(n->name);
	struct imc_zoo_net *net = imc_zoo_build(n->name, &c, a);

	n->n_mac = net->n_mac;
	n->path = imc_arena_printf(a, "bench_%s.onnx",
				   imc_zoo_infos[n->name].name);
	imc_zoo_make_weights(net, 1, a);
	if (!imc_onnx_write(&net->model, n->path, &n->d))
		give_up(n);
}

/* Reads it as imcc would, and compiles it that far. */
static struct imc_module *open_module(struct net *n, const struct level *l)
{
	struct imc_module *m = imc_module_new(&n->d);
	struct imc_pass_run how = {.calib = &n->samples,
				   .stop_after = l->stop_after};

	m->model_path = n->path;
	m->opt.percentile = 100;
	m->opt.spill = true;
	m->g = imc_onnx_read(n->path, m->arena, &n->d, NULL);
	m->hw = imc_hw_load(l->target, m->arena, &n->d);
	if (!m->g || !m->hw)
		give_up(n);
	if (!n->samples.n)
		n->samples = imc_samples_make(m->g, 2, 3, n->d.arena);
	if (!imc_passes_run(m, &how))
		give_up(n);
	return m;
}

/* ---- one level ---- */

struct work {
	const struct net *n;
	const struct imc_graph *g;
	imc_eval_override *compute;
	struct imc_tensor first; /* output 0 of sample 0, in `a` */
	struct imc_arena *a;
};

static void run_sample(void *cx, size_t i, size_t thread)
{
	struct work *w = cx;
	const struct imc_graph *g = w->g;
	struct imc_eval_how how = {.compute = w->compute,
				   .cx = (void *)(uintptr_t)g};
	struct imc_arena *a = imc_arena_new();
	struct imc_tensor *out = imc_arena_array(a, g->n_output, sizeof *out);
	struct imc_tensor in = imc_value_at(g, g->input[0])->t;

	(void)thread;
	in.dtype = IMC_F32;
	in.data = w->n->samples.x[0];
	imc_eval_real(g, &in, out, &how, a);
	if (i == 0) {
		w->first = out[0];
		w->first.data = imc_arena_memdup(w->a, out[0].data,
						 imc_tensor_bytes(&out[0]));
	}
	imc_arena_free(a);
}

/* Least seconds of a processor for one sample. */
static double time_of(struct work *w, int runs)
{
	size_t n = imc_n_thread();
	double least = 1e9;

	for (int i = 0; i < runs; i++) {
		double from = now(), t;

		imc_parallel_for(n, run_sample, w);
		t = (now() - from) / (double)n;
		least = t < least ? t : least;
	}
	return least;
}

/* ort: seconds of onnxruntime, or 0. */
static void time_level(struct net *n, const struct level *l, double ort)
{
	struct imc_module *m = open_module(n, l);
	struct work fast = {.n = n, .g = m->g, .a = n->d.arena};
	struct work plain = fast;
	double t, slow;

	plain.compute = plain_conv;
	t = time_of(&fast, RUNS);
	slow = time_of(&plain, 1);
	if (memcmp(fast.first.data, plain.first.data,
		   imc_tensor_bytes(&fast.first))) {
		fprintf(stderr, "%s: plain loops give other results\n",
			n->path);
		exit(1);
	}
	printf("%-14s %-10s %8.2f ms %7.1f GMAC/s a thread, %6.1f x plain "
	       "loops",
	       imc_zoo_infos[n->name].name, l->name, t * 1e3,
	       (double)n->n_mac / t / 1e9, slow / t);
	if (ort > 0)
		printf(", %5.2f x onnxruntime", ort / t);
	printf("\n");
	fflush(stdout);
	imc_module_free(m);
}

/* Seconds of one inference by onnxruntime; 0: it is not there. */
static double time_ort(const struct net *n)
{
	const char *folder = getenv("IMCC_ORT");
	double t = 0;
	FILE *f;

	if (!folder)
		return 0;
	f = popen(imc_arena_printf(n->d.arena,
				   "node '%s/tests/bench/bench_ort.js' '%s' "
				   "%s 20 %zu",
				   IMCC_SOURCE, folder, n->path,
				   imc_n_thread()),
		  "r");
	if (!f || fscanf(f, "%lf", &t) != 1)
		t = 0;
	if (f)
		pclose(f);
	return t;
}

/* only: the level that is asked for, or NULL. */
static void bench(enum imc_zoo_name name, const char *only)
{
	static const struct level level[] = {
		{"float", "sram-imc", "to_nhwc"},
		{"exact sums", "sram-imc", "fit_adc"},
		{"ADCs", "garofalo-34", "fit_adc"},
	};
	struct net n = {.name = name, .d = {.arena = imc_arena_new()}};
	double ort;

	make_net(&n);
	ort = time_ort(&n);
	if (ort > 0)
		printf("%-14s %-10s %8.2f ms\n", imc_zoo_infos[name].name,
		       "onnxruntime", ort * 1e3);
	for (size_t i = 0; i < sizeof level / sizeof *level; i++)
		if (!only || !strcmp(only, level[i].name))
			time_level(&n, &level[i], ort);
	remove(n.path);
	imc_arena_free(n.d.arena);
}

int main(int argc, char **argv)
{
	static const enum imc_zoo_name list[] = {
		IMC_ZOO_resnet8, IMC_ZOO_resnet20, IMC_ZOO_resnet18,
		IMC_ZOO_mobilenet_v2};

	imc_arena_keep_memory();
	printf("threads: %zu\n", imc_n_thread());
	if (!getenv("IMCC_ORT"))
		printf("onnxruntime: skipped, IMCC_ORT names no folder\n");
	for (size_t i = 0; i < sizeof list / sizeof *list; i++)
		if (argc < 2 || !strcmp(argv[1], imc_zoo_infos[list[i]].name))
			bench(list[i], argc > 2 ? argv[2] : NULL);
	return 0;
}
