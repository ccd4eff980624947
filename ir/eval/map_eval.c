#include "ir/map.h"

#include "ir/op/q_conv.h"

/* The cells of tile t, as the array would multiply with them. */
static float *read_cells(const struct imc_images *img, const struct imc_tile *t,
			 struct imc_arena *scratch)
{
	float *cells = imc_arena_array(scratch, (size_t)t->w * (size_t)t->h,
				       sizeof *cells);
	float *to = cells;

	for (int32_t r = 0; r < t->h; r++) {
		const int8_t *from = img->cell[t->array] +
				     (size_t)(t->y + r) * (size_t)img->cols +
				     t->x;

		for (int32_t j = 0; j < t->w; j++)
			*to++ = from[j];
	}
	return cells;
}

static void run_tile(const struct imc_q_conv *q, const struct imc_images *img,
		     const struct imc_tile *t, int32_t *sum)
{
	struct imc_arena *scratch = imc_arena_new();
	struct imc_q_piece p = imc_q_conv_tile(q, t);

	imc_q_conv_run(q, &p, read_cells(img, t, scratch), sum, scratch);
	imc_arena_free(scratch);
}

bool imc_map_compute(void *map_eval, imc_node_id id,
		     const struct imc_tensor *in, struct imc_tensor *out,
		     struct imc_arena *scratch)
{
	const struct imc_map_eval *me = map_eval;
	const struct imc_node *n = imc_node_at(me->g, id);
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
	for (int32_t i = 0; i < as->n_tile; i++)
		run_tile(&q, me->img, &me->m->tile[as->first_tile + i], sum);
	imc_q_conv_finish(&q, sum, out[0].data);
	return true;
}
