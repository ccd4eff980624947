/* What fewer bits in one layer alone do to the output, measured. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ir/num.h"
#include "ir/support/checked.h"
#include "ir/support/parallel.h"
#include "ir/support/splitmix.h"
#include "passes/2-quant/choose_bits.h"
#include "passes/2-quant/rerun.h"

/* Bits that are measured, fewest first. More make errors that are small beside
 * those of 8 bits everywhere; there the law of rounding holds, 4^-bits. */
#define FIRST_BITS 2
#define N_BITS 4
#define N_JOB (2 * N_BITS) /* weights, then activations */

/* Products that all of it may take. */
#define BUDGET ((int64_t)1 << 38)

/* Choices of bits for all layers by which the sum of errors is checked. */
#define N_CHECK 12

struct study {
	struct imc_module *m;
	struct imc_pass_cx *cx;
	size_t n_layer;
	imc_node_id *layer;	     /* those on the arrays, in run order */
	struct imc_assign *whole;    /* [node]: as many bits as there can be */
	struct imc_module *numbered; /* with numbers of activations */
	struct imc_module *base;     /* and quantised */
	struct imc_rerun rerun;
};

/* ---- as many bits as can be ---- */

/* Arrays hold whatever they can; how it is cut changes no result. */
static bool fits(const struct imc_module *m, const struct imc_node *n,
		 struct imc_assign *as)
{
	struct imc_matrix mx = imc_matrix_of(m->g, n);
	struct imc_cut cut;

	*as = imc_map_plain(m, IMC_ENGINE_CROSSBAR);
	as->weight_bits = 8;
	as->slices = imc_slices_of(m->hw, 8);
	as->tile_slices = m->hw->ima_slices == 1;
	as->block_rows = (int32_t)imc_min_i64(mx.rows, m->hw->ima_rows);
	return imc_cut_assigned(m->hw, &mx, as, &cut);
}

static void assign_whole(struct study *s)
{
	const struct imc_module *m = s->m;
	struct imc_arena *a = s->cx->scratch;

	s->whole = imc_arena_array(a, m->g->n_node, sizeof *s->whole);
	s->layer = imc_arena_array(a, m->g->n_order + 1, sizeof *s->layer);
	for (size_t i = 0; i < m->g->n_node; i++)
		s->whole[i] = imc_map_plain(m, IMC_ENGINE_CORES);
	for (size_t i = 0; i < m->g->n_order; i++) {
		imc_node_id id = m->g->order[i];
		const struct imc_node *n = imc_node_at(m->g, id);
		struct imc_assign as;

		if (!imc_map_is_matrix(m->g, n) || !fits(m, n, &as))
			continue;
		s->whole[id.i] = as;
		s->layer[s->n_layer++] = id;
	}
}

/* ---- how many samples ---- */

static int64_t macs_of(const struct imc_module *m, imc_node_id id)
{
	struct imc_matrix mx = imc_matrix_of(m->g, imc_node_at(m->g, id));

	return (int64_t)mx.rows * mx.cols * mx.groups * mx.n_window;
}

/* Products of one sample: behind every layer, every job; and the checks. */
static int64_t work_of(const struct study *s)
{
	int64_t behind = 0, sum = 0;

	for (size_t i = s->n_layer; i-- > 0;) {
		behind += macs_of(s->m, s->layer[i]);
		sum += N_JOB * behind;
	}
	return imc_max_i64(sum + (N_CHECK + 2) * behind, 1);
}

static size_t samples_of(const struct study *s)
{
	int64_t n = BUDGET / work_of(s);

	return (size_t)imc_clamp(n, 1, s->cx->calib->n);
}

/* ---- one layer ---- */

struct jobs {
	struct study *s;
	size_t layer;
	struct imc_module *form[N_JOB]; /* with that layer quantised so */
	double *error;			/* [job * n_sample + sample] */
};

static int bits_of(size_t job)
{
	return FIRST_BITS + (int)(job % N_BITS);
}

/* False: an input of the array has no more bits than that anyway. */
static bool is_fewer(const struct study *s, size_t job)
{
	return job < N_BITS || bits_of(job) < s->m->hw->ima_dac_bits;
}

static void make_form(void *cx, size_t job, size_t thread)
{
	struct jobs *j = cx;
	imc_node_id id = j->s->layer[j->layer];
	struct imc_module *f = imc_module_fork(j->s->numbered);
	struct imc_assign *as = &f->map.assign[id.i];

	(void)thread;
	if (job < N_BITS) {
		as->weight_bits = bits_of(job);
		as->slices = imc_slices_of(f->hw, bits_of(job));
	} else {
		imc_narrow_input(f, id, bits_of(job));
	}
	imc_quantise_conv(f, id);
	j->form[job] = f;
}

static void run_job(void *cx, size_t i, size_t thread)
{
	struct jobs *j = cx;
	size_t n = j->s->rerun.n_sample;

	(void)thread;
	if (is_fewer(j->s, i / n))
		j->error[i] =
			imc_rerun_error(&j->s->rerun, i % n, j->form[i / n]->g,
					j->s->layer[j->layer]);
}

/* All widths of one of the two: what was measured, relative. A bit less never
 * helps, and never does more than four bits by the law of rounding, 4^-bits;
 * beyond what is measured the law holds. */
static void fill(const struct study *s, const double *error, double e[9])
{
	size_t n = s->rerun.n_sample;
	double square = s->rerun.square > 0 ? s->rerun.square : 1;

	for (int b = 0; b < N_BITS; b++) {
		double sum = 0;

		for (size_t i = 0; i < n; i++)
			sum += error[(size_t)b * n + i];
		e[FIRST_BITS + b] = sum / square;
	}
	for (int b = FIRST_BITS; b < FIRST_BITS + N_BITS; b++)
		e[b] = fmax(e[b], 0);
	for (int b = FIRST_BITS + N_BITS - 2; b >= FIRST_BITS; b--)
		e[b] = fmax(e[b], e[b + 1]);
	for (int b = FIRST_BITS + 1; b < FIRST_BITS + N_BITS; b++)
		e[b] = fmax(e[b], e[b - 1] / 256);
	for (int b = FIRST_BITS + N_BITS; b < 8; b++)
		e[b] = e[b - 1] / 4;
	e[8] = 0;
}

static void measure_layer(struct study *s, size_t layer,
			  struct imc_layer_error *out)
{
	size_t n = s->rerun.n_sample;
	struct imc_arena *a = imc_arena_new();
	struct jobs j = {.s = s, .layer = layer};

	j.error = imc_arena_array(a, N_JOB * n, sizeof *j.error);
	imc_parallel_for(N_JOB, make_form, &j);
	imc_parallel_for(N_JOB * n, run_job, &j);
	for (size_t i = 0; i < N_JOB; i++)
		imc_module_free(j.form[i]);
	fill(s, j.error, out->weight);
	fill(s, j.error + N_BITS * n, out->act);
	imc_arena_free(a);
}

/* ---- the check ---- */

/* One below to one above `middle`, and what the hardware has. */
static int32_t bits_around(int middle, int64_t most, uint64_t *state)
{
	return (int32_t)imc_min_i64(
		middle - 1 + (int)(imc_splitmix_next(state) % 3), most);
}

/* Bits of all layers, and the sum of their errors. */
static double choose(const struct study *s, struct imc_assign *as,
		     uint64_t *state)
{
	int middle = 4 + (int)(imc_splitmix_next(state) % 3);
	double sum = 0;

	for (size_t i = 0; i < s->n_layer; i++) {
		struct imc_assign *x = &as[s->layer[i].i];
		const struct imc_layer_error *e =
			imc_layer_error_of(s->m, s->layer[i]);

		x->weight_bits = bits_around(middle, 8, state);
		x->slices = imc_slices_of(s->m->hw, x->weight_bits);
		x->act_bits =
			bits_around(middle, s->m->hw->ima_dac_bits, state);
		sum += imc_layer_error_at(e, x->weight_bits, x->act_bits);
	}
	return sum;
}

static double rank_of(const double *v, int n, int i)
{
	double rank = 0;

	for (int k = 0; k < n; k++)
		rank += v[k] < v[i] ? 1 : v[k] > v[i] ? 0 : 0.5;
	return rank;
}

double imc_rank_correlation(const double *x, const double *y, int n)
{
	double xx = 0, yy = 0, xy = 0, mean = n / 2.0;

	for (int i = 0; i < n; i++) {
		double dx = rank_of(x, n, i) - mean;
		double dy = rank_of(y, n, i) - mean;

		xx += dx * dx;
		yy += dy * dy;
		xy += dx * dy;
	}
	return xx > 0 && yy > 0 ? xy / sqrt(xx * yy) : 0;
}

static void say(const struct study *s, size_t done)
{
	if (s->cx->progress)
		s->cx->progress(s->cx->ui, "measure errors of bits",
				(int64_t)done, (int64_t)(s->n_layer + N_CHECK));
}

/* Do errors of layers add up? Random choices, predicted and measured. */
static bool check(struct study *s)
{
	struct imc_judge judge = {.samples = s->cx->calib,
				  .n = (int64_t)s->rerun.n_sample};
	struct imc_pass_cx cx = {.calib = s->cx->calib, .judge = &judge};
	struct imc_trials *t = imc_trials_open(s->m, &cx, s->cx->scratch);
	double sum[N_CHECK], measured[N_CHECK];
	uint64_t state = s->m->opt.seed;
	struct imc_assign *as =
		imc_arena_array(s->cx->scratch, s->m->g->n_node, sizeof *as);

	for (int i = 0; i < N_CHECK; i++) {
		struct imc_score score;

		for (size_t k = 0; k < s->m->g->n_node; k++)
			as[k] = s->whole[k];
		sum[i] = choose(s, as, &state);
		if (!imc_trials_run(t, as, &score))
			return false;
		measured[i] = score.error;
		say(s, s->n_layer + (size_t)i + 1);
	}
	s->m->error_rank = imc_rank_correlation(sum, measured, N_CHECK);
	return true;
}

/* ---- all of it ---- */

/* A path without its folders: a bundle does not tell where it was made. */
static const char *file_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

const char *imc_errors_source(const struct imc_module *m, size_t n_sample,
			      const struct imc_samples *of)
{
	return imc_arena_printf(m->arena, "measured on %zu sample%s of %s",
				n_sample, n_sample == 1 ? "" : "s",
				file_of(of->source));
}

static void open_study(struct study *s, size_t n)
{
	struct imc_pass_cx cx = {.scratch = s->cx->scratch};
	struct imc_module *m = imc_module_fork(s->m);
	struct imc_ends ends = imc_ends_of(s->m->g, s->cx->scratch);

	m->map.assign = imc_arena_memdup(m->arena, s->whole,
					 m->g->n_node * sizeof *s->whole);
	m->map.n_assign = m->g->n_node;
	imc_quantise_values(m, &cx);
	imc_set_code_types(m->g);
	s->numbered = m;
	s->base = imc_module_fork(m);
	imc_quantise_nodes(s->base, &cx);
	s->rerun = imc_rerun_open(s->base->g, s->m->g, &ends, s->cx->calib, n,
				  s->cx->scratch);
}

bool imc_errors_measure(struct imc_module *m, struct imc_pass_cx *cx)
{
	struct study s = {.m = m, .cx = cx};
	bool ok;

	assign_whole(&s);
	open_study(&s, samples_of(&s));
	m->n_error = s.n_layer;
	m->error = imc_arena_array(m->arena, s.n_layer + 1, sizeof *m->error);
	for (size_t i = 0; i < s.n_layer; i++) {
		m->error[i].node = s.layer[i];
		measure_layer(&s, i, &m->error[i]);
		say(&s, i + 1);
	}
	m->error_model = imc_errors_source(m, s.rerun.n_sample, cx->calib);
	ok = s.n_layer == 0 || check(&s);
	imc_module_free(s.base);
	imc_module_free(s.numbered);
	return ok;
}
