#include <stdlib.h>

#include "ir/map.h"
#include "ir/support/checked.h"

/* The cut of one crossbar node, worked out from its attributes and its
 * assignment again. */
struct cut {
	imc_node_id id;
	const char *name;
	const struct imc_map *m;
	const struct imc_assign *as;
	struct imc_matrix mx;
	int64_t group, bundle, n_bundle, group_rows, group_cols;
	int64_t block_rows, block_cols, slices, tile_slices, copies, n_drive;
};

static struct cut cut_of(const struct imc_graph *g, const struct imc_map *m,
			 imc_node_id id)
{
	const struct imc_node *n = imc_node_at(g, id);
	struct imc_matrix x = imc_matrix_of(g, n);
	struct cut c = {.id = id,
			.name = n->name,
			.m = m,
			.as = &m->assign[id.i],
			.mx = x,
			.group = x.groups,
			.group_rows = x.rows,
			.group_cols = x.cols,
			.slices = n->a.slices[0],
			.copies = m->assign[id.i].copies,
			.n_drive = n->a.drive.n};

	c.bundle = n->a.bundle[0] < c.group ? n->a.bundle[0] : c.group;
	c.n_bundle = imc_ceil_div(c.group, c.bundle);
	c.block_rows = n->a.block_rows[0];
	if (c.block_rows == 0 || c.block_rows > c.bundle * c.group_rows)
		c.block_rows = c.bundle * c.group_rows;
	if (c.copies == 0)
		c.copies = 1;
	c.tile_slices = c.as->tile_slices;
	if (c.tile_slices < 1 || c.tile_slices > c.slices)
		c.tile_slices = c.slices;
	c.block_cols = imc_min_i64(c.bundle * c.group_cols,
				   m->array_cols / c.tile_slices);
	if (c.as->block_cols > 0)
		c.block_cols = imc_min_i64(c.block_cols, c.as->block_cols);
	return c;
}

/* Input positions along one axis that n neighbouring windows read. */
static int64_t positions(int64_t kernel, int64_t stride, int64_t n)
{
	return kernel + (n - 1) * imc_min_i64(stride, kernel);
}

/* The rules for a tile of more than one pixel a job; *lines: what its weights
 * take. Numbers stay below those of an array, so that products fit. */
static const char *check_patch(const struct cut *c, const struct imc_tile *t,
			       int64_t rows, int64_t *lines)
{
	const struct imc_matrix *x = &c->mx;
	int64_t taps = (int64_t)x->kernel_h * x->kernel_w, high, wide;

	if (c->copies > 1)
		return "has copies on other arrays";
	if (x->dilated)
		return "is dilated";
	if (t->n_row != rows && taps != 1)
		return "has some of the rows of its kernel";
	if (x->out_h % t->patch_h)
		return "does not divide the output's height";
	if (t->patch_w > x->out_w)
		return "is wider than the output";
	if ((int64_t)t->patch_h * t->patch_w > c->m->array_cols)
		return "has more copies than an array has columns";
	high = positions(x->kernel_h, x->stride_h, t->patch_h);
	wide = positions(x->kernel_w, x->stride_w, t->patch_w);
	if (high > c->m->array_rows || wide > c->m->array_rows ||
	    !imc_mul_i64(high * wide, t->n_row / taps, lines))
		return "reads more than an array has word lines";
	return NULL;
}

/* A full tile has the patch of the assignment, a smaller one the rest. */
static bool has_own_patch(const struct cut *c, const struct imc_tile *t)
{
	bool full = t->n_row == c->block_rows && t->n_col == c->block_cols;
	int32_t h = full ? c->as->patch_h : c->as->rest_h;
	int32_t w = full ? c->as->patch_w : c->as->rest_w;

	return t->patch_h == (h ? h : 1) && t->patch_w == (w ? w : 1) &&
	       t->patch_h >= 1 && t->patch_w >= 1;
}

static const char *check_size(const struct cut *c, const struct imc_tile *t,
			      int64_t rows, struct imc_arena *a)
{
	int64_t lines = t->n_row;
	const char *bad = NULL;

	if (!has_own_patch(c, t))
		return imc_arena_printf(a,
					"node '%s': a tile has a patch of %d x "
					"%d pixels, and its assignment another",
					c->name, (int)t->patch_h,
					(int)t->patch_w);
	if (t->patch_h > 1 || t->patch_w > 1)
		bad = check_patch(c, t, rows, &lines);
	if (bad)
		return imc_arena_printf(a,
					"node '%s': a tile with a patch of %d "
					"x %d pixels %s",
					c->name, (int)t->patch_h,
					(int)t->patch_w, bad);
	if (t->h != lines + t->n_bias ||
	    t->w != (int64_t)t->patch_h * t->patch_w * t->n_slice * t->n_col)
		return imc_arena_printf(a,
					"node '%s': a tile of %d x %d cells "
					"has the wrong size",
					c->name, (int)t->w, (int)t->h);
	return NULL;
}

/* Where t is in the order of tiles. */
static const char *place_text(const struct imc_tile *t, struct imc_arena *a)
{
	return imc_arena_printf(a, "n%u %d %d %d %d %d", (unsigned)t->node.i,
				(int)t->bundle, (int)t->col0, (int)t->block,
				(int)t->slice0, (int)t->copy);
}

static const char *check_tile(const struct cut *c, const struct imc_tile *t,
			      const struct imc_tile *want, struct imc_arena *a)
{
	if (t->node.i != want->node.i || t->bundle != want->bundle ||
	    t->block != want->block || t->col0 != want->col0 ||
	    t->slice0 != want->slice0 || t->copy != want->copy)
		return imc_arena_printf(a,
					"node '%s': tile %s where %s (node, "
					"bundle, column, block, slice, copy) "
					"should be",
					c->name, place_text(t, a),
					place_text(want, a));
	if (t->n_slice != want->n_slice)
		return imc_arena_printf(a,
					"node '%s': a tile holds %d slices, "
					"not %d",
					c->name, (int)t->n_slice,
					(int)want->n_slice);
	if (t->row0 != want->row0 || t->n_row != want->n_row ||
	    t->n_col != want->n_col || t->n_bias != want->n_bias)
		return imc_arena_printf(a,
					"node '%s': bundle %d block %d has the "
					"wrong rows or columns",
					c->name, (int)t->bundle, (int)t->block);
	return NULL;
}

/* A walk over the tiles of the map. */
struct walk {
	const struct imc_map *m;
	int64_t at, end; /* the node's tiles that are left */
	struct imc_arena *a;
};

static const char *check_next(const struct cut *c, struct walk *w,
			      const struct imc_tile *want, int64_t rows)
{
	const struct imc_tile *t;
	const char *bad;

	if (w->at >= w->end)
		return imc_arena_printf(w->a, "node '%s': tiles are missing",
					c->name);
	t = &w->m->tile[w->at++];
	bad = check_tile(c, t, want, w->a);
	return bad ? bad : check_size(c, t, rows, w->a);
}

/* All slices of one block, and all copies of each. */
static const char *check_block(const struct cut *c, struct walk *w,
			       struct imc_tile *want, int64_t rows)
{
	const char *bad = NULL;

	for (int64_t s = 0; s < c->slices && !bad; s += c->tile_slices) {
		want->slice0 = (int32_t)s;
		want->n_slice =
			(int32_t)imc_min_i64(c->tile_slices, c->slices - s);
		for (int64_t k = 0; k < c->copies && !bad; k++) {
			want->copy = (int32_t)k;
			bad = check_next(c, w, want, rows);
		}
	}
	return bad;
}

/* All blocks of the columns that begin at col0. */
static const char *check_columns(const struct cut *c, struct walk *w,
				 struct imc_tile *want, int64_t rows,
				 int64_t cols)
{
	int64_t n_block = imc_ceil_div(rows, c->block_rows);
	const char *bad = NULL;

	want->n_col = (int32_t)imc_min_i64(c->block_cols, cols - want->col0);
	for (int64_t b = 0; b < n_block && !bad; b++) {
		want->block = (int32_t)b;
		want->row0 = (int32_t)(b * c->block_rows);
		want->n_row =
			(int32_t)imc_min_i64(c->block_rows, rows - want->row0);
		want->n_bias = b == n_block - 1 ? (int32_t)c->n_drive : 0;
		bad = check_block(c, w, want, rows);
	}
	return bad;
}

/* In the order of map.h: bundle, column, block, slice, copy. */
static const char *check_node(const struct cut *c, struct walk *w)
{
	const char *bad = NULL;

	for (int64_t b = 0; b < c->n_bundle && !bad; b++) {
		int64_t groups =
			imc_min_i64(c->bundle, c->group - b * c->bundle);
		struct imc_tile want = {.node = c->id, .bundle = (int32_t)b};

		while (!bad && want.col0 < groups * c->group_cols) {
			bad = check_columns(c, w, &want, groups * c->group_rows,
					    groups * c->group_cols);
			want.col0 += want.n_col;
		}
	}
	if (!bad && w->at != w->end)
		bad = imc_arena_printf(w->a, "node '%s': too many tiles",
				       c->name);
	return bad;
}

static const char *check_cut(const struct cut *c, struct imc_arena *a)
{
	if (c->copies < 0 || c->as->tile_slices < 0)
		return imc_arena_printf(a,
					"node '%s': %d copies of tiles with %d "
					"slices",
					c->name, (int)c->as->copies,
					(int)c->as->tile_slices);
	if (c->block_cols < 1)
		return imc_arena_printf(
			a, "node '%s': a weight has more columns than an array",
			c->name);
	return NULL;
}

static const char *check_cover(const struct imc_graph *g,
			       const struct imc_map *m, struct imc_arena *a)
{
	int64_t next = 0;

	for (size_t i = 0; i < m->n_assign && i < g->n_node; i++) {
		const struct imc_assign *as = &m->assign[i];
		struct walk w = {m, as->first_tile, 0, a};
		struct cut c;
		const char *bad;

		w.end = w.at + as->n_tile;
		if (g->node[i].dead || as->engine != IMC_ENGINE_CROSSBAR)
			continue;
		if (g->node[i].op != IMC_OP_Q_CONV2D)
			return imc_arena_printf(
				a, "node '%s' cannot be on a crossbar",
				g->node[i].name);
		if (w.at < 0 || as->n_tile < 0 || w.end > (int64_t)m->n_tile)
			return imc_arena_printf(
				a, "node '%s': its tiles are not there",
				g->node[i].name);
		c = cut_of(g, m, (imc_node_id){(uint32_t)i});
		bad = check_cut(&c, a);
		if (!bad)
			bad = check_node(&c, &w);
		if (bad)
			return bad;
		next += as->n_tile;
	}
	/* Every tile names its node, so equal counts mean no tile is left. */
	if (next != (int64_t)m->n_tile)
		return "tiles belong to no crossbar node";
	return NULL;
}

static const char *check_sizes(const struct imc_map *m, struct imc_arena *a)
{
	for (size_t i = 0; i < m->n_tile; i++)
		if (m->tile[i].w > m->array_cols ||
		    m->tile[i].h > m->array_rows)
			return imc_arena_printf(
				a, "tile %zu of %d x %d cells exceeds an array",
				i, (int)m->tile[i].w, (int)m->tile[i].h);
	return NULL;
}

const char *imc_tile_check(const struct imc_graph *g, const struct imc_map *m,
			   struct imc_arena *a)
{
	const char *bad = check_cover(g, m, a);

	return bad ? bad : check_sizes(m, a);
}

/* Where a tile lies on its array. */
struct spot {
	size_t tile;
	int32_t array;
	int64_t x, y, w, h;
};

static int by_array(const void *a, const void *b)
{
	const struct spot *p = a, *q = b;

	if (p->array != q->array)
		return p->array < q->array ? -1 : 1;
	if (p->x != q->x)
		return p->x < q->x ? -1 : 1;
	return p->tile < q->tile ? -1 : p->tile > q->tile;
}

static const char *check_inside(const struct imc_map *m, const struct spot *s,
				struct imc_arena *a)
{
	if (s->array < 0 || s->array >= m->n_array)
		return imc_arena_printf(a, "tile %zu is on array %d of %d",
					s->tile, (int)s->array,
					(int)m->n_array);
	if (s->x < 0 || s->y < 0 || s->x + s->w > m->array_cols ||
	    s->y + s->h > m->array_rows)
		return imc_arena_printf(a, "tile %zu leaves its array",
					s->tile);
	return NULL;
}

/* Spots are sorted by array and left edge: only those that begin before s
 * ends can overlap it. */
static const char *check_alone(const struct imc_map *m, const struct spot *s,
			       const struct spot *end, struct imc_arena *a)
{
	for (const struct spot *o = s + 1; o < end; o++) {
		if (o->array == s->array && m->own_arrays)
			return imc_arena_printf(
				a, "tiles %zu and %zu share array %d", s->tile,
				o->tile, (int)s->array);
		if (o->array != s->array || o->x >= s->x + s->w)
			break;
		if (o->y < s->y + s->h && s->y < o->y + o->h)
			return imc_arena_printf(
				a, "tiles %zu and %zu overlap on array %d",
				s->tile, o->tile, (int)s->array);
	}
	return NULL;
}

const char *imc_place_check(const struct imc_graph *g, const struct imc_map *m,
			    struct imc_arena *a)
{
	const char *bad = imc_tile_check(g, m, a);
	struct spot *s = imc_arena_array(a, m->n_tile + 1, sizeof *s);
	int32_t n_used = 0;

	for (size_t i = 0; i < m->n_tile && !bad; i++) {
		const struct imc_tile *t = &m->tile[i];

		s[i] = (struct spot){i, t->array, t->x, t->y, t->w, t->h};
		bad = check_inside(m, &s[i], a);
	}
	if (bad)
		return bad;
	qsort(s, m->n_tile, sizeof *s, by_array);
	for (size_t i = 0; i < m->n_tile && !bad; i++) {
		bad = check_alone(m, &s[i], s + m->n_tile, a);
		n_used += i == 0 || s[i].array != s[i - 1].array;
	}
	if (!bad && n_used != m->n_used)
		bad = imc_arena_printf(a, "%d arrays are in use, not %d",
				       (int)n_used, (int)m->n_used);
	return bad;
}
