#include "tests/hw/hw_world.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void open_world(struct world *w, const char *target)
{
	w->arena = imc_arena_new();
	w->d = (struct imc_diags){.arena = w->arena};
	w->hw = imc_hw_load(target, w->arena, &w->d);
	w->g = imc_graph_new(w->arena, "t");
	w->g->layout = IMC_NHWC;
	if (!w->hw) {
		fprintf(stderr, "%s\n", w->d.v[0].text);
		exit(1);
	}
}

imc_val value(struct world *w, enum imc_dtype dtype, const int64_t dim[4],
	      bool constant)
{
	imc_val id = imc_graph_add_value(w->g, "v");
	struct imc_value *v = imc_value_at(w->g, id);

	v->t.dtype = dtype;
	v->t.rank = 4;
	memcpy(v->t.dim, dim, 4 * sizeof *dim);
	v->shaped = true;
	if (constant)
		v->t.data = imc_arena_alloc(w->arena, imc_tensor_bytes(&v->t));
	return id;
}

imc_node_id conv(struct world *w, enum imc_op op, struct layer l)
{
	enum imc_dtype t = op == IMC_OP_CONV2D ? IMC_F32 : IMC_I8;
	int64_t in = l.out * l.stride;
	imc_node_id id = imc_graph_add_node(w->g, op, 2, 1, NULL);
	imc_val x = value(w, t, (int64_t[]){1, in, in, l.c}, false);
	imc_val weights =
		value(w, t, (int64_t[]){l.k, l.kernel, l.kernel, l.c / l.group},
		      true);
	imc_val y = value(w, t, (int64_t[]){1, l.out, l.out, l.k}, false);
	struct imc_node *n = imc_node_at(w->g, id);

	n->in[0] = x;
	n->in[1] = weights;
	imc_node_set_out(w->g, id, 0, y);
	for (int i = 0; i < 2; i++) {
		n->a.kernel[i] = l.kernel;
		n->a.stride[i] = l.stride;
		n->a.dilation[i] = 1;
	}
	n->a.group[0] = l.group;
	for (int i = 0; i < 4; i++)
		n->a.pads[i] = l.kernel / 2;
	return id;
}

imc_node_id add(struct world *w, enum imc_op op, int64_t out, int64_t c)
{
	imc_node_id id = imc_graph_add_node(w->g, op, 2, 1, NULL);
	int64_t dim[4] = {1, out, out, c};

	imc_node_at(w->g, id)->in[0] = value(w, IMC_I8, dim, false);
	imc_node_at(w->g, id)->in[1] = value(w, IMC_I8, dim, false);
	imc_node_set_out(w->g, id, 0, value(w, IMC_I8, dim, false));
	return id;
}

struct imc_assign assign(enum imc_engine e, bool post_adc)
{
	return (struct imc_assign){.engine = e,
				   .weight_bits = 4,
				   .act_bits = 8,
				   .slices = 1,
				   .bundle = 1,
				   .copies = 1,
				   .post_adc = post_adc};
}

bool near(double a, double b)
{
	return fabs(a - b) <= 1e-9 * fmax(fabs(a), fabs(b));
}
