/* rig.h: a graph of one node whose inputs are constants, typed and run. */
#ifndef IMC_TEST_RIG_H
#define IMC_TEST_RIG_H

#include <string.h>

#include "ir/op.h"
#include "tests/check.h"

struct rig {
	struct imc_arena *arena;
	struct imc_diags diags;
	struct imc_graph *g;
	imc_node_id id;
};

/* A check that its own text explains. */
#define OK(condition) CHECK(condition, "wrong")

static uint64_t rig_seed = 1;

/* An integer in lo .. hi, the same sequence in every run. */
static inline int64_t rig_random(int64_t lo, int64_t hi)
{
	rig_seed = rig_seed * 6364136223846793005u + 1442695040888963407u;
	return lo + (int64_t)((rig_seed >> 33) % (uint64_t)(hi - lo + 1));
}

static inline struct rig rig_new(enum imc_op op, int n_in,
				 enum imc_layout layout)
{
	struct rig r = {.arena = imc_arena_new()};
	imc_val y;

	r.diags.arena = r.arena;
	r.g = imc_graph_new(r.arena, "rig");
	r.g->layout = layout;
	r.id = imc_graph_add_node(r.g, op, n_in, 1, NULL);
	y = imc_graph_add_value(r.g, "y");
	imc_node_set_out(r.g, r.id, 0, y);
	return r;
}

static inline struct imc_node *rig_node(const struct rig *r)
{
	return imc_node_at(r->g, r->id);
}

/* Input k: elements data, or small random integers when data is NULL. */
static inline struct imc_tensor *
rig_input(struct rig *r, int k, int rank, const int64_t *dim, const float *data)
{
	struct imc_tensor t = {.dtype = IMC_F32, .rank = rank};
	imc_val v;
	float *x;

	for (int i = 0; i < rank; i++)
		t.dim[i] = dim[i];
	t.data = x = imc_arena_alloc(r->arena, imc_tensor_bytes(&t));
	for (int64_t i = 0; i < imc_tensor_count(&t); i++)
		x[i] = data ? data[i] : (float)rig_random(-8, 8);
	v = imc_graph_add_const(r->g, "in", &t);
	rig_node(r)->in[k] = v;
	return &imc_value_at(r->g, v)->t;
}

/* Types and evaluates the node; an empty tensor when it is refused. */
static inline struct imc_tensor rig_run(struct rig *r)
{
	struct imc_node *n = rig_node(r);
	struct imc_tensor in[16] = {0}, out[1];

	if (!imc_op_infer(r->g, r->id, &r->diags))
		return (struct imc_tensor){0};
	for (int k = 0; k < n->n_in; k++)
		if (imc_node_in(r->g, n, k))
			in[k] = imc_node_in(r->g, n, k)->t;
	imc_op_eval(r->g, n, in, out, r->arena);
	return out[0];
}

static inline void rig_free(struct rig *r)
{
	imc_arena_free(r->arena);
}

/* Index of (n, c, y, x) in a 4-D tensor of that layout. */
static inline int64_t rig_at(const struct imc_tensor *t, enum imc_layout layout,
			     const int64_t i[4])
{
	const int64_t *d = t->dim;

	if (layout == IMC_NCHW)
		return ((i[0] * d[1] + i[1]) * d[2] + i[2]) * d[3] + i[3];
	return ((i[0] * d[1] + i[2]) * d[2] + i[3]) * d[3] + i[1];
}

static inline float rig_get(const struct imc_tensor *t, enum imc_layout layout,
			    const int64_t i[4])
{
	return ((const float *)t->data)[rig_at(t, layout, i)];
}

static inline void rig_dims(int64_t dim[4], enum imc_layout layout,
			    const int64_t nchw[4])
{
	dim[0] = nchw[0];
	for (int i = 1; i < 4; i++)
		dim[i] =
			layout == IMC_NCHW ? nchw[i] : nchw[i == 3 ? 1 : i + 1];
}

#endif
