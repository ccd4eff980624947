#include <string.h>

#include "ir/eval.h"
#include "ir/noise.h"
#include "ir/num.h"
#include "ir/op.h"
#include "ir/op/q_conv.h"
#include "tests/check.h"
#include "tests/quant_ops/quant_cases.h"

#define N_CASE 240
#define N_FAULT 18

static void add_tile(struct imc_map *m, const struct imc_tile *t,
		     struct imc_arena *a, struct rnd *r)
{
	struct imc_tile *to = IMC_PUSH(a, m->tile, m->n_tile, m->cap_tile);

	*to = *t;
	if (m->own_arrays) {
		to->array = (int32_t)m->n_tile - 1;
		to->x = (int32_t)pick(r, 0, 5);
		m->n_used = to->array + 1;
		return;
	}
	/* Two tiles an array: one in a corner, the other below it. */
	to->array = (int32_t)((m->n_tile - 1) / 2);
	to->x = (int32_t)pick(r, 0, 5);
	if (m->n_tile % 2 == 0)
		to->y = to[-1].y + to[-1].h;
	else
		to->y = (int32_t)pick(r, 0, 5);
	m->n_used = to->array + 1;
}

/* A patch that a tile of n_row rows and `width` columns may have. */
static void pick_patch(const struct imc_matrix *x, struct rnd *r,
		       const int64_t tile[2], int32_t patch[2])
{
	int32_t taps = x->kernel_h * x->kernel_w;
	int32_t h = (int32_t)pick(r, 1, x->out_h);
	int32_t w = (int32_t)pick(r, 1, x->out_w);
	int64_t lines = (int64_t)imc_patch_span(x->kernel_h, x->stride_h, h) *
			imc_patch_span(x->kernel_w, x->stride_w, w) *
			(tile[0] / taps);

	patch[0] = patch[1] = 1;
	if (x->dilated || x->out_h % h || lines > 480 || h * w * tile[1] > 990)
		return;
	patch[0] = h;
	patch[1] = w;
}

/* Half of what may have patches has some. */
static void pick_patches(const struct conv_case *c, const struct imc_q_conv *q,
			 struct rnd *r, struct imc_assign *as)
{
	struct imc_matrix x = imc_matrix_of(c->g, imc_node_at(c->g, c->id));
	int64_t rows = imc_q_conv_bundle(q, 0).n_row;
	int64_t tile[] = {rows < q->block_rows ? rows : q->block_rows,
			  as->block_cols * as->slices};
	bool may = tile[0] == rows || x.kernel_h * x.kernel_w == 1;
	int32_t patch[2];

	for (int i = 0; i < 20 && may && as->patch_h * as->patch_w <= 1; i++) {
		pick_patch(&x, r, tile, patch);
		as->patch_h = patch[0];
		as->patch_w = patch[1];
		pick_patch(&x, r, tile, patch);
		as->rest_h = patch[0];
		as->rest_w = patch[1];
	}
}

/* Slices in tiles of their own, and copies; few columns or small blocks have
 * too many tiles already. */
static void pick_stack(const struct imc_q_conv *q, struct rnd *r,
		       struct imc_assign *as)
{
	struct imc_q_bundle b = imc_q_conv_bundle(q, 0);
	int64_t n = q->n_bundle * b.n_block *
		    ((b.n_col + as->block_cols - 1) / as->block_cols);
	int32_t tile_slices[] = {0, 1, 3, as->slices};
	int64_t n_pixel = q->oh * q->ow;

	if (n > 20)
		return;
	if (!q->n->a.adc[0])
		as->tile_slices = tile_slices[pick(r, 0, 3)];
	if (as->patch_h * as->patch_w <= 1 && as->rest_h * as->rest_w <= 1)
		as->copies = (int32_t)pick(r, 0, n_pixel < 9 ? 9 : 5);
}

/* All tiles of the rectangle of t, which holds all slices. */
static void add_stack(struct imc_map *m, struct imc_tile t, struct imc_arena *a,
		      struct rnd *r)
{
	const struct imc_assign *as = m->assign;
	int32_t slices = t.n_slice, width = t.w / slices;
	int32_t most = as->tile_slices ? as->tile_slices : slices;

	for (t.slice0 = 0; t.slice0 < slices; t.slice0 += most) {
		t.n_slice = slices - t.slice0 < most ? slices - t.slice0 : most;
		t.w = width * t.n_slice;
		for (t.copy = 0; t.copy < as->copies + !as->copies; t.copy++)
			add_tile(m, &t, a, r);
	}
}

/* Columns col .. of block i of a bundle. */
static struct imc_tile make_tile(const struct imc_q_conv *q,
				 const struct imc_assign *as, imc_node_id id,
				 const int at[2], int64_t col)
{
	struct imc_q_piece p = imc_q_conv_block(q, at[0], at[1]);
	int64_t rows = imc_q_conv_bundle(q, 0).n_row;
	int64_t n_col = p.b.n_col - col < as->block_cols ? p.b.n_col - col
							 : as->block_cols;
	bool full = n_col == as->block_cols &&
		    (p.n_row == q->block_rows || p.n_row == rows);
	struct imc_tile t = {.node = id,
			     .bundle = at[0],
			     .block = at[1],
			     .row0 = (int32_t)p.row0,
			     .n_row = (int32_t)p.n_row,
			     .col0 = (int32_t)col,
			     .n_col = (int32_t)n_col,
			     .n_bias = p.n_drive,
			     .n_slice = p.slices,
			     .patch_h = full ? as->patch_h : as->rest_h,
			     .patch_w = full ? as->patch_w : as->rest_w};

	/* in an assignment, 0 is 1 */
	t.patch_h += !t.patch_h;
	t.patch_w += !t.patch_w;
	t.w = t.patch_h * t.patch_w * p.slices * t.n_col;
	t.h = t.n_row + t.n_bias;
	if (t.patch_h > 1 || t.patch_w > 1)
		t.h = imc_patch_span((int32_t)q->kh, (int32_t)q->n->a.stride[0],
				     t.patch_h) *
			      imc_patch_span((int32_t)q->kw,
					     (int32_t)q->n->a.stride[1],
					     t.patch_w) *
			      (int32_t)(p.n_row / (q->kh * q->kw)) +
		      t.n_bias;
	return t;
}

struct imc_map make_map(const struct conv_case *c, struct rnd *r,
			struct imc_arena *a)
{
	const struct imc_node *n = imc_node_at(c->g, c->id);
	struct imc_map m = {.array_rows = 1000, .array_cols = 1000};
	struct imc_q_conv q;
	struct imc_tensor in[IMC_Q_CONV_IN] = {c->x,
					       imc_node_in(c->g, n, 1)->t};

	imc_q_conv_open(&q, c->g, n, in);
	m.n_array = 1000;
	m.n_assign = 1;
	m.assign = imc_arena_array(a, 1, sizeof *m.assign);
	*m.assign = (struct imc_assign){
		.engine = IMC_ENGINE_CROSSBAR,
		.slices = (int32_t)n->a.slices[0],
		.bundle = (int32_t)n->a.bundle[0],
		.block_rows = (int32_t)n->a.block_rows[0],
		.block_cols =
			(int32_t)pick(r, 1, imc_q_conv_bundle(&q, 0).n_col),
		.bias_rows = n->a.drive.n,
		.post_adc = n->a.post[0] != 0};
	if (pick(r, 0, 3))
		pick_patches(c, &q, r, m.assign);
	pick_stack(&q, r, m.assign);
	m.own_arrays = (m.assign->tile_slices || m.assign->copies > 1) &&
		       pick(r, 0, 1);
	for (int b = 0; b < q.n_bundle; b++) {
		struct imc_q_bundle bun = imc_q_conv_bundle(&q, b);

		for (int64_t col = 0; col < bun.n_col;
		     col += m.assign->block_cols)
			for (int i = 0; i < bun.n_block; i++) {
				struct imc_tile t =
					make_tile(&q, m.assign, c->id,
						  (int[]){b, i}, col);

				add_stack(&m, t, a, r);
			}
	}
	m.assign->n_tile = (int32_t)m.n_tile;
	return m;
}

/* What the assignment says of tiles is what they are. */
static void check_assign(const struct conv_case *c, struct imc_map *m,
			 struct imc_arena *a)
{
	struct imc_assign *as = m->assign, keep = *as;
	const struct imc_node *n = imc_node_at(c->g, c->id);
	int64_t cols = imc_matrix_of(c->g, n).cols;
	bool rest = false, whole;

	cols *= keep.bundle < n->a.group[0] ? keep.bundle : n->a.group[0];
	whole = keep.block_cols == cols;
	for (size_t i = 0; i < m->n_tile; i++)
		rest |= m->tile[i].n_col < keep.block_cols ||
			m->tile[i].n_row < m->tile[0].n_row;
	as->patch_h = keep.patch_h > 1 ? 0 : 2;
	CHECK(imc_place_check(c->g, m, a), "another patch: %s", c->text);
	*as = keep;
	as->rest_w = keep.rest_w > 1 ? -1 : INT32_MAX;
	CHECK(!imc_place_check(c->g, m, a) == !rest, "another rest: %s",
	      c->text);
	*as = keep;
	/* a tile that holds all columns could hold more */
	as->block_cols = keep.block_cols + 1;
	CHECK(!imc_place_check(c->g, m, a) == whole, "other columns: %s",
	      c->text);
	*as = keep;
}

/* Nor may slices and copies be other ones. */
static void check_stack(const struct conv_case *c, struct imc_map *m,
			struct imc_arena *a)
{
	struct imc_assign *as = m->assign, keep = *as;
	bool apart = keep.tile_slices && keep.tile_slices < keep.slices;

	as->copies = keep.copies + 1 + !keep.copies;
	CHECK(imc_place_check(c->g, m, a), "another copy: %s", c->text);
	as->copies = -1;
	CHECK(imc_place_check(c->g, m, a), "copies -1: %s", c->text);
	*as = keep;
	as->tile_slices = -1;
	CHECK(imc_place_check(c->g, m, a), "slices -1: %s", c->text);
	as->tile_slices = !apart;
	CHECK(!imc_place_check(c->g, m, a) == (keep.slices == 1),
	      "other slices: %s", c->text);
	*as = keep;
}

/* On one array, but not one above the other. */
static void check_share(const struct conv_case *c, struct imc_map *m,
			struct imc_arena *a)
{
	struct imc_tile *t = m->tile, *o = m->tile + m->n_tile - 1, keep = *o;
	int32_t was = m->n_used;

	if (m->n_tile < 3 || !m->own_arrays || t->y + t->h + o->h > 1000)
		return;
	o->array = t->array;
	o->y = t->y + t->h;
	m->n_used--;
	CHECK(imc_place_check(c->g, m, a), "shared: %s", c->text);
	m->own_arrays = false;
	CHECK(!imc_place_check(c->g, m, a), "%s", imc_place_check(c->g, m, a));
	m->own_arrays = true;
	m->n_used = was;
	*o = keep;
}

/* Each fault must be seen; everything is put back. */
static void check_faults(const struct conv_case *c, struct imc_map *m,
			 struct imc_arena *a)
{
	struct imc_tile *t = &m->tile[m->n_tile / 2], keep = *t;
	struct imc_tile faults[N_FAULT];

	for (int i = 0; i < N_FAULT; i++)
		faults[i] = keep;
	faults[0].col0++;
	faults[1].n_row--;
	faults[2].x = m->array_cols - keep.w + 1;
	faults[3].array = m->n_array;
	faults[4].block++;
	faults[5].h++;
	faults[6].patch_h++;
	faults[7].patch_w = 0;
	faults[8].patch_h = -1;
	faults[9].patch_w = INT32_MAX;
	faults[10].patch_h = faults[10].patch_w = INT32_MIN;
	faults[11].w += keep.n_col;
	faults[12].slice0++;
	faults[13].n_slice--;
	faults[14].n_slice++;
	faults[15].n_slice = INT32_MIN;
	faults[16].copy++;
	faults[17].copy--;
	CHECK(!imc_place_check(c->g, m, a), "%s", imc_place_check(c->g, m, a));
	for (int i = 0; i < N_FAULT; i++) {
		*t = faults[i];
		CHECK(imc_place_check(c->g, m, a), "fault %d", i);
	}
	*t = keep;
	check_assign(c, m, a);
	check_stack(c, m, a);
	check_share(c, m, a);
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

/* Gives step 1 scratch for the codes that the cores join, in one strip. */
static void add_scratch(const struct conv_case *c, const struct imc_map *m,
			struct imc_plan *p)
{
	const struct imc_node *n = imc_node_at(c->g, c->id);
	struct imc_matrix mx = imc_matrix_of(c->g, n);
	struct imc_buffer *b = &p->buffer[p->n_buffer];

	if (n->a.post[0])
		return;
	for (size_t i = 0; i < m->n_tile; i++)
		b->size_bytes += (int64_t)m->tile[i].n_col *
				 (m->tile[i].copy ? 0 : m->tile[i].n_slice) *
				 mx.out_h * mx.out_w * (int64_t)sizeof(int32_t);
	b->offset = p->l1_bytes;
	p->l1_bytes += b->size_bytes;
	p->step[1].strip_rows = mx.out_h;
	p->step[1].scratch = (int32_t)p->n_buffer++;
}

/* Arrays with noise of which there is none give the same bits. */
static void check_quiet(const struct conv_case *c,
			const struct imc_map_eval *map,
			const struct imc_tensor *want, struct imc_arena *a)
{
	static const struct imc_noise none = {.device_g_max = 25,
					      .device_g_min = 1.7,
					      .drift_t_0 = 20,
					      .drift_compensate = 1,
					      .read_t_read = 250};
	struct imc_noise_case nc = {.noise = &none,
				    .time_s = 1e6,
				    .cell_max = 127,
				    .input_max = 127};
	struct imc_map_eval me = *map;
	struct imc_eval_how how = {.compute = imc_map_compute, .cx = &me};
	struct imc_tensor out;

	me.analog = imc_analog_program(c->g, me.m, me.img, &nc, a);
	imc_eval_graph(c->g, &c->x, &out, &how, a);
	CHECK(!memcmp(want->data, out.data, imc_tensor_bytes(&out)),
	      "quiet arrays: %s", c->text);
}

/* Load, run, store: wrong in several ways, at last for good. */
static void check_broken(const struct conv_case *c, const struct imc_map *m,
			 struct imc_plan *p, struct imc_arena *a)
{
	p->buffer[0].last = 0;
	CHECK(imc_plan_check(c->g, m, p, a), "dies too early");
	p->buffer[0].last = 1;
	p->buffer[1].offset--;
	CHECK(imc_plan_check(c->g, m, p, a), "overlap");
	p->buffer[1].offset++;
	p->l1_bytes--;
	CHECK(imc_plan_check(c->g, m, p, a), "beyond L1");
	p->l1_bytes++;
	p->step[1].kind = IMC_STEP_LOAD;
	p->step[1].val = p->step[0].val;
	CHECK(imc_plan_check(c->g, m, p, a), "never runs");
}

/* graph = map = plan, where the weights are gone once the arrays are full. */
static void check_levels(struct conv_case *c, struct imc_map *m,
			 struct imc_arena *a)
{
	struct imc_images img = imc_map_images(c->g, m, a);
	struct imc_map_eval me = {.g = c->g, .m = m, .img = &img};
	struct imc_eval_how how = {.compute = imc_map_compute, .cx = &me};
	struct imc_node *n = imc_node_at(c->g, c->id);
	struct imc_tensor *w = &imc_node_in(c->g, n, 1)->t;
	struct imc_tensor want, out;
	struct imc_buffer buffer[3] = {
		{.val = n->in[0], .node = IMC_NO_NODE, .last = 1},
		{.val = n->out[0], .node = IMC_NO_NODE, .first = 1, .last = 2},
		{.val = IMC_NO_VAL,
		 .node = IMC_NO_NODE,
		 .first = 1,
		 .last = 1}};
	struct imc_step step[3] = {
		{.kind = IMC_STEP_LOAD, .val = n->in[0], .scratch = -1},
		{.kind = IMC_STEP_RUN, .node = c->id, .scratch = -1},
		{.kind = IMC_STEP_STORE, .val = n->out[0], .scratch = -1}};
	struct imc_plan p = {.step = step,
			     .n_step = 3,
			     .buffer = buffer,
			     .n_buffer = 2,
			     .n_root = c->g->n_value};
	size_t size;

	p.root = imc_arena_array(a, c->g->n_value, sizeof *p.root);
	for (size_t v = 0; v < p.n_root; v++)
		p.root[v] = (uint32_t)v;
	for (int k = 0; k < 2; k++)
		buffer[k].lines = (int32_t)imc_plan_n_row(
			&imc_value_at(c->g, buffer[k].val)->t);
	buffer[0].size_bytes = buffer[1].offset =
		(int64_t)imc_tensor_bytes(&c->x);
	size = imc_tensor_bytes(&imc_node_out(c->g, n, 0)->t);
	buffer[1].size_bytes = (int64_t)size;
	p.l1_bytes = buffer[1].offset + buffer[1].size_bytes;
	add_scratch(c, m, &p);
	CHECK(!imc_plan_check(c->g, m, &p, a), "%s",
	      imc_plan_check(c->g, m, &p, a));

	imc_eval_graph(c->g, &c->x, &want, NULL, a);
	for (size_t i = 0; i < m->n_tile; i++)
		CHECK(wrong_cells(c, &m->tile[i], &img) == 0, "tile %zu: %s", i,
		      c->text);
	memset(w->data, 1, imc_tensor_bytes(w));
	imc_eval_graph(c->g, &c->x, &out, &how, a);
	CHECK(!memcmp(want.data, out.data, size), "map: %s", c->text);
	check_quiet(c, &me, &want, a);
	imc_eval_plan(&me, &p, &c->x, &out, a);
	CHECK(!memcmp(want.data, out.data, size), "plan: %s", c->text);

	check_broken(c, m, &p, a);
}

/* With any cells, also where a patch has 0. */
static void check_noise(const struct conv_case *c, const struct imc_map *m,
			struct rnd *r, struct imc_arena *a)
{
	struct imc_images img = imc_map_images(c->g, m, a);
	struct imc_map_eval me = {.g = c->g, .m = m, .img = &img};
	struct imc_eval_how how = {.compute = imc_map_compute, .cx = &me};
	struct imc_tensor out;
	size_t size;
	int8_t *want;

	for (size_t i = 0; i < m->n_tile; i++) {
		const struct imc_tile *t = &m->tile[i];

		for (int32_t k = 0; k < 9; k++)
			img.cell[t->array]
				[(t->y + pick(r, 0, t->h - 1)) * img.cols +
				 t->x + pick(r, 0, t->w - 1)] =
				(int8_t)pick(r, -127, 127);
	}
	imc_eval_graph(c->g, &c->x, &out, &how, a);
	size = imc_tensor_bytes(&out);
	want = imc_arena_alloc(a, size);
	naive_map(c, m, &img, want);
	CHECK(!memcmp(want, out.data, size), "noise: %s", c->text);
}

/* Cases of each kind, so that none is missing. */
struct kinds {
	int patch, rest, bundle, blocks, bias, twice;
	int apart, binary, copies, batch, many, own, residual;
};

static void count_kinds(const struct conv_case *c, const struct imc_map *m,
			struct kinds *k)
{
	const struct imc_assign *as = m->assign;
	const struct imc_matrix x =
		imc_matrix_of(c->g, imc_node_at(c->g, c->id));
	const struct imc_tile *end = &m->tile[m->n_tile - 1];
	bool patch = as->patch_h * as->patch_w > 1;

	k->patch += patch;
	k->rest += patch && m->n_tile > 1 && end->patch_h * end->patch_w > 1 &&
		   end->patch_w != as->patch_w;
	k->bundle += patch && x.groups > 1 && as->bundle > 1;
	k->blocks += patch && end->block > 0;
	k->bias += patch && as->bias_rows;
	k->twice += patch && x.out_w % as->patch_w;
	k->apart += as->tile_slices && as->tile_slices < as->slices;
	k->binary += imc_node_at(c->g, c->id)->a.slice_bits[0] == 1;
	k->copies += as->copies > 1;
	k->batch += as->copies > 1 && x.batch > 1;
	k->many += as->copies > x.out_h * x.out_w;
	k->own += m->own_arrays;
	k->residual += imc_node_in(c->g, imc_node_at(c->g, c->id), 9) != NULL;
}

int test_map(struct rnd *r)
{
	struct kinds k = {0};

	for (int i = 0; i < N_CASE; i++) {
		struct imc_arena *a = imc_arena_new();
		struct imc_diags d = {.arena = a};
		struct conv_case c = make_conv(r, a);
		struct imc_attrs *at = &imc_node_at(c.g, c.id)->a;
		struct imc_map m;

		if (pick(r, 0, 2))
			at->dilation[0] = at->dilation[1] = 1;
		CHECK(imc_op_infer(c.g, c.id, &d), "%s",
		      d.n ? d.v[0].text : "");
		m = make_map(&c, r, a);
		check_faults(&c, &m, a);
		check_noise(&c, &m, r, a);
		check_levels(&c, &m, a);
		count_kinds(&c, &m, &k);
		imc_arena_free(a);
	}
	CHECK(k.patch > 40 && k.rest > 5 && k.bundle > 5 && k.blocks > 2 &&
		      k.bias > 5 && k.twice > 10,
	      "%d %d %d %d %d %d", k.patch, k.rest, k.bundle, k.blocks, k.bias,
	      k.twice);
	CHECK(k.apart > 15 && k.binary > 15 && k.copies > 15 && k.batch > 5 &&
		      k.many > 1 && k.own > 10 && k.residual > 40,
	      "%d %d %d %d %d %d %d", k.apart, k.binary, k.copies, k.batch,
	      k.many, k.own, k.residual);
	return check_result();
}
