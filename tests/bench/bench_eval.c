/* Speed of the evaluators, float and quantised, on networks of the zoo, beside
 * plain loops (plain_conv.h) in the same run, whose results must be the same
 * bits. Samples run side by side on IMC_THREADS threads.
 *
 * IMCC_ORT=FOLDER: also beside the onnxruntime-node installed in FOLDER, on one
 * thread; without it that peer is skipped. */
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

#define RUNS 20

struct net {
	enum imc_zoo_name name;
	int64_t n_mac;
	const char *path;
	struct imc_module *m;
	struct imc_samples samples;
	struct imc_diags d;
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

/* Writes the network and reads it as imcc would. */
static void open_net(struct net *n)
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
	n->m = imc_module_new(&n->d);
	n->m->model_path = n->path;
	n->m->opt.percentile = 100;
	n->m->opt.spill = true;
	n->m->g = imc_onnx_read(n->path, n->m->arena, &n->d, NULL);
	n->m->hw = imc_hw_load("sram-imc", n->m->arena, &n->d);
	if (!n->m->g || !n->m->hw)
		give_up(n);
}

static void run_passes(struct net *n, const char *stop_after)
{
	struct imc_pass_run how = {.calib = &n->samples,
				   .stop_after = stop_after};

	if (!imc_passes_run(n->m, &how))
		give_up(n);
}

/* ---- one level ---- */

struct work {
	const struct net *n;
	imc_eval_override *compute;
	struct imc_tensor first; /* output 0 of sample 0, in `a` */
	struct imc_arena *a;
};

static void run_sample(void *cx, size_t i, size_t thread)
{
	struct work *w = cx;
	const struct imc_graph *g = w->n->m->g;
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

static double time_level(const struct net *n, const char *level)
{
	struct work fast = {.n = n, .a = n->d.arena};
	struct work plain = {.n = n, .compute = plain_conv, .a = n->d.arena};
	double t = time_of(&fast, RUNS), slow = time_of(&plain, 1);

	if (memcmp(fast.first.data, plain.first.data,
		   imc_tensor_bytes(&fast.first))) {
		fprintf(stderr, "%s: plain loops give other results\n",
			n->path);
		exit(1);
	}
	printf("%-14s %-10s %8.2f ms %7.1f GMAC/s a thread, %6.1f x plain "
	       "loops\n",
	       imc_zoo_infos[n->name].name, level, t * 1e3,
	       (double)n->n_mac / t / 1e9, slow / t);
	fflush(stdout);
	return t;
}

/* Seconds of one inference by onnxruntime; 0: it is not there. */
static double time_ort(const struct net *n, const struct imc_tensor *in)
{
	const char *folder = getenv("IMCC_ORT");
	double t = 0;
	FILE *f;

	if (!folder)
		return 0;
	f = popen(imc_arena_printf(n->d.arena,
				   "node '%s/tests/bench/bench_ort.js' '%s' "
				   "%s 20 %" PRId64 " %" PRId64 " %" PRId64
				   " %" PRId64,
				   IMCC_SOURCE, folder, n->path, in->dim[0],
				   in->dim[1], in->dim[2], in->dim[3]),
		  "r");
	if (!f || fscanf(f, "%lf", &t) != 1)
		t = 0;
	if (f)
		pclose(f);
	return t;
}

static void bench(enum imc_zoo_name name)
{
	struct net n = {.name = name, .d = {.arena = imc_arena_new()}};
	double real, quantised, ort;

	open_net(&n);
	n.samples = imc_samples_make(n.m->g, 2, 3, n.d.arena);
	ort = time_ort(&n, &imc_value_at(n.m->g, n.m->g->input[0])->t);
	run_passes(&n, "to_nhwc");
	real = time_level(&n, "float");
	run_passes(&n, "fit_adc");
	quantised = time_level(&n, "quantised");
	if (ort > 0)
		printf("%-14s %-10s %8.2f ms, float %.2f and quantised %.2f of "
		       "its speed\n",
		       imc_zoo_infos[name].name, "onnxruntime", ort * 1e3,
		       ort / real, ort / quantised);
	remove(n.path);
	imc_module_free(n.m);
	imc_arena_free(n.d.arena);
}

int main(void)
{
	static const enum imc_zoo_name list[] = {
		IMC_ZOO_resnet8, IMC_ZOO_resnet18, IMC_ZOO_mobilenet_v2};

	imc_arena_keep_memory();
	printf("threads: %zu\n", imc_n_thread());
	if (!getenv("IMCC_ORT"))
		printf("onnxruntime: skipped, IMCC_ORT names no folder\n");
	for (size_t i = 0; i < sizeof list / sizeof *list; i++)
		bench(list[i]);
	return 0;
}
