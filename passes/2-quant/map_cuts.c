/* The ways to cut a weight matrix for the crossbars: how many groups, rows and
 * columns a job has, and how many output pixels it computes. */
#include "hwdesc/cost.h"
#include "ir/support/checked.h"
#include "passes/2-quant/map_options.h"

/* Output pixels of a job, and the word lines that it takes with `rows` rows of
 * weights, without bias rows. */
struct patch {
	int32_t h, w;
	int64_t lines, jobs;
};

struct patches {
	size_t n, cap;
	struct patch *v;
};

struct cutter {
	const struct imc_module *m;
	imc_node_id id;
	struct imc_matrix mx;
	struct imc_assign as; /* grows as its members are chosen */
	int64_t width;	      /* logical columns of an array */
	int32_t n_block;
	struct imc_map_options *out;
	struct imc_arena *a;
};

static int64_t pixels(const struct patch *p)
{
	return (int64_t)p->h * p->w;
}

static struct patch make_patch(const struct cutter *c, int32_t rows, int32_t h,
			       int32_t w)
{
	const struct imc_matrix *mx = &c->mx;
	int64_t span = (int64_t)imc_patch_span(mx->kernel_h, mx->stride_h, h) *
		       imc_patch_span(mx->kernel_w, mx->stride_w, w);
	struct imc_tile t = {.patch_h = h, .patch_w = w};
	struct patch p = {h, w, rows, imc_cut_jobs(mx, &t, mx->out_h)};

	if (h > 1 || w > 1)
		p.lines = span * (rows / (mx->kernel_h * mx->kernel_w));
	return p;
}

/* Keeps only patches that have fewer jobs, word lines or copies than each
 * other one; of equals the first. */
static void add_patch(struct cutter *c, struct patch p, struct patches *out)
{
	size_t kept = 0;

	for (size_t i = 0; i < out->n; i++) {
		const struct patch *q = &out->v[i];

		if (q->jobs <= p.jobs && q->lines <= p.lines &&
		    pixels(q) <= pixels(&p))
			return;
	}
	for (size_t i = 0; i < out->n; i++) {
		struct patch *q = &out->v[i];

		if (p.jobs > q->jobs || p.lines > q->lines ||
		    pixels(&p) > pixels(q))
			out->v[kept++] = *q;
	}
	out->n = kept;
	*IMC_PUSH(c->a, out->v, out->n, out->cap) = p;
}

/* Patches for tiles of `rows` rows and `cols` columns that fit an array. Along
 * w only the least of those with as many jobs a line. */
static struct patches patches_of(struct cutter *c, int32_t rows, int32_t cols)
{
	const struct imc_matrix *mx = &c->mx;
	int64_t most = c->m->opt.max_copies > 0
			       ? imc_min_i64(c->m->opt.max_copies, c->width)
			       : c->width;
	bool may = !mx->dilated &&
		   (c->n_block == 1 || mx->kernel_h * mx->kernel_w == 1);
	struct patches out = {0};

	add_patch(c, make_patch(c, rows, 1, 1), &out);
	for (int32_t h = 1; may && h <= imc_min_i64(mx->out_h, most); h++) {
		if (mx->out_h % h)
			continue;
		for (int32_t w = 1; w <= imc_min_i64(mx->out_w, most / h);
		     w++) {
			struct patch p = make_patch(c, rows, h, w);

			if (pixels(&p) * cols > c->width ||
			    p.lines + c->as.bias_rows > c->m->hw->ima_rows)
				break;
			add_patch(c, p, &out);
		}
	}
	return out;
}

/* Adds the cut of `width` columns and `full` pixels a job, with every patch
 * for the smaller tiles at the ends. */
static void add_rests(struct cutter *c, const struct patch *full, int32_t width)
{
	int32_t rows = c->mx.rows * c->as.bundle;
	int32_t cols = c->mx.cols * c->as.bundle;
	int32_t last_row = rows - (c->n_block - 1) * c->as.block_rows;
	int32_t last_col = cols % width;
	struct patches rest = {0};

	c->as.patch_h = full->h;
	c->as.patch_w = full->w;
	c->as.block_cols = width < imc_min_i64(cols, c->width) ? width : 0;
	c->as.rest_h = c->as.rest_w = 1;
	if (c->as.bundle > 1 && c->mx.groups % c->as.bundle) {
		int32_t last = c->mx.groups % c->as.bundle;

		rest = patches_of(c, c->mx.rows * last, c->mx.cols * last);
	} else if (last_col) {
		rest = patches_of(c, last_row, last_col);
	} else if (last_row < c->as.block_rows) {
		rest = patches_of(c, last_row, width);
	} else {
		imc_map_add(c->m, c->id, c->as, c->out, c->a);
	}
	for (size_t i = 0; i < rest.n; i++) {
		c->as.rest_h = rest.v[i].h;
		c->as.rest_w = rest.v[i].w;
		imc_map_add(c->m, c->id, c->as, c->out, c->a);
	}
}

/* For every patch the widest column block that fits with it, and one of equal
 * blocks, as many. Narrower ones would only mean more jobs. */
static void add_widths(struct cutter *c)
{
	int32_t cols = c->mx.cols * c->as.bundle;
	int tiling = c->m->opt.tiling;
	struct patches full = patches_of(c, c->as.block_rows, 1);

	for (size_t i = 0; i < full.n; i++) {
		int32_t width = (int32_t)imc_min_i64(
			cols, c->width / pixels(&full.v[i]));
		int32_t equal =
			(int32_t)imc_ceil_div(cols, imc_ceil_div(cols, width));

		if (c->as.bundle > 1 && width < cols)
			continue; /* a bundle is one job */
		if (tiling != 2)
			add_rests(c, &full.v[i], width);
		if (tiling != 1 && (tiling == 2 || equal != width))
			add_rests(c, &full.v[i], equal);
	}
}

/* Rows of full blocks; false: no cut. equal: of all blocks, but for the bias
 * rows of the last one. */
static bool set_rows(struct cutter *c, bool equal)
{
	struct imc_cut cut;
	int64_t rows = (int64_t)c->mx.rows * c->as.bundle;

	if (!imc_cut_matrix(c->m->hw, &c->mx, c->as.slices, c->as.bias_rows,
			    c->as.bundle, &cut))
		return false;
	c->as.block_rows = cut.block_rows;
	if (equal)
		c->as.block_rows = (int32_t)imc_ceil_div(rows, cut.n_block);
	c->n_block = (int32_t)imc_ceil_div(rows, c->as.block_rows);
	return true;
}

/* Whether codes of split rows may be added into an activation. Each code has
 * the step of the sum, so a partial sum that is larger than the activation's
 * range clips: only done when asked for, or when it is known what it costs. */
static bool may_aggregate(const struct imc_module *m)
{
	return m->hw->ima_aggregate &&
	       (m->opt.post == 2 || imc_variants_are_chosen(m));
}

static void add_bundle(struct cutter c, int32_t bundle)
{
	int tiling = c.m->opt.tiling;

	c.as.bundle = bundle;
	if (!set_rows(&c, false))
		return;
	if (c.n_block > 1 && c.as.post_adc && !may_aggregate(c.m)) {
		c.as.post_adc = false;
		c.as.bias_rows = 0;
		if (!set_rows(&c, false))
			return;
	}
	c.as.overlap = !c.as.post_adc && !c.m->opt.no_overlap;
	if (tiling != 2 || c.n_block == 1)
		add_widths(&c);
	if (tiling != 1 && c.n_block > 1 && set_rows(&c, true))
		add_widths(&c);
}

/* As many groups as a job can hold. */
static int32_t largest_bundle(const struct cutter *c)
{
	const struct imc_hw *hw = c->m->hw;
	int64_t by_rows = (hw->ima_rows - c->as.bias_rows) / c->mx.rows;
	int64_t by_cols = c->width / c->mx.cols;

	return (int32_t)imc_min_i64(c->mx.groups,
				    imc_min_i64(by_rows, by_cols));
}

void imc_map_add_cuts(const struct imc_module *m, imc_node_id id,
		      const struct imc_assign *as, struct imc_map_options *o,
		      struct imc_arena *a)
{
	struct cutter c = {.m = m, .id = id, .as = *as, .out = o, .a = a};
	int32_t most;

	c.mx = imc_matrix_of(m->g, imc_node_at(m->g, id));
	c.width = m->hw->ima_cols / as->slices;
	if (c.width < 1)
		return;
	most = largest_bundle(&c);
	if (m->opt.dw_job > 0 && c.mx.groups > 1 &&
	    c.mx.rows == c.mx.kernel_h * c.mx.kernel_w) {
		add_bundle(c, (int32_t)imc_min_i64(m->opt.dw_job, c.mx.groups));
		return;
	}
	for (int32_t bundle = 1; bundle < most; bundle *= 2)
		add_bundle(c, bundle);
	add_bundle(c, most > 1 ? most : 1);
}
