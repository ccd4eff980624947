#include "passes/2-quant/round_walk.h"

#include <string.h>

#include "ir/eval.h"
#include "ir/op.h"
#include "ir/support/checked.h"
#include "ir/support/parallel.h"

#define MOST_MACS ((int64_t)1 << 36)
#define MOST_BYTES ((int64_t)1 << 30)

/* An activation of all samples in both networks. */
struct slot {
	struct imc_arena *arena; /* NULL: not there (any more) */
	float **data[2];	 /* [sample]; of whatever type */
	int32_t n_reader;	 /* nodes up to the last one that read it */
};

struct imc_round_walk {
	const struct imc_graph *g[2]; /* real, now */
	const struct imc_samples *s;
	size_t n;
	struct slot *slot; /* [value] */
	imc_node_id id;	   /* the node at hand */
};

static size_t last_at(const struct imc_graph *g, imc_node_id last)
{
	size_t i = 0;

	while (i + 1 < g->n_order && g->order[i].i != last.i)
		i++;
	return i;
}

/* Nodes that read each value. */
static void count_readers(const struct imc_graph *g, size_t last,
			  struct slot *slot)
{
	for (size_t i = 0; i <= last && i < g->n_order; i++) {
		const struct imc_node *n = imc_node_at(g, g->order[i]);

		for (int k = 0; k < n->n_in; k++)
			if (imc_val_ok(n->in[k]))
				slot[n->in[k].i].n_reader++;
	}
}

/* The most bytes of activations that are needed at once. */
static int64_t peak_bytes(const struct imc_graph *g)
{
	struct imc_arena *a = imc_arena_new();
	struct slot *slot = imc_arena_array(a, g->n_value, sizeof *slot);
	int64_t live = 0, peak = 1;

	count_readers(g, g->n_order, slot);
	for (size_t i = 0; i < g->n_input; i++)
		live += (int64_t)imc_tensor_bytes(
			&imc_value_at(g, g->input[i])->t);
	for (size_t i = 0; i < g->n_order; i++) {
		const struct imc_node *n = imc_node_at(g, g->order[i]);

		for (int k = 0; k < n->n_out; k++)
			if (imc_val_ok(n->out[k]))
				live += (int64_t)imc_tensor_bytes(
					&imc_node_out(g, n, k)->t);
		peak = imc_max_i64(peak, live);
		for (int k = 0; k < n->n_in; k++)
			if (imc_val_ok(n->in[k]) &&
			    !imc_node_in(g, n, k)->t.data &&
			    !--slot[n->in[k].i].n_reader)
				live -= (int64_t)imc_tensor_bytes(
					&imc_node_in(g, n, k)->t);
	}
	imc_arena_free(a);
	return peak;
}

/* Samples that are run: as many as 2^36 multiply-accumulates in all and 2^30
 * bytes of activations allow, and s has; at least one. */
static size_t n_run(const struct imc_graph *g, const struct imc_samples *s)
{
	int64_t macs = imc_max_i64(1, imc_graph_macs(g));
	int64_t n =
		imc_min_i64(MOST_MACS / macs, MOST_BYTES / (2 * peak_bytes(g)));

	return (size_t)imc_max_i64(1, imc_min_i64(n, s->n));
}

/* Room for v of all samples. */
static void open_slot(struct imc_round_walk *w, imc_val v)
{
	struct slot *s = &w->slot[v.i];
	const struct imc_value *value = imc_value_at(w->g[0], v);

	s->arena = imc_arena_new();
	for (int k = 0; k < 2; k++) {
		s->data[k] = imc_arena_array(s->arena, w->n, sizeof(float *));
		for (size_t i = 0; i < w->n; i++)
			s->data[k][i] = imc_arena_room(
				s->arena, 1, imc_tensor_bytes(&value->t));
	}
}

static void close_slot(struct slot *s)
{
	if (s->arena)
		imc_arena_free(s->arena);
	s->arena = NULL;
}

static void read_input(void *cx, size_t i, size_t thread)
{
	struct imc_round_walk *w = cx;
	const struct imc_graph *g = w->g[0];
	struct imc_arena *a = imc_arena_new();

	(void)thread;
	for (size_t k = 0; k < g->n_input; k++) {
		const struct slot *s = &w->slot[g->input[k].i];
		struct imc_tensor t;

		imc_real_to_device(g, g->input[k],
				   w->s->x[k] + (int64_t)i * w->s->size[k], &t,
				   a);
		for (int b = 0; b < 2; b++)
			memcpy(s->data[b][i], t.data, imc_tensor_bytes(&t));
	}
	imc_arena_free(a);
}

struct imc_round_walk *imc_round_walk_open(const struct imc_graph *real,
					   const struct imc_graph *now,
					   const struct imc_samples *s,
					   imc_node_id last,
					   struct imc_arena *a)
{
	struct imc_round_walk *w = imc_arena_alloc(a, sizeof *w);

	*w = (struct imc_round_walk){.g = {real, now}, .s = s};
	w->n = n_run(real, s);
	w->slot = imc_arena_array(a, real->n_value, sizeof *w->slot);
	count_readers(real, last_at(real, last), w->slot);
	for (size_t k = 0; k < real->n_input; k++)
		open_slot(w, real->input[k]);
	imc_parallel_for(w->n, read_input, w);
	return w;
}

void imc_round_walk_close(struct imc_round_walk *w)
{
	for (size_t v = 0; v < w->g[0]->n_value; v++)
		close_slot(&w->slot[v]);
}

size_t imc_round_walk_count(const struct imc_round_walk *w)
{
	return w->n;
}

float *const *imc_round_walk_real(const struct imc_round_walk *w, imc_val v)
{
	return w->slot[v.i].data[0];
}

float *const *imc_round_walk_now(const struct imc_round_walk *w, imc_val v)
{
	return w->slot[v.i].data[1];
}

/* Items: samples of the one network, then of the other. */
static void run_item(void *cx, size_t item, size_t thread)
{
	struct imc_round_walk *w = cx;
	size_t b = item / w->n, i = item % w->n;
	const struct imc_graph *g = w->g[b];
	const struct imc_node *n = imc_node_at(g, w->id);
	struct imc_arena *a = imc_arena_new();
	struct imc_tensor *in =
		imc_arena_array(a, (size_t)n->n_in + 1, sizeof *in);
	struct imc_tensor *out =
		imc_arena_array(a, (size_t)n->n_out + 1, sizeof *out);

	(void)thread;
	for (int k = 0; k < n->n_in; k++) {
		if (!imc_val_ok(n->in[k]))
			continue;
		in[k] = imc_value_at(g, n->in[k])->t;
		if (!in[k].data)
			in[k].data = w->slot[n->in[k].i].data[b][i];
	}
	imc_op_eval(g, n, in, out, a);
	for (int k = 0; k < n->n_out; k++)
		if (imc_val_ok(n->out[k]))
			memcpy(w->slot[n->out[k].i].data[b][i], out[k].data,
			       imc_tensor_bytes(&out[k]));
	imc_arena_free(a);
}

void imc_round_walk_run(struct imc_round_walk *w, imc_node_id id)
{
	const struct imc_node *n = imc_node_at(w->g[0], id);

	for (int k = 0; k < n->n_out; k++)
		if (imc_val_ok(n->out[k]))
			open_slot(w, n->out[k]);
	w->id = id;
	imc_parallel_for(2 * w->n, run_item, w);
	for (int k = 0; k < n->n_in; k++)
		if (imc_val_ok(n->in[k]) && !--w->slot[n->in[k].i].n_reader)
			close_slot(&w->slot[n->in[k].i]);
	for (int k = 0; k < n->n_out; k++)
		if (imc_val_ok(n->out[k]) && !w->slot[n->out[k].i].n_reader)
			close_slot(&w->slot[n->out[k].i]);
}
