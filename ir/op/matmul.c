#include <inttypes.h>

#include "ir/eval.h"
#include "ir/op.h"
#include "ir/op/typing.h"
#include "ir/support/checked.h"

#define MULTIPLIED                                                             \
	(IMC_TYPE_BIT(F32) | IMC_TYPE_BIT(F64) | IMC_TYPE_BIT(I32) |           \
	 IMC_TYPE_BIT(I64) | IMC_TYPE_BIT(U32) | IMC_TYPE_BIT(U64))

/* ---- types ---- */

static bool check_types(const struct imc_typing *t)
{
	enum imc_dtype type = imc_typing_in(t, 0)->dtype;

	if (!(MULTIPLIED >> type & 1))
		return imc_typing_fail(t,
				       "elements of type %s are not supported",
				       imc_dtype_name(type));
	return imc_typing_dtype(t, 1, type) && imc_typing_dtype(t, 2, type);
}

static bool check_inner(const struct imc_typing *t, int64_t ka, int64_t kb)
{
	if (ka == kb)
		return true;
	return imc_typing_fail(t,
			       "a row of the first operand has %" PRId64
			       " elements, a column of the second %" PRId64,
			       ka, kb);
}

static bool type_gemm(const struct imc_typing *t)
{
	const struct imc_node *n = t->n;
	const struct imc_tensor *a = imc_typing_in(t, 0);
	const struct imc_tensor *b = imc_typing_in(t, 1);
	const struct imc_value *c = imc_node_in(t->g, n, 2);
	int ta = (int)n->a.trans_a[0], tb = (int)n->a.trans_b[0];
	struct imc_tensor y = {.dtype = a->dtype, .rank = 2};

	if (a->rank != 2 || b->rank != 2)
		return imc_typing_fail(t, "operands have rank %d and %d, not 2",
				       a->rank, b->rank);
	if (!check_inner(t, a->dim[!ta], b->dim[tb]))
		return false;
	y.dim[0] = a->dim[ta];
	y.dim[1] = b->dim[!tb];
	for (int i = 1; c && i <= c->t.rank; i++)
		if (c->t.rank > 2 || (c->t.dim[c->t.rank - i] != 1 &&
				      c->t.dim[c->t.rank - i] != y.dim[2 - i]))
			return imc_typing_fail(t,
					       "'%s' does not broadcast to "
					       "%" PRId64 "x%" PRId64,
					       c->name, y.dim[0], y.dim[1]);
	return imc_typing_set(t, 0, &y);
}

/* An operand of matmul as a batch of matrices; a vector is a row on the left
 * and a column on the right. step[i]: elements to the next matrix along batch
 * axis i of the result, 0 where it is broadcast. */
struct batch {
	int rank;
	int64_t dim[IMC_MAX_RANK], step[IMC_MAX_RANK];
	int64_t rows, cols;
};

static struct batch batch_of(const struct imc_tensor *t, bool left)
{
	struct batch b = {.rows = 1, .cols = 1};

	if (t->rank == 1) {
		*(left ? &b.cols : &b.rows) = t->dim[0];
		return b;
	}
	b.rank = t->rank - 2;
	for (int i = 0; i < b.rank; i++)
		b.dim[i] = t->dim[i];
	b.rows = t->dim[t->rank - 2];
	b.cols = t->dim[t->rank - 1];
	return b;
}

/* Sets the steps of b for batch axes dim of the result; false: b does not
 * broadcast to them. */
static bool broadcast(struct batch *b, int rank, const int64_t *dim)
{
	int shift = rank - b->rank;
	int64_t step = b->rows * b->cols;

	for (int i = rank - 1; i >= 0; i--) {
		int64_t have = i >= shift ? b->dim[i - shift] : 1;

		if (have != 1 && have != dim[i])
			return false;
		b->step[i] = have == 1 ? 0 : step;
		step *= have;
	}
	return true;
}

/* The batch axes of a * b: of each pair, the one that is not 1. */
static int join(const struct batch *a, const struct batch *b, int64_t *dim)
{
	int rank = a->rank > b->rank ? a->rank : b->rank;

	for (int i = 1; i <= rank; i++) {
		int64_t da = i <= a->rank ? a->dim[a->rank - i] : 1;
		int64_t db = i <= b->rank ? b->dim[b->rank - i] : 1;

		dim[rank - i] = da == 1 ? db : da;
	}
	return rank;
}

static bool type_matmul(const struct imc_typing *t)
{
	const struct imc_tensor *ta = imc_typing_in(t, 0);
	const struct imc_tensor *tb = imc_typing_in(t, 1);
	struct imc_tensor y = {.dtype = ta->dtype};
	struct batch a, b;

	if (ta->rank < 1 || tb->rank < 1)
		return imc_typing_fail(t, "an operand is a scalar");
	a = batch_of(ta, true);
	b = batch_of(tb, false);
	if (!check_inner(t, a.cols, b.rows))
		return false;
	y.rank = join(&a, &b, y.dim);
	if (!broadcast(&a, y.rank, y.dim) || !broadcast(&b, y.rank, y.dim))
		return imc_typing_fail(t, "the batches of the operands do not "
					  "broadcast");
	if (ta->rank > 1)
		y.dim[y.rank++] = a.rows;
	if (tb->rank > 1)
		y.dim[y.rank++] = b.cols;
	return imc_typing_set(t, 0, &y);
}

bool imc_type_matmul(struct imc_graph *g, struct imc_node *n,
		     struct imc_diags *d)
{
	const struct imc_typing t = {g, n, d};

	if (!check_types(&t))
		return false;
	return n->op == IMC_OP_GEMM ? type_gemm(&t) : type_matmul(&t);
}

/* ---- evaluation ---- */

/* y[m][n] = a[m][k] * b[k][n], dense rows. Integers wrap. */
struct product {
	enum imc_dtype dtype;
	int64_t m, n, k;
};

static void multiply_f32(const struct product *p, const void *a, const void *b,
			 void *y)
{
	imc_gemm(&(struct imc_gemm){.m = p->m,
				    .n = p->n,
				    .k = p->k,
				    .a = a,
				    .lda = p->k,
				    .b = b,
				    .ldb = p->n,
				    .c = y,
				    .ldc = p->n});
}

/* The plain product of one type; y is zeroed. `wide` does the arithmetic. */
#define MULTIPLY(name, type, wide)                                             \
	static void multiply_##name(const struct product *p, const void *pa,   \
				    const void *pb, void *py)                  \
	{                                                                      \
		const type *a = pa;                                            \
		type *y = py;                                                  \
                                                                               \
		for (int64_t i = 0; i < p->m; i++, y += p->n) {                \
			const type *b = pb;                                    \
			for (int64_t j = 0; j < p->k; j++, b += p->n, a++)     \
				for (int64_t l = 0; l < p->n; l++)             \
					y[l] = (type)((wide)y[l] +             \
						      (wide)*a * (wide)b[l]);  \
		}                                                              \
	}

MULTIPLY(f64, double, double)
MULTIPLY(32, uint32_t, uint32_t)
MULTIPLY(64, uint64_t, uint64_t)

static void multiply(const struct product *p, const void *a, const void *b,
		     void *y)
{
	if (p->dtype == IMC_F32)
		multiply_f32(p, a, b, y);
	else if (p->dtype == IMC_F64)
		multiply_f64(p, a, b, y);
	else if (imc_dtype_size(p->dtype) == 4)
		multiply_32(p, a, b, y); /* two's complement serves signed */
	else
		multiply_64(p, a, b, y);
}

/* t with its two axes exchanged. */
static const void *transposed(const struct imc_tensor *t,
			      struct imc_arena *scratch)
{
	size_t size = imc_dtype_size(t->dtype);
	size_t rows = (size_t)t->dim[0], cols = (size_t)t->dim[1];
	char *out = imc_arena_alloc(scratch, imc_tensor_bytes(t));
	const uint64_t *from8 = t->data;
	const uint32_t *from4 = t->data;

	for (size_t r = 0; r < rows; r++)
		for (size_t c = 0; c < cols; c++)
			if (size == 8)
				((uint64_t *)(void *)out)[c * rows + r] =
					from8[r * cols + c];
			else
				((uint32_t *)(void *)out)[c * rows + r] =
					from4[r * cols + c];
	return out;
}

/* Index into c of element (i, j) of the result that it is broadcast to. */
static int64_t index_c(const struct imc_tensor *c, int64_t i, int64_t j)
{
	int64_t cols = c->rank >= 1 ? c->dim[c->rank - 1] : 1;
	int64_t rows = c->rank >= 2 ? c->dim[0] : 1;

	return (rows == 1 ? 0 : i * cols) + (cols == 1 ? 0 : j);
}

/* y = alpha * y + beta * c for one type; via: what alpha and beta are cut to.
 */
#define SCALE(name, type, wide, via)                                           \
	static void scale_##name(const struct imc_node *n,                     \
				 const struct imc_tensor *c,                   \
				 struct imc_tensor *out)                       \
	{                                                                      \
		wide alpha = (wide)(via)n->a.alpha[0];                         \
		wide beta = (wide)(via)n->a.beta[0];                           \
		int64_t cols = out->dim[1];                                    \
		type *y = out->data;                                           \
                                                                               \
		for (int64_t i = 0; i < out->dim[0]; i++)                      \
			for (int64_t j = 0; j < cols; j++, y++) {              \
				wide v = alpha * (wide)*y;                     \
				if (c)                                         \
					v += beta *                            \
					     (wide)((const type *)             \
							    c->data)[index_c(  \
						     c, i, j)];                \
				*y = (type)v;                                  \
			}                                                      \
	}

SCALE(f32, float, float, float)
SCALE(f64, double, double, double)
SCALE(32, uint32_t, uint32_t, int64_t)
SCALE(64, uint64_t, uint64_t, int64_t)

static void eval_gemm(const struct imc_node *n, const struct imc_tensor *in,
		      struct imc_tensor *out, struct imc_arena *scratch)
{
	bool ta = n->a.trans_a[0], tb = n->a.trans_b[0];
	const struct imc_tensor *c = n->n_in > 2 && in[2].data ? &in[2] : NULL;
	const void *a = ta ? transposed(&in[0], scratch) : in[0].data;
	const void *b = tb ? transposed(&in[1], scratch) : in[1].data;
	struct product p = {out->dtype, out->dim[0], out->dim[1],
			    in[0].dim[!ta]};

	multiply(&p, a, b, out->data);
	if (out->dtype == IMC_F32)
		scale_f32(n, c, out);
	else if (out->dtype == IMC_F64)
		scale_f64(n, c, out);
	else if (imc_dtype_size(out->dtype) == 4)
		scale_32(n, c, out);
	else
		scale_64(n, c, out);
}

/* Elements from the start of an operand to its matrix for batch `at`. */
static int64_t batch_offset(const struct batch *b, int rank, const int64_t *dim,
			    int64_t at)
{
	int64_t offset = 0;

	for (int i = rank - 1; i >= 0; i--) {
		offset += at % dim[i] * b->step[i];
		at /= dim[i];
	}
	return offset;
}

static void eval_matmul(const struct imc_tensor *in, struct imc_tensor *out)
{
	struct batch a = batch_of(&in[0], true), b = batch_of(&in[1], false);
	size_t size = imc_dtype_size(out->dtype);
	int64_t dim[IMC_MAX_RANK], n_batch = 1;
	int rank = join(&a, &b, dim);
	struct product p = {out->dtype, a.rows, b.cols, a.cols};

	broadcast(&a, rank, dim);
	broadcast(&b, rank, dim);
	for (int i = 0; i < rank; i++)
		n_batch *= dim[i];
	if (b.rank == 0) {
		/* All rows of a times one b. */
		p.m *= n_batch;
		n_batch = 1;
	}
	for (int64_t i = 0; i < n_batch; i++) {
		int64_t oa = batch_offset(&a, rank, dim, i);
		int64_t ob = batch_offset(&b, rank, dim, i);

		multiply(&p, (const char *)in[0].data + (size_t)oa * size,
			 (const char *)in[1].data + (size_t)ob * size,
			 (char *)out->data + (size_t)(i * p.m * p.n) * size);
	}
}

void imc_eval_matmul(const struct imc_graph *g, const struct imc_node *n,
		     const struct imc_tensor *in, struct imc_tensor *out,
		     struct imc_arena *scratch)
{
	(void)g;
	if (n->op == IMC_OP_GEMM)
		eval_gemm(n, in, &out[0], scratch);
	else
		eval_matmul(in, &out[0]);
}
