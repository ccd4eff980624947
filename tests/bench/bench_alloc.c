/* Value, proven gap and time of bits and copies for networks shaped like
 * ResNets, beside GLPK given all options that are worth a look at once. The
 * costs are made up here, after LRMP: one bit a cell, nine rows at once. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "passes/solver/alloc_inner.h"
#include "passes/solver/milp.h"

#define SIDE 256
#define MIN_BITS 2
#define MAX_BITS 8
#define MAX_COPY 512
#define MAX_LAYER 128
#define GHZ 0.192
#define PEER_SECONDS 10

struct shape {
	int64_t pixels, rows, cols;
};

struct net {
	const char *name;
	int block[4];
	bool bottleneck;
	int64_t n_array;
	int32_t n;
	struct shape shape[MAX_LAYER];
};

static double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int64_t ceil_div(int64_t x, int64_t y)
{
	return (x + y - 1) / y;
}

static void add(struct net *net, int64_t side, int64_t kernel, int64_t in,
		int64_t out)
{
	net->shape[net->n++] =
		(struct shape){side * side, kernel * kernel * in, out};
}

static void make_net(struct net *net)
{
	int64_t in = 64, side = 56;

	add(net, 112, 7, 3, 64);
	for (int s = 0; s < 4; s++, side /= 2) {
		int64_t mid = 64 << s, out = net->bottleneck ? 4 * mid : mid;

		for (int b = 0; b < net->block[s]; b++) {
			int64_t before = s && !b ? 2 * side : side;

			if (s && !b)
				before = net->bottleneck ? 2 * side : side;
			if (net->bottleneck) {
				add(net, before, 1, in, mid);
				add(net, side, 3, mid, mid);
				add(net, side, 1, mid, out);
			} else {
				add(net, side, 3, in, mid);
				add(net, side, 3, mid, out);
			}
			if (!b && in != out)
				add(net, side, 1, in, out);
			in = out;
		}
		if (s == 3)
			add(net, 1, 1, in, 1000);
	}
}

/* A generator of our own (xorshift), 0 .. 1: the same numbers everywhere. */
static double draw(uint32_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return (double)*seed / 4294967296.0;
}

static struct imc_alloc_option option_of(const struct shape *s, int w, int a,
					 int64_t copies)
{
	int64_t down = ceil_div(s->rows, SIDE),
		across = ceil_div(s->cols, SIDE);
	int64_t rows = s->rows < SIDE ? s->rows : SIDE;
	double mvm = (double)(a * ceil_div(rows, 9) * 8);
	double digital = (double)(w + 2 * down);
	double io = (double)(a * ceil_div(s->rows + s->cols, 512));
	double vector_pj = (double)(down * across * w * a) * 0.9 + 20 * io;

	double ns = (double)ceil_div(s->pixels, copies) * (mvm + digital + io) /
		    GHZ;

	return (struct imc_alloc_option){
		.ns = ns,
		.stage_ns = ns,
		.pj = (double)s->pixels * vector_pj,
		.error = pow(4, -w) + pow(4, -a),
		.arrays = (int32_t)(w * down * across * copies)};
}

/* seed: errors as if measured, of every layer and precision another. NULL:
 * the same of all layers. */
static struct imc_alloc_layer layer_of(const struct shape *s, int64_t n_array,
				       uint32_t *seed, struct imc_arena *arena)
{
	struct imc_alloc_option *v = NULL;
	size_t n = 0, cap = 0;
	double weight = seed ? pow(10, 2 * draw(seed) - 1) : 1;

	for (int w = MIN_BITS; w <= MAX_BITS; w++)
		for (int a = MIN_BITS; a <= MAX_BITS; a++) {
			double rough = seed ? 0.7 + 0.6 * draw(seed) : 1;

			for (int64_t r = 1; r <= MAX_COPY; r++) {
				struct imc_alloc_option o =
					option_of(s, w, a, r);

				if (r > s->pixels || o.arrays > n_array)
					break;
				o.error *= weight * rough;
				*IMC_PUSH(arena, v, n, cap) = o;
			}
		}
	return (struct imc_alloc_layer){(int32_t)n, v};
}

static int64_t count_options(const struct imc_alloc_problem *p, bool pruned)
{
	struct imc_arena *a = imc_arena_new();
	struct imc_alloc_list *l = imc_arena_array(a, (size_t)p->n, sizeof *l);
	int64_t n = 0;

	if (pruned && !imc_alloc_items(p, p->goal, l, a))
		exit(1);
	for (int32_t i = 0; i < p->n; i++)
		n += pruned ? l[i].n : p->layer[i].n;
	imc_arena_free(a);
	return n;
}

static void run(const struct net *net, int bits,
		const struct imc_alloc_problem *p, const char *with)
{
	struct imc_arena *a = imc_arena_new();
	double from = now_s(), seconds;
	struct imc_alloc_answer s = imc_alloc(p, a);
	static const char *const goal[] = {"latency", "stage", "energy",
					   "arrays"};
	const char *fault;

	seconds = now_s() - from;
	fault = imc_alloc_check(p, &s, a);
	if (fault) {
		fprintf(stderr, "%s: %s\n", net->name, fault);
		exit(1);
	}
	printf("%-10s %d %-8s %-8s %13.6g %13.6g %8.4f %7.2f %-7s %7lld "
	       "%10lld\n",
	       net->name, bits, goal[p->goal], with, s.value, s.bound,
	       100 * imc_alloc_gap(&s), seconds, s.how,
	       (long long)count_options(p, true), (long long)s.work);
	fflush(stdout);
	imc_arena_free(a);
}

/* GLPK, given all options that no other is at least as good as. */
struct peer {
	struct imc_milp *lp;
	int n;
	int *col;
	double *factor;
};

static void put(struct peer *m, int col, double factor)
{
	m->col[++m->n] = col;
	m->factor[m->n] = factor;
}

static void end_row(struct peer *m, bool exactly, double most)
{
	imc_milp_add_row(m->lp, m->n, m->col, m->factor, exactly, most);
	m->n = 0;
}

static void make_peer(struct peer *m, const struct imc_alloc_problem *p,
		      const struct imc_alloc_list *l, double unit)
{
	bool stage = p->goal == IMC_ALLOC_STAGE;
	int first = 1, at;

	for (int32_t i = 0; i < p->n; i++)
		for (int32_t t = 0; t < l[i].n; t++)
			imc_milp_add_binary(m->lp,
					    stage ? 0 : l[i].item[t].c / unit);
	at = imc_milp_add_real(m->lp, 1, 0, stage ? INFINITY : 0);
	for (int32_t i = 0; i < p->n; i++) {
		for (int32_t t = 0; t < l[i].n; t++)
			put(m, first + t, 1);
		end_row(m, true, 1);
		for (int32_t t = 0; t < l[i].n && stage; t++)
			put(m, first + t, l[i].item[t].c / unit);
		if (stage) {
			put(m, at, -1);
			end_row(m, false, 0);
		}
		first += l[i].n;
	}
	for (int by_error = 0; by_error < 2; by_error++) {
		first = 0;
		for (int32_t i = 0; i < p->n; i++)
			for (int32_t t = 0; t < l[i].n; t++)
				put(m, ++first,
				    by_error ? l[i].item[t].e / p->max_error
					     : l[i].item[t].a /
						       (double)p->n_array);
		end_row(m, false, 1);
	}
}

static void run_peer(const struct net *net, int bits,
		     const struct imc_alloc_problem *p)
{
	struct imc_milp_limit limit = {INT64_MAX, PEER_SECONDS, true};
	size_t most = (size_t)count_options(p, true) + 3;
	struct imc_arena *a = imc_arena_new();
	struct imc_alloc_list *l = imc_arena_array(a, (size_t)p->n, sizeof *l);
	struct peer m = {.lp = imc_milp_new()};
	struct imc_milp_answer s;
	double from = now_s(), unit = 1e6;

	if (!m.lp)
		return;
	m.col = imc_arena_array(a, most, sizeof *m.col);
	m.factor = imc_arena_array(a, most, sizeof *m.factor);
	if (!imc_alloc_items(p, p->goal, l, a))
		exit(1);
	make_peer(&m, p, l, unit);
	s = imc_milp_solve(m.lp, limit);
	printf("%-10s %d %-8s %-8s ", net->name, bits, "", "glpk");
	if (s.result == IMC_MILP_BEST || s.result == IMC_MILP_FOUND)
		printf("%13.6g %13.6g %8.4f", s.value * unit, s.bound * unit,
		       100 * (s.value - s.bound) / s.value);
	else
		printf("%13s %13.6g %8s", "none", s.bound * unit, "");
	printf(" %7.2f\n", now_s() - from);
	fflush(stdout);
	imc_milp_free(m.lp);
	imc_arena_free(a);
}

/* Of all layers with so many bits each. */
static double error_of(const struct imc_alloc_problem *p, int bits)
{
	double sum = 0;

	for (int32_t i = 0; i < p->n; i++) {
		const struct imc_alloc_layer *l = &p->layer[i];
		int at = (bits - MIN_BITS) * (MAX_BITS - MIN_BITS + 2);
		double before = -1;

		/* Copies of one precision have the same error. */
		for (int32_t k = 0; k < l->n && at >= 0; k++) {
			if (l->option[k].error != before ||
			    l->option[k].arrays < l->option[k - 1].arrays)
				at--;
			before = l->option[k].error;
		}
		sum += before;
	}
	return sum;
}

static void run_bits(const struct net *net, int bits,
		     struct imc_alloc_problem *p, bool peer)
{
	static const enum imc_alloc_goal goal[] = {
		IMC_ALLOC_LATENCY, IMC_ALLOC_STAGE, IMC_ALLOC_ENERGY,
		IMC_ALLOC_ARRAYS};

	p->max_error = error_of(p, bits);
	for (int g = 0; g < 4; g++) {
		p->goal = goal[g];
		p->gap = g < 2 ? 0.005 : 0;
		run(net, bits, p, "0.5 %");
		p->gap = 0;
		run(net, bits, p, "best");
		p->no_milp = true;
		run(net, bits, p, "no glpk");
		p->no_milp = false;
		if (peer && g < 2)
			run_peer(net, bits, p);
	}
}

static void run_net(struct net *net, uint32_t *seed, bool peer)
{
	struct imc_arena *a = imc_arena_new();
	struct imc_alloc_layer *layer;
	struct imc_alloc_problem p = {.max_error = INFINITY,
				      .max_stage_ns = INFINITY,
				      .seconds = INFINITY};

	layer = imc_arena_array(a, (size_t)net->n, sizeof *layer);
	p.n = net->n;
	p.n_array = net->n_array;
	p.layer = layer;
	for (int32_t i = 0; i < p.n; i++)
		layer[i] = layer_of(&net->shape[i], p.n_array, seed, a);
	printf("%s%s: %d layers, %lld arrays, %lld options\n", net->name,
	       seed ? ", measured errors" : "", p.n, (long long)p.n_array,
	       (long long)count_options(&p, false));
	for (int bits = 7; bits >= 4; bits--)
		run_bits(net, bits, &p, peer);
	imc_arena_free(a);
}

/* bench_alloc [peer] [NAME]: GLPK alone, too; one network. */
int main(int argc, char **argv)
{
	static struct net net[] = {
		{"resnet18", {2, 2, 2, 2}, false, 1608, 0, {{0, 0, 0}}},
		{"resnet34", {3, 4, 6, 3}, false, 2968, 0, {{0, 0, 0}}},
		{"resnet50", {3, 4, 6, 3}, true, 3376, 0, {{0, 0, 0}}},
		{"resnet101", {3, 4, 23, 3}, true, 5688, 0, {{0, 0, 0}}}};
	bool peer = argc > 1 && !strcmp(argv[1], "peer");
	const char *only = argc > 1 + peer ? argv[1 + peer] : NULL;

	printf("%-10s %s %-8s %-8s %13s %13s %8s %7s %-7s %7s %10s\n", "net",
	       "b", "goal", "with", "value", "bound", "gap %", "seconds", "how",
	       "options", "work");
	for (size_t i = 0; i < sizeof net / sizeof *net; i++)
		if (!only || !strcmp(net[i].name, only)) {
			uint32_t seed = 2024;

			make_net(&net[i]);
			run_net(&net[i], NULL, peer);
			run_net(&net[i], &seed, peer);
		}
	return 0;
}
