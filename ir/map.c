#include "ir/map.h"

#include <string.h>

#include "ir/fields.h"
#include "ir/op/q_conv.h"
#include "ir/support/checked.h"

const char *imc_engine_name(enum imc_engine e)
{
	static const char *const name[IMC_N_ENGINE] = {
#define X(id, text) #text,
		IMC_ENGINES(X)
#undef X
	};

	return name[e];
}

/* Weights are [k, kh, kw, c / group] in both operators. */
struct imc_matrix imc_matrix_of(const struct imc_graph *g,
				const struct imc_node *n)
{
	const int64_t *w = imc_node_in(g, n, 1)->t.dim;
	const int64_t *y = imc_node_out(g, n, 0)->t.dim;
	int64_t group = n->a.group[0];

	return (struct imc_matrix){
		.rows = (int32_t)(w[1] * w[2] * w[3]),
		.cols = (int32_t)(w[0] / group),
		.groups = (int32_t)group,
		.batch = (int32_t)y[0],
		.out_h = (int32_t)y[1],
		.out_w = (int32_t)y[2],
		.kernel_h = (int32_t)w[1],
		.kernel_w = (int32_t)w[2],
		.stride_h = (int32_t)n->a.stride[0],
		.stride_w = (int32_t)n->a.stride[1],
		.dilated = n->a.dilation[0] > 1 || n->a.dilation[1] > 1,
		.n_window = y[0] * y[1] * y[2],
	};
}

bool imc_matrix_is_depthwise(const struct imc_matrix *mx)
{
	return mx->groups > 1 && mx->rows == mx->kernel_h * mx->kernel_w;
}

int32_t imc_patch_span(int32_t kernel, int32_t stride, int32_t n)
{
	return stride < kernel ? (n - 1) * stride + kernel : n * kernel;
}

int32_t imc_patch_index(int32_t kernel, int32_t stride, int32_t p, int32_t k)
{
	return p * (stride < kernel ? stride : kernel) + k;
}

int32_t imc_patch_offset(int32_t kernel, int32_t stride, int32_t u)
{
	return stride < kernel ? u : u / kernel * stride + u % kernel;
}

int64_t imc_tile_share(int64_t n_pixel, int32_t k, int32_t n_copy)
{
	return n_pixel * k / n_copy;
}

static int32_t arrays_in_use(const struct imc_map *m)
{
	int32_t n = 0;

	for (size_t i = 0; i < m->n_tile; i++)
		if (m->tile[i].array >= n)
			n = m->tile[i].array + 1;
	return n;
}

/* A q_conv2d with its constants only. */
static void open_weights(struct imc_q_conv *q, const struct imc_graph *g,
			 const struct imc_node *n)
{
	struct imc_tensor in[IMC_Q_CONV_IN] = {{.dtype = IMC_I8}};

	for (int k = 0; k < n->n_in && k < IMC_Q_CONV_IN; k++)
		if (imc_node_in(g, n, k))
			in[k] = imc_node_in(g, n, k)->t;
	imc_q_conv_open(q, g, n, in);
}

struct imc_q_piece imc_q_conv_tile(const struct imc_q_conv *q,
				   const struct imc_tile *t)
{
	return (struct imc_q_piece){.b = imc_q_conv_bundle(q, t->bundle),
				    .row0 = t->row0,
				    .n_row = t->n_row,
				    .col0 = t->col0,
				    .n_col = t->n_col,
				    .n_drive = t->n_bias,
				    .slice0 = t->slice0,
				    .slices = t->n_slice,
				    .patch_h = t->patch_h,
				    .patch_w = t->patch_w};
}

/* The cells of t, all pixels of its patch. */
static int8_t *cells_of(const struct imc_q_conv *q, const struct imc_tile *t,
			struct imc_arena *a)
{
	struct imc_q_piece p = imc_q_conv_tile(q, t);
	int64_t n = (p.n_row + p.n_drive) * p.slices * p.n_col;
	int8_t *one = imc_arena_alloc(a, (size_t)n), *all;

	imc_q_conv_cells(q, &p, t->slice0, one);
	if (t->patch_h == 1 && t->patch_w == 1)
		return one;
	all = imc_arena_array(a, (size_t)t->w, (size_t)t->h);
	imc_q_conv_spread(q, &p, one, all);
	return all;
}

static void program_tile(const struct imc_graph *g, const struct imc_tile *t,
			 const struct imc_images *img)
{
	struct imc_arena *scratch = imc_arena_new();
	struct imc_q_conv q;
	const int8_t *from;

	open_weights(&q, g, imc_node_at(g, t->node));
	from = cells_of(&q, t, scratch);
	for (int32_t r = 0; r < t->h; r++, from += t->w)
		memcpy(img->cell[t->array] +
			       (size_t)(t->y + r) * (size_t)img->cols + t->x,
		       from, (size_t)t->w);
	imc_arena_free(scratch);
}

struct imc_images imc_map_images(const struct imc_graph *g,
				 const struct imc_map *m, struct imc_arena *a)
{
	struct imc_images img = {.n = arrays_in_use(m),
				 .rows = m->array_rows,
				 .cols = m->array_cols};
	size_t size = (size_t)img.rows * (size_t)img.cols;

	img.cell = imc_arena_array(a, (size_t)img.n, sizeof *img.cell);
	for (int32_t k = 0; k < img.n; k++)
		img.cell[k] = imc_arena_alloc(a, size);
	for (size_t i = 0; i < m->n_tile; i++)
		if (m->tile[i].array >= 0)
			program_tile(g, &m->tile[i], &img);
	return img;
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

bool imc_map_equal(const struct imc_map *a, const struct imc_map *b)
{
	if (a->n_assign != b->n_assign || a->n_tile != b->n_tile ||
	    !imc_members_equal(imc_map_members, a, b) ||
	    !same_text(a->solver, b->solver) ||
	    !same_text(a->chooser, b->chooser))
		return false;
	for (size_t i = 0; i < a->n_assign; i++)
		if (a->assign[i].engine != b->assign[i].engine ||
		    !imc_members_equal(imc_assign_members, &a->assign[i],
				       &b->assign[i]))
			return false;
	for (size_t i = 0; i < a->n_tile; i++)
		if (a->tile[i].node.i != b->tile[i].node.i ||
		    !imc_members_equal(imc_tile_members, &a->tile[i],
				       &b->tile[i]))
			return false;
	return true;
}
