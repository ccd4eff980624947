#include <string.h>

#include "ir/eval.h"
#include "ir/num.h"
#include "ir/op.h"
#include "ir/op/q_conv.h"
#include "tests/check.h"
#include "tests/quant_ops/quant_cases.h"

#define N_CASE 200

static void add_tile(struct imc_map *m, const struct imc_tile *t,
		     struct imc_arena *a, struct rnd *r)
{
	struct imc_tile *to = IMC_PUSH(a, m->tile, m->n_tile, m->cap_tile);

	*to = *t;
	/* Two tiles an array: one in a corner, the other below it. */
	to->array = (int32_t)((m->n_tile - 1) / 2);
	to->x = (int32_t)pick(r, 0, 5);
	if (m->n_tile % 2 == 0)
		to->y = to[-1].y + to[-1].h;
	else
		to->y = (int32_t)pick(r, 0, 5);
	m->n_used = to->array + 1;
}

struct imc_map make_map(const struct conv_case *c, struct rnd *r,
			struct imc_arena *a)
{
	const struct imc_node *n = imc_node_at(c->g, c->id);
	struct imc_map m = {.array_rows = 1000, .array_cols = 1000};
	struct imc_q_conv q;
	struct imc_tensor in[9] = {c->x, imc_node_in(c->g, n, 1)->t};

	imc_q_conv_open(&q, c->g, n, in);
	m.n_array = 1000;
	m.n_assign = 1;
	m.assign = imc_arena_array(a, 1, sizeof *m.assign);
	*m.assign =
		(struct imc_assign){.engine = IMC_ENGINE_CROSSBAR,
				    .slices = (int32_t)n->a.slices[0],
				    .bundle = (int32_t)n->a.bundle[0],
				    .block_rows = (int32_t)n->a.block_rows[0],
				    .bias_rows = n->a.drive.n,
				    .post_adc = n->a.post[0] != 0};
	for (int b = 0; b < q.n_bundle; b++) {
		struct imc_q_bundle bun = imc_q_conv_bundle(&q, b);
		int64_t w;

		for (int64_t col = 0; col < bun.n_col; col += w) {
			w = pick(r, 1, bun.n_col - col);
			for (int i = 0; i < bun.n_block; i++) {
				struct imc_q_piece p =
					imc_q_conv_block(&q, b, i);
				struct imc_tile t = {
					.patch_h = 1,
					.patch_w = 1,
					.node = c->id,
					.bundle = b,
					.block = i,
					.row0 = (int32_t)p.row0,
					.n_row = (int32_t)p.n_row,
					.col0 = (int32_t)col,
					.n_col = (int32_t)w,
					.n_bias = p.n_drive,
					.w = (int32_t)(w * p.slices),
					.h = (int32_t)p.n_row + p.n_drive};

				add_tile(&m, &t, a, r);
			}
		}
	}
	m.assign->n_tile = (int32_t)m.n_tile;
	return m;
}

/* Each fault must be seen; everything is put back. */
static void check_faults(const struct conv_case *c, struct imc_map *m,
			 struct imc_arena *a)
{
	struct imc_tile *t = &m->tile[m->n_tile / 2], keep = *t;
	struct imc_tile faults[6];

	for (int i = 0; i < 6; i++)
		faults[i] = keep;
	faults[0].col0++;
	faults[1].n_row--;
	faults[2].x = m->array_cols - keep.w + 1;
	faults[3].array = m->n_array;
	faults[4].block++;
	faults[5].h++;
	CHECK(!imc_place_check(c->g, m, a), "%s", imc_place_check(c->g, m, a));
	for (int i = 0; i < 6; i++) {
		*t = faults[i];
		CHECK(imc_place_check(c->g, m, a), "fault %d", i);
	}
	*t = keep;
	if (m->n_tile > 1) {
		struct imc_tile *o = t == m->tile ? t + 1 : t - 1;
		struct imc_tile was = *o;

		o->array = t->array;
		o->x = t->x;
		o->y = t->y;
		CHECK(imc_place_check(c->g, m, a), "overlap");
		*o = was;
	}
	m->assign->n_tile--;
	CHECK(imc_place_check(c->g, m, a), "a tile too many");
	m->assign->n_tile++;
}

/* graph = map = plan, where the weights are gone once the arrays are full. */
static void check_levels(struct conv_case *c, struct imc_map *m,
			 struct imc_arena *a)
{
	struct imc_images img = imc_map_images(c->g, m, a);
	struct imc_map_eval me = {c->g, m, &img};
	struct imc_eval_how how = {.compute = imc_map_compute, .cx = &me};
	struct imc_node *n = imc_node_at(c->g, c->id);
	struct imc_tensor *w = &imc_node_in(c->g, n, 1)->t;
	struct imc_tensor want, out;
	struct imc_buffer buffer[2] = {
		{.val = n->in[0], .last = 1},
		{.val = n->out[0], .first = 1, .last = 2}};
	struct imc_step step[3] = {
		{.kind = IMC_STEP_LOAD, .val = n->in[0], .scratch = -1},
		{.kind = IMC_STEP_RUN, .node = c->id, .scratch = -1},
		{.kind = IMC_STEP_STORE, .val = n->out[0], .scratch = -1}};
	struct imc_plan p = {.step = step,
			     .n_step = 3,
			     .buffer = buffer,
			     .n_buffer = 2,
			     .n_buffer_of = c->g->n_value};
	size_t size;

	p.buffer_of = imc_arena_array(a, c->g->n_value, sizeof *p.buffer_of);
	memset(p.buffer_of, 0xff, c->g->n_value * sizeof *p.buffer_of);
	p.buffer_of[n->in[0].i] = 0;
	p.buffer_of[n->out[0].i] = 1;
	buffer[0].size_bytes = buffer[1].offset =
		(int64_t)imc_tensor_bytes(&c->x);
	size = imc_tensor_bytes(&imc_node_out(c->g, n, 0)->t);
	buffer[1].size_bytes = (int64_t)size;
	p.l1_bytes = buffer[1].offset + buffer[1].size_bytes;
	CHECK(!imc_plan_check(c->g, &p, a), "%s", imc_plan_check(c->g, &p, a));

	imc_eval_graph(c->g, &c->x, &want, NULL, a);
	memset(w->data, 1, imc_tensor_bytes(w));
	imc_eval_graph(c->g, &c->x, &out, &how, a);
	CHECK(!memcmp(want.data, out.data, size), "map: %s", c->text);
	imc_eval_plan(&me, &p, &c->x, &out, a);
	CHECK(!memcmp(want.data, out.data, size), "plan: %s", c->text);

	buffer[0].last = 0;
	CHECK(imc_plan_check(c->g, &p, a), "dies too early");
	buffer[0].last = 1;
	buffer[1].offset--;
	CHECK(imc_plan_check(c->g, &p, a), "overlap");
	buffer[1].offset++;
	p.l1_bytes--;
	CHECK(imc_plan_check(c->g, &p, a), "beyond L1");
	p.l1_bytes++;
	step[1].kind = IMC_STEP_LOAD;
	step[1].val = n->in[0];
	CHECK(imc_plan_check(c->g, &p, a), "never runs");
}

int test_map(struct rnd *r)
{
	for (int i = 0; i < N_CASE; i++) {
		struct imc_arena *a = imc_arena_new();
		struct imc_diags d = {.arena = a};
		struct conv_case c = make_conv(r, a);
		struct imc_map m;

		CHECK(imc_op_infer(c.g, c.id, &d), "%s",
		      d.n ? d.v[0].text : "");
		m = make_map(&c, r, a);
		check_faults(&c, &m, a);
		check_levels(&c, &m, a);
		imc_arena_free(a);
	}
	return check_result();
}
