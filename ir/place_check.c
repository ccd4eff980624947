#include <stdlib.h>

#include "ir/map.h"
#include "ir/support/checked.h"

/* The cut of one crossbar node, worked out from its attributes again. */
struct cut {
	imc_node_id id;
	const char *name;
	int64_t group, bundle, n_bundle, group_rows, group_cols;
	int64_t block_rows, slices, n_drive;
};

static struct cut cut_of(const struct imc_graph *g, imc_node_id id)
{
	const struct imc_node *n = imc_node_at(g, id);
	struct imc_matrix x = imc_matrix_of(g, n);
	struct cut c = {.id = id,
			.name = n->name,
			.group = x.groups,
			.group_rows = x.rows,
			.group_cols = x.cols,
			.slices = n->a.slices[0],
			.n_drive = n->a.drive.n};

	c.bundle = n->a.bundle[0] < c.group ? n->a.bundle[0] : c.group;
	c.n_bundle = imc_ceil_div(c.group, c.bundle);
	c.block_rows = n->a.block_rows[0];
	if (c.block_rows == 0)
		c.block_rows = c.bundle * c.group_rows;
	return c;
}

static const char *check_tile(const struct cut *c, const struct imc_tile *t,
			      const struct imc_tile *want, struct imc_arena *a)
{
	if (t->node.i != want->node.i || t->bundle != want->bundle ||
	    t->block != want->block || t->col0 != want->col0)
		return imc_arena_printf(
			a,
			"node '%s': tile n%u %d %d %d where n%u %d %d %d "
			"(node, bundle, block, column) should be",
			c->name, (unsigned)t->node.i, (int)t->bundle,
			(int)t->block, (int)t->col0, (unsigned)want->node.i,
			(int)want->bundle, (int)want->block, (int)want->col0);
	if (t->row0 != want->row0 || t->n_row != want->n_row ||
	    t->n_col != want->n_col || t->n_bias != want->n_bias)
		return imc_arena_printf(a,
					"node '%s': bundle %d block %d has the "
					"wrong rows or columns",
					c->name, (int)t->bundle, (int)t->block);
	if (t->patch_h < 1 || t->patch_w < 1 || t->w != c->slices * t->n_col ||
	    t->h != t->n_row + t->n_bias)
		return imc_arena_printf(a,
					"node '%s': a tile of %d x %d cells "
					"has the wrong size",
					c->name, (int)t->w, (int)t->h);
	return NULL;
}

/* A walk over the tiles of the map. */
struct walk {
	const struct imc_map *m;
	int64_t at, end; /* the node's tiles that are left */
	struct imc_arena *a;
};

/* All blocks of the columns that begin at col0; their number goes to *n. */
static const char *check_columns(const struct cut *c, struct walk *w,
				 struct imc_tile *want, int64_t rows,
				 int64_t cols)
{
	int64_t n_block = imc_ceil_div(rows, c->block_rows);
	const char *bad = NULL;

	if (w->at >= w->end)
		return imc_arena_printf(w->a, "node '%s': tiles are missing",
					c->name);
	want->n_col = w->m->tile[w->at].n_col;
	if (want->n_col < 1 || want->n_col > cols - want->col0)
		return imc_arena_printf(w->a,
					"node '%s': a tile has %d columns",
					c->name, (int)want->n_col);
	if (w->end - w->at < n_block)
		return imc_arena_printf(w->a, "node '%s': tiles are missing",
					c->name);
	for (int64_t b = 0; b < n_block && !bad; b++) {
		want->block = (int32_t)b;
		want->row0 = (int32_t)(b * c->block_rows);
		want->n_row =
			(int32_t)imc_min_i64(c->block_rows, rows - want->row0);
		want->n_bias = b == n_block - 1 ? (int32_t)c->n_drive : 0;
		bad = check_tile(c, &w->m->tile[w->at++], want, w->a);
	}
	return bad;
}

/* In the order of map.h: bundle, column, block. */
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
		c = cut_of(g, (imc_node_id){(uint32_t)i});
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
static const char *check_alone(const struct spot *s, const struct spot *end,
			       struct imc_arena *a)
{
	for (const struct spot *o = s + 1; o < end; o++) {
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
		bad = check_alone(&s[i], s + m->n_tile, a);
		n_used += i == 0 || s[i].array != s[i - 1].array;
	}
	if (!bad && n_used != m->n_used)
		bad = imc_arena_printf(a, "%d arrays are in use, not %d",
				       (int)n_used, (int)m->n_used);
	return bad;
}
