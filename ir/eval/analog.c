#include "ir/eval/analog.h"

#include <math.h>
#include <string.h>

#include "ir/eval/gemm_float.h"
#include "ir/num.h"
#include "ir/num_adc.h"
#include "ir/op/q_strip.h"
#include "ir/support/checked.h"
#include "ir/support/parallel.h"
#include "ir/support/splitmix.h"

/* Largest |x - zero| of an input code. */
#define INPUT_MAX 255

/* Bits after the point that sums keep up to the ADC. */
#define FRAC 4

/* The weights of one tile. Word lines are cut into chunks of at most `depth`,
 * whose sums a float holds exactly if the weights are whole; of each chunk
 * there are panels as in imc_gemm_rows, `room` columns together. */
struct tile {
	int64_t n_line, room;
	float *w, *variance;	   /* NULL: no tile of the arrays; no noise */
	double *start, *start_var; /* of each column: what bias rows give */
	float *line; /* [all word lines][room], for ADCs in float32; or NULL */
	double gain;
};

struct imc_analog {
	const struct imc_noise_case *c;
	const struct imc_images *img;
	const struct imc_map *m;
	const struct imc_graph *g;
	int64_t depth;
	int frac;	   /* FRAC, or 0 where sums are too large */
	double out;	   /* deviation of read.out */
	bool has_random;   /* sums get noise */
	struct tile *tile; /* of each of m */
};

static bool is_analog(const struct imc_graph *g, const struct imc_map *m,
		      imc_node_id id)
{
	const struct imc_node *n = imc_node_at(g, id);

	return n->op == IMC_OP_Q_CONV2D && n->a.adc[0] && id.i < m->n_assign &&
	       m->assign[id.i].engine == IMC_ENGINE_CROSSBAR;
}

bool imc_analog_has_work(const struct imc_graph *g, const struct imc_map *m)
{
	for (size_t i = 0; i < m->n_tile; i++)
		if (is_analog(g, m, m->tile[i].node))
			return true;
	return false;
}

/* ---- programming ---- */

/* v[n_line][w] as the panels of all chunks. */
static void pack(const struct imc_analog *an, const struct tile *t, int32_t w,
		 const float *v, float *out)
{
	for (int64_t lo = 0; lo < t->n_line; lo += an->depth) {
		int64_t k = imc_min_i64(an->depth, t->n_line - lo);

		for (int64_t r = 0; r < k; r++)
			for (int64_t j = 0; j < w; j++)
				out[lo * t->room +
				    j / IMC_PANEL * k * IMC_PANEL +
				    r * IMC_PANEL + j % IMC_PANEL] = *v++;
	}
}

/* What rows driven by constants add: w and variance begin with them. */
static void add_bias(const struct imc_node *n, const struct imc_tile *at,
		     const float *w, const float *variance, struct tile *t)
{
	for (int64_t i = 0; i < (int64_t)at->n_bias * at->w; i++) {
		double x = (double)n->a.drive.v[i / at->w];

		t->start[i % at->w] += x * w[i];
		if (variance)
			t->start_var[i % at->w] += x * x * variance[i];
	}
}

static void program_tile(void *cx, size_t i, size_t thread)
{
	struct imc_analog *an = cx;
	const struct imc_tile *at = &an->m->tile[i];
	struct tile *t = &an->tile[i];
	struct imc_noise_block b = {.array = at->array,
				    .x = at->x,
				    .y = at->y,
				    .n_row = at->h,
				    .n_col = at->w};
	size_t n = (size_t)at->h * (size_t)at->w;
	int64_t bias = t->n_line * at->w;
	struct imc_arena *a;

	(void)thread;
	if (!t->w)
		return;
	a = imc_arena_new();
	b.w = imc_arena_room(a, n, sizeof *b.w);
	if (t->variance)
		b.variance = imc_arena_room(a, n, sizeof *b.variance);
	t->gain = imc_noise_cells(an->c, an->img, &b);
	for (int64_t r = 0; t->line && r < at->h; r++)
		memcpy(t->line + r * t->room, b.w + r * at->w,
		       (size_t)at->w * sizeof *b.w);
	pack(an, t, at->w, b.w, t->w);
	if (t->variance)
		pack(an, t, at->w, b.variance, t->variance);
	add_bias(imc_node_at(an->g, at->node), at, b.w + bias,
		 t->variance ? b.variance + bias : NULL, t);
	imc_arena_free(a);
}

/* Room for the weights of tile i, columns up to whole panels 0. */
static void open_tile(struct imc_analog *an, size_t i, struct imc_arena *a)
{
	const struct imc_tile *at = &an->m->tile[i];
	struct tile *t = &an->tile[i];
	size_t n;

	if (at->array < 0 || !is_analog(an->g, an->m, at->node))
		return;
	t->n_line = at->h - at->n_bias;
	t->room = imc_ceil_div(at->w, IMC_PANEL) * IMC_PANEL;
	n = (size_t)(t->n_line * t->room);
	t->w = imc_arena_array(a, n, sizeof *t->w);
	if (imc_node_at(an->g, at->node)->a.adc_float[0])
		t->line = imc_arena_array(a, (size_t)at->h * (size_t)t->room,
					  sizeof *t->line);
	if (an->c->noise->read_mvm > 0)
		t->variance = imc_arena_array(a, n, sizeof *t->variance);
	t->start = imc_arena_array(a, (size_t)t->room, sizeof *t->start);
	t->start_var =
		imc_arena_array(a, (size_t)t->room, sizeof *t->start_var);
}

struct imc_analog *imc_analog_program(const struct imc_graph *g,
				      const struct imc_map *m,
				      const struct imc_images *img,
				      const struct imc_noise_case *c,
				      struct imc_arena *a)
{
	struct imc_analog *an = imc_arena_alloc(a, sizeof *an);
	int64_t product = (int64_t)INPUT_MAX * c->cell_max;

	*an = (struct imc_analog){.c = c, .img = img, .m = m, .g = g};
	an->depth = imc_max_i64((1 << 24) / product, 1);
	an->frac = m->array_rows * product < 1 << 26 ? FRAC : 0;
	an->out = c->noise->read_out * c->cell_max * c->input_max;
	an->has_random = an->out > 0 || c->noise->read_mvm > 0;
	an->tile = imc_arena_array(a, m->n_tile, sizeof *an->tile);
	for (size_t i = 0; i < m->n_tile; i++)
		open_tile(an, i, a);
	imc_parallel_for(m->n_tile, program_tile, an);
	return an;
}

/* ---- products ---- */

/* Everything about the jobs of a tile. */
struct run {
	const struct imc_analog *an;
	const struct tile *t;
	const struct imc_tile *at;
	struct imc_q_conv q; /* its ADC reads `frac` bits more */
	const struct imc_q_piece *p;
	struct imc_q_strip strip;
	float *x, *square;	   /* the picture of the strip; its squares */
	const float **row, **row2; /* where counting jobs begin there */
	int64_t *job;		   /* their numbers in the strip */
	int64_t n_job;
	float *c;		    /* products of one chunk: [job][room] */
	double *sum, *variance;	    /* of all: the same */
	struct imc_adc_lines lines; /* w: NULL if the ADC is no float32 one */
	float *line_sum;	    /* of one job */
	int32_t *acc;		    /* of one job, as the ADC gets it */
	uint64_t key;
	struct imc_arena *a;
};

static uint64_t product_key(const struct imc_analog *an, int64_t sample,
			    size_t tile)
{
	uint64_t s = an->c->seed ^ UINT64_C(0x70726f6475637400);

	s = imc_splitmix_next(&s) ^ (uint64_t)an->c->run;
	s = imc_splitmix_next(&s) ^ (uint64_t)sample;
	s = imc_splitmix_next(&s) ^ (uint64_t)tile;
	return imc_splitmix_next(&s);
}

/* Sums reach the ADC in steps of 2^-frac. */
static void refine_adc(struct run *r)
{
	int32_t *shift = imc_arena_array(r->a, (size_t)r->q.k, sizeof *shift);

	for (int64_t k = 0; k < r->q.k; k++)
		shift[k] = r->q.adc_shift[k] + r->an->frac;
	r->q.adc_shift = shift;
}

static bool can_refine(const struct imc_q_conv *q, int frac)
{
	for (int64_t k = 0; k < q->k; k++)
		if (q->adc_shift[k] + frac > IMC_SHIFT_MAX)
			return false;
	return true;
}

/* Elements of the picture when it holds `jobs` jobs. */
static int64_t picture(const struct imc_q_strip *s, int64_t jobs)
{
	int64_t step = s->q->n->a.stride[0] * s->p.patch_h;
	int64_t lines = (jobs / s->jobs.across - 1) * step + s->patch_height;

	return lines * s->width * s->p.b.n_c;
}

static void open_run(struct run *r)
{
	size_t room = (size_t)r->t->room, jobs, pixels;

	r->strip = imc_q_strip_open(&r->q, r->p, 4 * r->t->room,
				    r->a); /* sums are wider */
	jobs = (size_t)imc_q_strip_room(&r->strip);
	pixels = (size_t)picture(&r->strip, (int64_t)jobs);
	r->x = imc_arena_room(r->a, pixels, sizeof *r->x);
	r->row = imc_arena_room(r->a, jobs, sizeof *r->row);
	if (r->t->variance) {
		r->square = imc_arena_room(r->a, pixels, sizeof *r->square);
		r->row2 = imc_arena_room(r->a, jobs, sizeof *r->row2);
	}
	r->job = imc_arena_room(r->a, jobs, sizeof *r->job);
	r->c = imc_arena_room(r->a, jobs * room, sizeof *r->c);
	r->sum = imc_arena_room(r->a, jobs * room, sizeof *r->sum);
	r->variance = imc_arena_room(r->a, jobs * room, sizeof *r->variance);
	r->acc = imc_arena_room(r->a, room, sizeof *r->acc);
	if (!r->t->line)
		return;
	r->lines = imc_q_conv_float_lines(&r->strip, r->a);
	r->lines.n_col = r->lines.room = r->t->room;
	r->lines.w = r->t->line;
	r->line_sum = imc_arena_room(r->a, room, sizeof *r->line_sum);
}

/* The strip at hand as floats, and where its counting jobs begin. */
static void load(struct run *r)
{
	const struct imc_q_strip *s = &r->strip;
	int64_t n = picture(s, s->n);

	for (int64_t i = 0; i < n; i++)
		r->x[i] = s->x[i];
	for (int64_t i = 0; i < n && r->square; i++)
		r->square[i] = r->x[i] * r->x[i];
	r->n_job = 0;
	for (int64_t i = 0; i < s->n; i++) {
		struct imc_q_spot at =
			imc_q_conv_spot(&r->q, r->p, s->first + i);

		if (!imc_q_conv_counts(&r->q, r->p, &at))
			continue;
		r->job[r->n_job] = i;
		r->row[r->n_job] = r->x + (s->row[i] - s->x);
		if (r->square)
			r->row2[r->n_job] = r->square + (s->row[i] - s->x);
		r->n_job++;
	}
}

/* out[job][room] = start + rows times panels. */
static void multiply(struct run *r, const float *const *row,
		     const float *panels, const double *start, double *out)
{
	int64_t room = r->t->room;
	size_t n = (size_t)(r->n_job * room);

	for (int64_t i = 0; i < r->n_job; i++)
		memcpy(out + i * room, start, (size_t)room * sizeof *out);
	for (int64_t lo = 0; lo < r->t->n_line; lo += r->an->depth) {
		int64_t k = imc_min_i64(r->an->depth, r->t->n_line - lo);
		struct imc_gemm_rows p = {.m = r->n_job,
					  .n = room,
					  .k = k,
					  .a = row,
					  .panels = panels + lo * room,
					  .c = r->c,
					  .ldc = room};

		p.run = imc_q_strip_runs(&r->strip, lo, lo + k, &p.n_run, r->a);
		memset(r->c, 0, n * sizeof *r->c);
		imc_gemm_float(&p);
		for (size_t i = 0; i < n; i++)
			out[i] += (double)r->c[i];
	}
}

/* The same word line after word line; sums count integer products then, too. */
static void multiply_lines(struct run *r)
{
	double unit = IMC_ADC_FULL * (double)r->lines.cell_max;

	for (int64_t i = 0; i < r->n_job; i++) {
		double *out = r->sum + i * r->t->room;

		imc_adc_lines_sum(&r->lines, r->strip.row[r->job[i]],
				  r->line_sum);
		for (int64_t j = 0; j < r->at->w; j++)
			out[j] = (double)r->line_sum[j] * unit;
	}
}

static int32_t float_code(const struct run *r, double sum)
{
	double unit = IMC_ADC_FULL * (double)r->lines.cell_max;

	return imc_adc_float_code((float)(sum / unit), r->lines.low,
				  r->lines.high);
}

/* To steps of the ADC's input; beyond int32 it is at its end long since. */
static int32_t to_steps(double v, int frac)
{
	v *= 1 << frac;
	return (int32_t)lrint(fmin(fmax(v, -INT32_MAX), INT32_MAX));
}

/* Job i of those that count goes through the ADC. */
static void read_job(struct run *r, int64_t i, int32_t *sum)
{
	const struct imc_analog *an = r->an;
	int64_t number = r->strip.first + r->job[i];
	struct imc_q_spot at = imc_q_conv_spot(&r->q, r->p, number);
	const double *v = r->sum + i * r->t->room;
	const double *var = r->variance + i * r->t->room;
	uint64_t state = r->key ^ (uint64_t)number;

	state = imc_splitmix_next(&state);
	for (int32_t j = 0; j < r->at->w; j++) {
		double x = v[j];

		if (an->has_random)
			x += sqrt(an->out * an->out +
				  (r->square ? var[j] : 0)) *
			     imc_splitmix_normal(&state);
		x *= r->t->gain;
		r->acc[j] =
			r->lines.w ? float_code(r, x) : to_steps(x, an->frac);
	}
	imc_q_conv_add_job(&r->q, r->p, &at, r->acc, sum);
}

void imc_analog_run(const struct imc_map_eval *me, const struct imc_q_conv *q,
		    const struct imc_q_piece *p, const struct imc_tile *t,
		    int32_t *sum)
{
	struct imc_analog coarse = *me->analog;
	size_t tile = (size_t)(t - me->m->tile);
	struct run r = {.an = &coarse,
			.t = &me->analog->tile[tile],
			.at = t,
			.q = *q,
			.p = p,
			.a = imc_arena_new()};

	if (!can_refine(q, coarse.frac))
		coarse.frac = 0;
	refine_adc(&r);
	open_run(&r);
	r.key = product_key(&coarse, me->sample, tile);
	for (int64_t job = 0; job < r.strip.jobs.n; job += r.strip.n) {
		imc_q_strip_load(&r.strip, job);
		load(&r);
		if (r.lines.w)
			multiply_lines(&r);
		else
			multiply(&r, r.row, r.t->w, r.t->start, r.sum);
		if (r.square)
			multiply(&r, r.row2, r.t->variance, r.t->start_var,
				 r.variance);
		for (int64_t i = 0; i < r.n_job; i++)
			read_job(&r, i, sum);
	}
	imc_arena_free(r.a);
}
