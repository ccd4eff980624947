#include "ir/map.h"

#include <string.h>

#include "ir/eval/analog.h"
#include "ir/num.h"
#include "ir/op/q_conv.h"
#include "ir/support/checked.h"

/* The tiles of one rectangle of a weight matrix: t[part * n_copy + copy], each
 * part some of the slices. */
struct stack {
	const struct imc_q_conv *q;
	const struct imc_images *img;
	const struct imc_tile *t;
	int32_t n_part, n_copy;
};

static const struct imc_tile *tile_at(const struct stack *s, int32_t part,
				      int32_t copy)
{
	return &s->t[part * s->n_copy + copy];
}

/* The cells of t on word line r, as the array would multiply with them. */
static const int8_t *line_at(const struct stack *s, const struct imc_tile *t,
			     int32_t r)
{
	return s->img->cell[t->array] +
	       (size_t)(t->y + r) * (size_t)s->img->cols + t->x;
}

static bool same_cells(const struct stack *s, int32_t a, int32_t b)
{
	for (int32_t i = 0; i < s->n_part; i++) {
		const struct imc_tile *t = tile_at(s, i, a);
		const struct imc_tile *u = tile_at(s, i, b);

		for (int32_t r = 0; r < t->h; r++)
			if (memcmp(line_at(s, t, r), line_at(s, u, r),
				   (size_t)t->w))
				return false;
	}
	return true;
}

static const int8_t *read_cells(const struct stack *s, const struct imc_tile *t,
				struct imc_arena *scratch)
{
	int8_t *cells = imc_arena_room(scratch, (size_t)t->w, (size_t)t->h);

	for (int32_t r = 0; r < t->h; r++)
		memcpy(cells + (int64_t)r * t->w, line_at(s, t, r),
		       (size_t)t->w);
	return cells;
}

/* Adds the slices of t on word line r to whole weights. */
static void join_line(const struct stack *s, const struct imc_tile *t,
		      int32_t r, int32_t *whole)
{
	const struct imc_attrs *a = &s->q->n->a;
	const int8_t *from = line_at(s, t, r);

	for (int32_t p = 0; p < t->patch_h * t->patch_w; p++, whole += t->n_col)
		for (int32_t i = 0; i < t->n_slice; i++, from += t->n_col) {
			int32_t factor = imc_slice_factor(
				t->slice0 + i, (int)a->slices[0],
				(int)a->slice_bits[0]);

			for (int32_t j = 0; j < t->n_col; j++)
				whole[j] += factor * from[j];
		}
}

/* Cells that hold the weights of all slices; NULL: one is none, as happens in
 * arrays that were programmed wrongly. */
static const int8_t *join_slices(const struct stack *s, int32_t copy,
				 struct imc_arena *scratch)
{
	int32_t width = s->t->w / s->t->n_slice;
	int32_t *line = imc_arena_array(scratch, (size_t)width, sizeof *line);
	int8_t *cells =
		imc_arena_array(scratch, (size_t)width, (size_t)s->t->h);
	int8_t *to = cells;

	for (int32_t r = 0; r < s->t->h; r++) {
		memset(line, 0, (size_t)width * sizeof *line);
		for (int32_t i = 0; i < s->n_part; i++)
			join_line(s, tile_at(s, i, copy), r, line);
		for (int32_t j = 0; j < width; j++) {
			if (line[j] < INT8_MIN || line[j] > INT8_MAX)
				return NULL;
			*to++ = (int8_t)line[j];
		}
	}
	return cells;
}

static void run_part(const struct stack *s, const struct imc_tile *t,
		     const int64_t share[2], const int8_t *joined, int32_t *sum,
		     struct imc_arena *scratch)
{
	struct imc_q_piece p = imc_q_conv_tile(s->q, t);

	p.slices = joined ? 1 : p.slices;
	p.first = share[0];
	p.end = share[1];
	imc_q_conv_run(s->q, &p, joined ? joined : read_cells(s, t, scratch),
		       sum, scratch);
}

/* Without an ADC sums are linear in the cells, so that the slices of a weight
 * can be put together before anything is multiplied. */
static void run_copy(const struct stack *s, int32_t copy,
		     const int64_t share[2], int32_t *sum)
{
	struct imc_arena *scratch = imc_arena_new();
	const struct imc_attrs *a = &s->q->n->a;
	const int8_t *joined = NULL;

	if (!a->adc[0] && a->slices[0] > 1)
		joined = join_slices(s, copy, scratch);
	for (int32_t i = 0; i < (joined ? 1 : s->n_part); i++)
		run_part(s, tile_at(s, i, copy), share, joined, sum, scratch);
	imc_arena_free(scratch);
}

/* Neighbouring copies that hold the same run as one. */
static void run_stack(const struct stack *s, int32_t *sum)
{
	int64_t n_pixel = s->q->oh * s->q->ow;

	for (int32_t k = 0, end; k < s->n_copy; k = end) {
		int64_t share[2] = {imc_tile_share(n_pixel, k, s->n_copy)};

		end = k + 1;
		while (end < s->n_copy && same_cells(s, k, end))
			end++;
		share[1] = imc_tile_share(n_pixel, end, s->n_copy);
		if (share[0] < share[1])
			run_copy(s, k, share, sum);
	}
}

/* Every tile by itself: no two hold the same. */
static void run_analog(const struct stack *s, const struct imc_map_eval *me,
		       int32_t *sum)
{
	int64_t n_pixel = s->q->oh * s->q->ow;

	for (int32_t i = 0; i < s->n_part * s->n_copy; i++) {
		int32_t k = i % s->n_copy;
		struct imc_q_piece p = imc_q_conv_tile(s->q, &s->t[i]);

		p.first = imc_tile_share(n_pixel, k, s->n_copy);
		p.end = imc_tile_share(n_pixel, k + 1, s->n_copy);
		if (p.first < p.end)
			imc_analog_run(me, s->q, &p, &s->t[i], sum);
	}
}

bool imc_map_compute(void *map_eval, imc_node_id id,
		     const struct imc_tensor *in, struct imc_tensor *out,
		     struct imc_arena *scratch)
{
	const struct imc_map_eval *me = map_eval;
	const struct imc_node *n = imc_node_at(me->g, id);
	struct stack s = {.img = me->img};
	const struct imc_assign *as;
	struct imc_q_conv q;
	int32_t *sum;

	if (n->op != IMC_OP_Q_CONV2D || id.i >= me->m->n_assign)
		return false;
	as = &me->m->assign[id.i];
	if (as->engine != IMC_ENGINE_CROSSBAR)
		return false;
	imc_q_conv_open(&q, me->g, n, in);
	q.weight = NULL; /* what is not in the cells is not there */
	q.bias_row = NULL;
	sum = imc_arena_array(scratch, (size_t)(q.n_window * q.k), sizeof *sum);
	s.q = &q;
	s.n_copy = (int32_t)imc_max_i64(as->copies, 1);
	s.n_part = as->tile_slices
			   ? (int32_t)imc_ceil_div(as->slices, as->tile_slices)
			   : 1;
	for (int32_t i = 0; i < as->n_tile; i += s.n_part * s.n_copy) {
		s.t = &me->m->tile[as->first_tile + i];
		if (me->analog && n->a.adc[0])
			run_analog(&s, me, sum);
		else
			run_stack(&s, sum);
	}
	imc_q_conv_finish(&q, sum, out[0].data);
	return true;
}
