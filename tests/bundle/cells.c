/* What a bundle for one-bit cells programs, against its module.
 *
 *     cells FOLDER NAME   for each layer on the arrays prints
 *                         "NAME" WEIGHT-BITS ACT-BITS COPIES TILES
 *
 * Every layer has the tiles that its bits, cut and copies make; the sum over
 * slices s of cells times 2^s, that of the highest one negative, is the weight,
 * in each copy; what it reads has the codes of its bits. */
#include <string.h>

#include "backend/bundle/read_images.h"
#include "frontend/data/data.h"
#include "hwdesc/hw.h"
#include "ir/support/checked.h"
#include "ir/text.h"
#include "tests/check.h"

struct world {
	struct imc_diags d;
	const char *dir, *name;
	struct imc_module *m;
	struct imc_images img;
};

static const void *read(struct world *w, const char *tail, size_t *size)
{
	const char *path = imc_arena_printf(w->d.arena, "%s/%s", w->dir, tail);

	return imc_file_read(path, w->d.arena, &w->d, size);
}

static const char *of_module(struct world *w, const char *tail)
{
	return imc_arena_printf(w->d.arena, "module/%s.%s", w->name, tail);
}

static bool open_module(struct world *w)
{
	size_t n = 0, n_blob = 0;
	const void *text = read(w, of_module(w, "imc"), &n);
	const void *blob = read(w, of_module(w, "bin"), &n_blob);

	if (text && blob)
		w->m = imc_text_parse("module", text, n, blob, n_blob,
				      &imc_hw_text, &w->d);
	return w->m && imc_module_verify(w->m);
}

static bool open_images(struct world *w)
{
	const struct imc_map *m = &w->m->map;
	bool ok = true;

	w->img = (struct imc_images){m->n_used, m->array_rows, m->array_cols,
				     NULL};
	w->img.cell = imc_arena_array(w->d.arena, (size_t)m->n_used,
				      sizeof *w->img.cell);
	for (int32_t k = 0; k < m->n_used && ok; k++) {
		size_t n = 0,
		       size = (size_t)m->array_rows * (size_t)m->array_cols;
		const char *path =
			imc_image_path(w->d.arena, w->name, k, m->n_used);
		const void *bytes = read(w, path, &n);

		w->img.cell[k] = imc_arena_alloc(w->d.arena, size);
		ok = bytes &&
		     imc_image_read(path, bytes, n, m->array_rows,
				    m->array_cols, w->img.cell[k], &w->d);
	}
	return ok;
}

/* A layer, and its weights as the cells of each copy make them:
 * sum[copy][output channel][row of its bundle]. */
struct layer {
	const struct imc_node *n;
	const struct imc_assign *as;
	struct imc_matrix mx;
	int64_t bundle, rows, k; /* rows: of a bundle's matrix */
	int32_t *sum;
};

static struct layer open_layer(struct world *w, imc_node_id id)
{
	struct layer l = {.n = imc_node_at(w->m->g, id),
			  .as = &w->m->map.assign[id.i]};

	l.mx = imc_matrix_of(w->m->g, l.n);
	l.bundle = l.as->bundle < l.mx.groups ? l.as->bundle : l.mx.groups;
	l.rows = l.mx.rows * l.bundle;
	l.k = (int64_t)l.mx.cols * l.mx.groups;
	l.sum = imc_arena_array(w->d.arena,
				(size_t)(l.as->copies * l.k * l.rows),
				sizeof *l.sum);
	return l;
}

/* Tiles of one copy and one slice. */
static int64_t n_rectangle(const struct world *w, const struct layer *l)
{
	int64_t n = 0, width = l->as->block_cols;

	if (width == 0 || width > w->m->map.array_cols)
		width = w->m->map.array_cols;
	for (int64_t g = 0; g < l->mx.groups; g += l->bundle) {
		int64_t of = imc_min_i64(l->bundle, l->mx.groups - g);

		n += imc_ceil_div(of * l->mx.rows, l->as->block_rows) *
		     imc_ceil_div(of * l->mx.cols, width);
	}
	return n;
}

static void add_tile(const struct world *w, const struct layer *l,
		     const struct imc_tile *t)
{
	int64_t k0 = t->bundle * l->bundle * l->mx.cols + t->col0;
	bool highest = t->slice0 == l->as->weight_bits - 1;
	int wrong = 0;

	CHECK(t->n_slice == 1, "a tile of %d slices", (int)t->n_slice);
	for (int32_t r = 0; r < t->n_row; r++)
		for (int32_t j = 0; j < t->n_col; j++) {
			int8_t cell =
				w->img.cell[t->array][(t->y + r) * w->img.cols +
						      t->x + j];
			int32_t value = cell * (1 << t->slice0);

			wrong += cell != 0 && cell != 1;
			l->sum[(t->copy * l->k + k0 + j) * l->rows + t->row0 +
			       r] += highest ? -value : value;
		}
	CHECK(!wrong, "node '%s': %d cells of more than a bit", l->n->name,
	      wrong);
}

/* The weight of output channel k at row r of its bundle. */
static int32_t weight(const struct world *w, const struct layer *l, int64_t k,
		      int64_t r)
{
	const struct imc_tensor *t = &imc_node_in(w->m->g, l->n, 1)->t;
	int64_t of = t->dim[3], first = k / l->mx.cols / l->bundle * l->bundle;
	int64_t groups = imc_min_i64(l->bundle, l->mx.groups - first);
	int64_t tap = r / (groups * of), c = r % (groups * of);

	if (r >= groups * l->mx.rows || first + c / of != k / l->mx.cols)
		return 0;
	return ((const int8_t *)t->data)[k * l->mx.rows + tap * of + c % of];
}

static void check_weights(const struct world *w, const struct layer *l)
{
	int64_t wrong = 0, n = l->k * l->rows;
	int32_t low = 0, high = 0, end = 1 << (l->as->weight_bits - 1);

	for (int64_t i = 0; i < l->as->copies * n; i++) {
		int32_t x = weight(w, l, i % n / l->rows, i % l->rows);

		wrong += l->sum[i] != x;
		low = x < low ? x : low;
		high = x > high ? x : high;
	}
	CHECK(!wrong, "node '%s': %lld weights differ", l->n->name,
	      (long long)wrong);
	/* all bits are in use */
	CHECK(low >= -end && high < end && (low < -end / 2 || high >= end / 2),
	      "node '%s': weights %d to %d in %d bits", l->n->name, (int)low,
	      (int)high, (int)l->as->weight_bits);
}

/* Behind whatever only moves codes: who computes what n reads. */
static const struct imc_node *producer(const struct imc_graph *g,
				       const struct imc_node *n)
{
	for (;;) {
		const struct imc_value *x = imc_node_in(g, n, 0);

		if (!imc_node_ok(x->def))
			return NULL;
		n = imc_node_at(g, x->def);
		if (n->op != IMC_OP_RESHAPE && n->op != IMC_OP_FLATTEN &&
		    n->op != IMC_OP_MAX_POOL)
			return n;
	}
}

static void check_inputs(const struct world *w, const struct layer *l)
{
	const struct imc_node *from = producer(w->m->g, l->n);
	int64_t codes = from ? from->a.hi[0] - from->a.lo[0] + 1 : 256;

	CHECK(codes <= 1 << l->as->act_bits,
	      "node '%s' reads %lld codes in %d bits", l->n->name,
	      (long long)codes, (int)l->as->act_bits);
}

static void check_layer(struct world *w, imc_node_id id)
{
	struct layer l = open_layer(w, id);
	const struct imc_assign *as = l.as;
	int64_t want = as->weight_bits * n_rectangle(w, &l) * as->copies;

	CHECK(as->slices == as->weight_bits && l.n->a.slice_bits[0] == 1,
	      "node '%s'", l.n->name);
	CHECK(as->n_tile == want, "node '%s': %d tiles, wanted %lld", l.n->name,
	      (int)as->n_tile, (long long)want);
	for (int32_t i = 0; i < as->n_tile; i++)
		add_tile(w, &l, &w->m->map.tile[as->first_tile + i]);
	check_weights(w, &l);
	check_inputs(w, &l);
	printf("\"%s\" %d %d %d %d\n", l.n->name, (int)as->weight_bits,
	       (int)as->act_bits, (int)as->copies, (int)as->n_tile);
}

/* Cells of an array that no tile has. */
static void check_rest(const struct world *w)
{
	int64_t set = 0, size = (int64_t)w->img.rows * w->img.cols;

	for (int32_t k = 0; k < w->img.n; k++)
		for (int64_t i = 0; i < size; i++)
			set += w->img.cell[k][i];
	for (size_t i = 0; i < w->m->map.n_tile; i++) {
		const struct imc_tile *t = &w->m->map.tile[i];

		for (int64_t r = 0; r < t->h; r++)
			for (int64_t j = 0; j < t->w; j++)
				set -= w->img.cell[t->array]
						  [(t->y + r) * w->img.cols +
						   t->x + j];
	}
	CHECK(!set, "%lld cells without a tile are set", (long long)set);
}

int main(int argc, char **argv)
{
	struct world w = {.d = {.arena = imc_arena_new()}};
	bool ok;

	if (argc != 3) {
		fprintf(stderr, "usage: cells FOLDER NAME\n");
		return 2;
	}
	w.dir = argv[1];
	w.name = argv[2];
	ok = open_module(&w) && open_images(&w);
	for (size_t i = 0; ok && i < w.m->g->n_order; i++)
		if (w.m->map.assign[w.m->g->order[i].i].engine ==
		    IMC_ENGINE_CROSSBAR)
			check_layer(&w, w.m->g->order[i]);
	if (ok)
		check_rest(&w);
	for (size_t i = 0; i < w.d.n; i++)
		fprintf(stderr, "%s\n", w.d.v[i].text);
	CHECK(ok, "%s cannot be read", w.dir);
	if (w.m)
		imc_module_free(w.m);
	imc_arena_free(w.d.arena);
	return check_result();
}
