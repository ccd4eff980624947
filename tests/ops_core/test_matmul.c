/* gemm and matmul nodes against index by index sums; equal, for integers. */
#include "tests/ops_core/rig.h"

/* The element of t at the index that `at` has after broadcasting. */
static float pick(const struct imc_tensor *t, int rank, const int64_t *at)
{
	int64_t i = 0;

	for (int k = 0; k < t->rank; k++) {
		int64_t x = at[rank - t->rank + k];

		i = i * t->dim[k] + (t->dim[k] == 1 ? 0 : x);
	}
	return ((const float *)t->data)[i];
}

/* Both operands have rank >= 2. */
static bool same_matmul(const struct imc_tensor *a, const struct imc_tensor *b,
			const struct imc_tensor *y)
{
	int64_t depth = a->dim[a->rank - 1], at[8], left[8], right[8];

	for (int64_t i = 0; i < imc_tensor_count(y); i++) {
		int64_t t = i;
		float sum = 0;

		for (int k = y->rank - 1; k >= 0; k--) {
			at[k] = t % y->dim[k];
			t /= y->dim[k];
		}
		memcpy(left, at, sizeof at);
		memcpy(right, at, sizeof at);
		for (int64_t d = 0; d < depth; d++) {
			left[y->rank - 1] = right[y->rank - 2] = d;
			sum += pick(a, y->rank, left) * pick(b, y->rank, right);
		}
		if (sum != ((const float *)y->data)[i])
			return false;
	}
	return true;
}

static void check_matmul(int ra, const int64_t *da, int rb, const int64_t *db,
			 int rank, const int64_t *want)
{
	struct rig r = rig_new(IMC_OP_MATMUL, 2, IMC_NCHW);
	struct imc_tensor a, b, y;

	a = *rig_input(&r, 0, ra, da, NULL);
	b = *rig_input(&r, 1, rb, db, NULL);
	y = rig_run(&r);
	CHECK(y.rank == rank &&
		      (rank == 0 ||
		       !memcmp(y.dim, want, (size_t)rank * sizeof *want)),
	      "rank %d of %d by %d", y.rank, ra, rb);
	if (ra > 1 && rb > 1 && y.data)
		CHECK(same_matmul(&a, &b, &y), "%d by %d", ra, rb);
	rig_free(&r);
}

#define D(...) ((int64_t[]){__VA_ARGS__})

static void check_shapes(void)
{
	check_matmul(2, D(3, 4), 2, D(4, 5), 2, D(3, 5));
	check_matmul(3, D(2, 3, 4), 2, D(4, 5), 3, D(2, 3, 5));
	check_matmul(2, D(3, 4), 3, D(6, 4, 5), 3, D(6, 3, 5));
	check_matmul(4, D(2, 1, 3, 4), 3, D(7, 4, 2), 4, D(2, 7, 3, 2));
	check_matmul(4, D(1, 3, 2, 4), 4, D(5, 1, 4, 3), 4, D(5, 3, 2, 3));
	check_matmul(2, D(3, 4), 1, D(4), 1, D(3));
	check_matmul(1, D(4), 2, D(4, 3), 1, D(3));
	check_matmul(1, D(4), 3, D(2, 4, 3), 2, D(2, 3));
	check_matmul(2, D(0, 4), 2, D(4, 3), 2, D(0, 3));
	check_matmul(2, D(3, 0), 2, D(0, 3), 2, D(3, 3));
	check_matmul(2, D(3, 4), 2, D(3, 4), 0, NULL);
	check_matmul(3, D(2, 3, 4), 3, D(3, 4, 5), 0, NULL);
}

static void check_vectors(void)
{
	struct rig r = rig_new(IMC_OP_MATMUL, 2, IMC_NCHW);
	struct imc_tensor y;

	rig_input(&r, 0, 1, D(3), (float[]){1, 2, 3});
	rig_input(&r, 1, 1, D(3), (float[]){4, 5, 6});
	y = rig_run(&r);
	OK(y.rank == 0 && y.data && *(float *)y.data == 32);
	rig_free(&r);
}

/* y = 2 * op(a) * op(b) + 3 * c */
static void check_gemm(bool ta, bool tb, int rank_c, const int64_t *dc)
{
	enum { M = 3, K = 5, N = 4 };
	struct rig r = rig_new(IMC_OP_GEMM, 3, IMC_NCHW);
	struct imc_attrs *at = &rig_node(&r)->a;
	struct imc_tensor a, b, c = {0}, y;
	bool ok = true;

	at->trans_a[0] = ta;
	at->trans_b[0] = tb;
	at->alpha[0] = 2;
	at->beta[0] = 3;
	a = *rig_input(&r, 0, 2, ta ? D(K, M) : D(M, K), NULL);
	b = *rig_input(&r, 1, 2, tb ? D(N, K) : D(K, N), NULL);
	if (rank_c >= 0)
		c = *rig_input(&r, 2, rank_c, dc, NULL);
	y = rig_run(&r);
	for (int64_t i = 0; i < M && y.data; i++)
		for (int64_t j = 0; j < N; j++) {
			float sum = 0;

			for (int64_t k = 0; k < K; k++)
				sum += pick(&a, 2, ta ? D(k, i) : D(i, k)) *
				       pick(&b, 2, tb ? D(j, k) : D(k, j));
			sum *= 2;
			if (c.data)
				sum += 3 * pick(&c, 2, D(i, j));
			ok = ok && sum == pick(&y, 2, D(i, j));
		}
	CHECK(y.data && ok, "%d %d c of rank %d", ta, tb, rank_c);
	rig_free(&r);
}

/* A node of another element type: the product of 2 x 2 matrices. */
static void check_typed(enum imc_dtype t, const void *a, const void *b,
			const void *want)
{
	struct rig r = rig_new(IMC_OP_MATMUL, 2, IMC_NCHW);
	struct imc_tensor x = {.dtype = t, .rank = 2, .dim = {2, 2}}, y;

	x.data = (void *)(uintptr_t)a;
	rig_node(&r)->in[0] = imc_graph_add_const(r.g, "a", &x);
	x.data = (void *)(uintptr_t)b;
	rig_node(&r)->in[1] = imc_graph_add_const(r.g, "b", &x);
	y = rig_run(&r);
	CHECK(y.data && !memcmp(y.data, want, imc_tensor_bytes(&y)), "%s",
	      imc_dtype_name(t));
	rig_free(&r);
}

int main(void)
{
	const int32_t a[] = {1, -2, 3, INT32_MAX}, b[] = {5, 6, -7, 2};
	const int32_t y[] = {19, 2, -2147483626, 16};
	const int64_t la[] = {1, -2, 3, 4}, lb[] = {5, 6, -7, 2};
	const int64_t ly[] = {19, 2, -13, 26};
	const double da[] = {1, -2, 3, 0.5}, db[] = {5, 6, -7, 2};
	const double dy[] = {19, 2, 11.5, 19};

	check_shapes();
	check_vectors();
	for (int i = 0; i < 4; i++) {
		check_gemm(i & 1, i & 2, -1, NULL);
		check_gemm(i & 1, i & 2, 0, NULL);
		check_gemm(i & 1, i & 2, 1, D(4));
		check_gemm(i & 1, i & 2, 1, D(1));
		check_gemm(i & 1, i & 2, 2, D(3, 1));
		check_gemm(i & 1, i & 2, 2, D(1, 4));
		check_gemm(i & 1, i & 2, 2, D(3, 4));
	}
	check_typed(IMC_I32, a, b, y);
	check_typed(IMC_I64, la, lb, ly);
	check_typed(IMC_F64, da, db, dy);
	return check_result();
}
