/* move.c: the same elements elsewhere, of any type. */
#include <string.h>

#include "ir/broadcast.h"
#include "ir/op/lane.h"
#include "ir/op/move.h"
#include "ir/op/strided.h"
#include "ir/support/checked.h"
#include "ir/window.h"

static bool type_transpose(const struct imc_typing *t)
{
	const struct imc_tensor *x = imc_typing_in(t, 0);
	struct imc_ints *perm = &t->n->a.perm;
	struct imc_tensor y = *x;

	if (perm->n == 0)
		for (; perm->n < x->rank; perm->n++)
			perm->v[perm->n] = x->rank - 1 - perm->n;
	if (perm->n != x->rank)
		return imc_typing_fail(t, "perm has %d axes; the input has %d",
				       perm->n, x->rank);
	if (!imc_typing_axes(t, perm, x->rank))
		return false;
	for (int i = 0; i < y.rank; i++)
		y.dim[i] = x->dim[perm->v[i]];
	return imc_typing_set(t, 0, &y);
}

static void transpose(const struct imc_node *n, const struct imc_tensor *x,
		      struct imc_tensor *y)
{
	int64_t sx[IMC_MAX_RANK], sy[IMC_MAX_RANK];
	struct imc_rows r = {0};

	imc_row_major(x, sx);
	imc_row_major(y, sy);
	for (int i = 0; i < y->rank; i++)
		imc_rows_axis(&r, y->dim[i], sy[i], sx[n->a.perm.v[i]]);
	imc_copy_strided(&r, y->data, x->data, imc_dtype_size(x->dtype));
}

/* Equal in all axes but one. */
static bool same_but(const struct imc_tensor *a, const struct imc_tensor *b,
		     int64_t axis)
{
	if (a->rank != b->rank)
		return false;
	for (int i = 0; i < a->rank; i++)
		if (i != axis && a->dim[i] != b->dim[i])
			return false;
	return true;
}

static bool type_concat(const struct imc_typing *t)
{
	struct imc_tensor y = *imc_typing_in(t, 0);
	int64_t *axis = &t->n->a.axis[0];

	if (!imc_typing_axis(t, axis, y.rank))
		return false;
	for (int k = 1; k < t->n->n_in; k++) {
		const struct imc_tensor *x = imc_typing_in(t, k);

		if (!imc_typing_same(t, k))
			return false;
		if (!same_but(&y, x, *axis))
			return imc_typing_fail(t,
					       "input %d has shape %s, which "
					       "does not continue %s along "
					       "axis %d",
					       k, imc_typing_text(t, x),
					       imc_typing_text(t, &y),
					       (int)*axis);
		if (__builtin_add_overflow(y.dim[*axis], x->dim[*axis],
					   &y.dim[*axis]))
			return imc_typing_fail(t, "the output is too large");
	}
	return imc_typing_set(t, 0, &y);
}

/* Copies `rows` runs of run bytes between arrays of other run lengths. */
static void copy_runs(char *dst, size_t dst_step, const char *src,
		      size_t src_step, size_t run, int64_t rows)
{
	for (int64_t i = 0; i < rows; i++)
		memcpy(dst + (size_t)i * dst_step, src + (size_t)i * src_step,
		       run);
}

/* Bytes of one index of everything before `axis`. */
static size_t run_bytes(const struct imc_tensor *t, int axis)
{
	return (size_t)imc_span(t, axis, t->rank) * imc_dtype_size(t->dtype);
}

static void concat(const struct imc_node *n, const struct imc_tensor *in,
		   struct imc_tensor *y)
{
	int axis = (int)n->a.axis[0];
	int64_t rows = imc_span(y, 0, axis);
	size_t step = run_bytes(y, axis), at = 0;

	for (int k = 0; k < n->n_in; k++) {
		size_t run = run_bytes(&in[k], axis);

		copy_runs((char *)y->data + at, step, in[k].data, run, run,
			  rows);
		at += run;
	}
}

/* The size of part k of the split axis: of the list (NULL: none), of the
 * attribute, or equal parts of which the last may be smaller. A list can be
 * longer than struct imc_ints holds, so only a short one is an attribute. */
static int64_t part_size(const struct imc_node *n,
			 const struct imc_tensor *list, int64_t size, int k)
{
	int64_t part = imc_ceil_div(size, n->n_out);

	if (list)
		return imc_i64_at(list, k);
	if (n->a.split.n)
		return n->a.split.v[k];
	return imc_max_i64(0, imc_min_i64(part, size - k * part));
}

static bool take_parts(const struct imc_typing *t)
{
	const struct imc_tensor *list = imc_typing_in(t, 1);

	if (!list)
		return true;
	if (!imc_typing_takes(t, 1, IMC_INDICES) || !imc_typing_const(t, 1))
		return false;
	if (imc_tensor_count(list) > IMC_MAX_RANK)
		return true;
	if (!imc_typing_ints(t, 1, &t->n->a.split))
		return false;
	imc_typing_drop(t, 1);
	return true;
}

static bool check_parts(const struct imc_typing *t, int64_t size)
{
	const struct imc_tensor *list = imc_typing_in(t, 1);
	int64_t n = list ? imc_tensor_count(list) : t->n->a.split.n, sum = 0;

	if (n && n != t->n->n_out)
		return imc_typing_fail(t, "%lld parts for %d outputs",
				       (long long)n, t->n->n_out);
	for (int k = 0; k < t->n->n_out; k++) {
		int64_t part = part_size(t->n, list, size, k);

		if (part < 0 || part > size - sum)
			return imc_typing_fail(t,
					       "part %d of %lld does not "
					       "fit an axis of size %lld",
					       k, (long long)part,
					       (long long)size);
		sum += part;
	}
	if (sum != size)
		return imc_typing_fail(t, "the parts cover %lld of %lld",
				       (long long)sum, (long long)size);
	return true;
}

static bool type_split(const struct imc_typing *t)
{
	struct imc_tensor y = *imc_typing_in(t, 0);
	int64_t *axis = &t->n->a.axis[0], size;

	if (!imc_typing_axis(t, axis, y.rank) || !take_parts(t))
		return false;
	size = y.dim[*axis];
	if (!check_parts(t, size))
		return false;
	for (int k = 0; k < t->n->n_out; k++) {
		y.dim[*axis] = part_size(t->n, imc_typing_in(t, 1), size, k);
		if (!imc_typing_set(t, k, &y))
			return false;
	}
	return true;
}

static void split(const struct imc_node *n, const struct imc_tensor *in,
		  struct imc_tensor *out)
{
	const struct imc_tensor *x = &in[0];
	const struct imc_tensor *list =
		n->n_in > 1 && in[1].data ? &in[1] : NULL;
	int axis = (int)n->a.axis[0];
	size_t step = run_bytes(x, axis), each = run_bytes(x, axis + 1);
	size_t at = 0;

	for (int k = 0; k < n->n_out; k++) {
		size_t run = each * (size_t)part_size(n, list, x->dim[axis], k);

		if (out[k].data)
			copy_runs(out[k].data, run, (const char *)x->data + at,
				  step, run, imc_span(x, 0, axis));
		at += run;
	}
}

static bool type_expand(const struct imc_typing *t)
{
	struct imc_tensor y = *imc_typing_in(t, 0), shape = y;
	struct imc_ints dims;

	if (!imc_typing_ints(t, 1, &dims))
		return false;
	shape.rank = dims.n;
	for (int i = 0; i < dims.n; i++)
		shape.dim[i] = dims.v[i];
	if (!imc_broadcast_shape(&y, &shape))
		return imc_diag(t->d, t->n->loc, IMC_D_OP_BROADCAST,
				imc_typing_text(t, imc_typing_in(t, 0)),
				imc_typing_text(t, &shape));
	return imc_typing_set(t, 0, &y);
}

static bool type_tile(const struct imc_typing *t)
{
	struct imc_tensor y = *imc_typing_in(t, 0);
	struct imc_ints times;

	if (!imc_typing_ints(t, 1, &times))
		return false;
	if (times.n != y.rank)
		return imc_typing_fail(t, "%d repeats for %d axes", times.n,
				       y.rank);
	for (int i = 0; i < y.rank; i++)
		if (times.v[i] < 0 ||
		    !imc_mul_i64(y.dim[i], times.v[i], &y.dim[i]))
			return imc_typing_fail(t, "axis %d repeated %lld times",
					       i, (long long)times.v[i]);
	return imc_typing_set(t, 0, &y);
}

static void expand(const struct imc_tensor *x, struct imc_tensor *y)
{
	struct imc_rows r = {0};

	imc_rows_broadcast(&r, y, x, 1);
	imc_copy_strided(&r, y->data, x->data, imc_dtype_size(x->dtype));
}

/* Each axis of y is two of the walk: the repeats and the input's axis. */
static void tile(const struct imc_tensor *x, struct imc_tensor *y)
{
	int64_t sx[IMC_MAX_RANK], sy[IMC_MAX_RANK];
	struct imc_rows r = {0};

	if (imc_tensor_count(y) == 0)
		return;
	imc_row_major(x, sx);
	imc_row_major(y, sy);
	for (int i = 0; i < x->rank; i++) {
		imc_rows_axis(&r, y->dim[i] / x->dim[i], sy[i] * x->dim[i], 0);
		imc_rows_axis(&r, x->dim[i], sy[i], sx[i]);
	}
	imc_copy_strided(&r, y->data, x->data, imc_dtype_size(x->dtype));
}

static bool type_blocks(const struct imc_typing *t)
{
	struct imc_tensor y = *imc_typing_in(t, 0);
	int64_t b = t->n->a.size[0], area = b * b;
	struct imc_plane p;

	if (y.rank != 4)
		return imc_typing_fail(t, "the input has rank %d, not 4",
				       y.rank);
	p = imc_plane_of(&y, t->g->layout);
	if (t->n->op == IMC_OP_DEPTH_TO_SPACE) {
		if (p.c % area)
			return imc_typing_fail(t,
					       "%lld channels are not a "
					       "multiple of %lld",
					       (long long)p.c, (long long)area);
		if (!imc_mul_i64(p.h, b, &p.h) || !imc_mul_i64(p.w, b, &p.w))
			return imc_typing_fail(t, "the output is too large");
		p.c /= area;
	} else {
		if (p.h % b || p.w % b)
			return imc_typing_fail(t,
					       "%lld x %lld positions are "
					       "not blocks of %lld",
					       (long long)p.h, (long long)p.w,
					       (long long)b);
		if (!imc_mul_i64(p.c, area, &p.c))
			return imc_typing_fail(t, "the output is too large");
		p.h /= b;
		p.w /= b;
	}
	imc_plane_shape(&y, t->g->layout, p.n, p.c, p.h, p.w);
	return imc_typing_set(t, 0, &y);
}

/* The deep tensor has channels (i, j, c), or (c, i, j) in mode CRD, where
 * the wide one has positions h*b+i, w*b+j. Operand 0 wide, 1 deep. */
static void block_rows(struct imc_rows *r, const struct imc_node *n,
		       const struct imc_plane *wide,
		       const struct imc_plane *deep)
{
	int64_t b = n->a.size[0];
	bool crd = n->op == IMC_OP_DEPTH_TO_SPACE && n->a.mode[0] == 1;
	int64_t sc = deep->sc * (crd ? b * b : 1);
	int64_t sj = deep->sc * (crd ? 1 : wide->c);

	imc_rows_axis(r, deep->n, wide->sn, deep->sn);
	imc_rows_axis(r, wide->c, wide->sc, sc);
	imc_rows_axis(r, deep->h, wide->sh * b, deep->sh);
	imc_rows_axis(r, b, wide->sh, sj * b);
	imc_rows_axis(r, deep->w, wide->sw * b, deep->sw);
	imc_rows_axis(r, b, wide->sw, sj);
}

static void blocks(const struct imc_graph *g, const struct imc_node *n,
		   const struct imc_tensor *x, struct imc_tensor *y)
{
	struct imc_plane px = imc_plane_of(x, g->layout);
	struct imc_plane py = imc_plane_of(y, g->layout);
	struct imc_rows r = {0};

	if (n->op == IMC_OP_DEPTH_TO_SPACE) {
		block_rows(&r, n, &py, &px);
	} else {
		block_rows(&r, n, &px, &py);
		for (int i = 0; i < r.rank; i++) {
			int64_t s = r.stride[0][i];

			r.stride[0][i] = r.stride[1][i];
			r.stride[1][i] = s;
		}
	}
	imc_copy_strided(&r, y->data, x->data, imc_dtype_size(x->dtype));
}

static bool type_trilu(const struct imc_typing *t)
{
	const struct imc_tensor *x = imc_typing_in(t, 0);
	const struct imc_tensor *k = imc_typing_in(t, 1);

	if (x->rank < 2)
		return imc_typing_fail(t,
				       "the input has rank %d; at least 2 "
				       "would do",
				       x->rank);
	if (k &&
	    (!imc_typing_takes(t, 1, IMC_INDICES) || imc_tensor_count(k) != 1))
		return imc_typing_fail(t, "the diagonal is not one integer");
	return imc_typing_set(t, 0, x);
}

static void trilu(const struct imc_node *n, const struct imc_tensor *in,
		  struct imc_tensor *y)
{
	int64_t h = y->dim[y->rank - 2], w = y->dim[y->rank - 1];
	int64_t k = n->n_in > 1 && in[1].data ? imc_i64_at(&in[1], 0) : 0;
	int64_t rows = imc_span(y, 0, y->rank - 1);
	size_t size = imc_dtype_size(y->dtype);

	k = imc_max_i64(-h, imc_min_i64(k, w));
	for (int64_t i = 0; i < rows; i++) {
		/* columns at and right of the diagonal start at `cut` */
		int64_t cut = i % h + k + (n->a.upper[0] ? 0 : 1);
		int64_t from, to;

		cut = imc_max_i64(0, imc_min_i64(cut, w));
		from = i * w + (n->a.upper[0] ? cut : 0);
		to = i * w + (n->a.upper[0] ? w : cut);
		memcpy((char *)y->data + (size_t)from * size,
		       (const char *)in[0].data + (size_t)from * size,
		       (size_t)(to - from) * size);
	}
}

static bool (*const rules[IMC_N_OP])(const struct imc_typing *) = {
	[IMC_OP_TRANSPOSE] = type_transpose,
	[IMC_OP_CONCAT] = type_concat,
	[IMC_OP_SPLIT] = type_split,
	[IMC_OP_SLICE] = imc_slice_type,
	[IMC_OP_PAD] = imc_pad_type,
	[IMC_OP_EXPAND] = type_expand,
	[IMC_OP_TILE] = type_tile,
	[IMC_OP_DEPTH_TO_SPACE] = type_blocks,
	[IMC_OP_SPACE_TO_DEPTH] = type_blocks,
	[IMC_OP_TRILU] = type_trilu,
};

bool imc_type_move(struct imc_graph *g, struct imc_node *n, struct imc_diags *d)
{
	const struct imc_typing t = {g, n, d};

	if (!imc_typing_begin(&t, n->op == IMC_OP_SPLIT ? INT32_MAX : 1) ||
	    !imc_typing_takes(&t, 0, IMC_ANY_TYPE))
		return false;
	return rules[n->op](&t);
}

void imc_eval_move(const struct imc_graph *g, const struct imc_node *n,
		   const struct imc_tensor *in, struct imc_tensor *out,
		   struct imc_arena *scratch)
{
	if (n->op == IMC_OP_TRANSPOSE)
		transpose(n, &in[0], &out[0]);
	else if (n->op == IMC_OP_CONCAT)
		concat(n, in, &out[0]);
	else if (n->op == IMC_OP_SPLIT)
		split(n, in, out);
	else if (n->op == IMC_OP_SLICE)
		imc_slice_eval(n, &in[0], &out[0]);
	else if (n->op == IMC_OP_PAD)
		imc_pad_eval(g, n, in, &out[0], scratch);
	else if (n->op == IMC_OP_EXPAND)
		expand(&in[0], &out[0]);
	else if (n->op == IMC_OP_TILE)
		tile(&in[0], &out[0]);
	else if (n->op == IMC_OP_TRILU)
		trilu(n, in, &out[0]);
	else
		blocks(g, n, &in[0], &out[0]);
}
