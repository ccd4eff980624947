/* reduce.c: reductions along axes, arg_max and arg_min, running sums.
 *
 * Floats are accumulated in double, integers in 64 bits that wrap. */
#include <math.h>
#include <string.h>

#include "ir/op/lane.h"
#include "ir/op/strided.h"
#include "ir/op/typing.h"
#include "ir/support/checked.h"

/* acc[i * step] op= x[i] for n lanes */
typedef void kernel(void *acc, int64_t step, const void *x, int64_t n);

#define KERNEL(name, T, expr)                                                  \
	static void name(void *av, int64_t step, const void *xv, int64_t n)    \
	{                                                                      \
		T *a = av;                                                     \
		const T *x = xv;                                               \
                                                                               \
		for (int64_t i = 0; i < n; i++) {                              \
			const T p = a[i * step], q = x[i];                     \
                                                                               \
			a[i * step] = (expr);                                  \
		}                                                              \
	}
KERNEL(sum_f64, double, p + q)
KERNEL(prod_f64, double, p *q)
KERNEL(max_f64, double, q > p || isnan(q) ? q : p)
KERNEL(min_f64, double, q < p || isnan(q) ? q : p)
KERNEL(l1_f64, double, p + fabs(q))
KERNEL(square_f64, double, p + q * q)
KERNEL(sum_u64, uint64_t, p + q)
KERNEL(prod_u64, uint64_t, p *q)
KERNEL(square_u64, uint64_t, p + q * q)
KERNEL(l1_i64, uint64_t, p + ((int64_t)q < 0 ? 0 - q : q))
KERNEL(max_i64, int64_t, q > p ? q : p)
KERNEL(min_i64, int64_t, q < p ? q : p)
KERNEL(max_u64, uint64_t, q > p ? q : p)
KERNEL(min_u64, uint64_t, q < p ? q : p)

enum finish { AS_IS, MEAN, ROOT, LOG, LOG_SUM_EXP };

/* real: of floats. integer, natural: of signed and u64 integers; NULL: they
 * are computed as floats. start: the result of nothing; of integers that is
 * the same number, saturated. */
static const struct row {
	kernel *real, *integer, *natural;
	double start;
	enum finish finish;
} rows[IMC_N_OP] = {
	[IMC_OP_REDUCE_SUM] = {sum_f64, sum_u64, sum_u64, 0, AS_IS},
	[IMC_OP_REDUCE_MEAN] = {sum_f64, sum_u64, sum_u64, 0, MEAN},
	[IMC_OP_REDUCE_MAX] = {max_f64, max_i64, max_u64, -INFINITY, AS_IS},
	[IMC_OP_REDUCE_MIN] = {min_f64, min_i64, min_u64, INFINITY, AS_IS},
	[IMC_OP_REDUCE_PROD] = {prod_f64, prod_u64, prod_u64, 1, AS_IS},
	[IMC_OP_REDUCE_L1] = {l1_f64, l1_i64, sum_u64, 0, AS_IS},
	[IMC_OP_REDUCE_L2] = {square_f64, NULL, NULL, 0, ROOT},
	[IMC_OP_REDUCE_SUM_SQUARE] = {square_f64, square_u64, square_u64, 0,
				      AS_IS},
	[IMC_OP_REDUCE_LOG_SUM] = {sum_f64, NULL, NULL, 0, LOG},
	[IMC_OP_REDUCE_LOG_SUM_EXP] = {sum_f64, NULL, NULL, 0, LOG_SUM_EXP},
};

static bool reduced(const struct imc_attrs *a, int axis)
{
	for (int i = 0; i < a->axes.n; i++)
		if (a->axes.v[i] == axis)
			return true;
	return false;
}

/* The shape of y from that of x without (or with size-1) reduced axes. */
static void reduce_shape(const struct imc_attrs *a, struct imc_tensor *y)
{
	int rank = 0;

	for (int i = 0; i < y->rank; i++) {
		bool gone = reduced(a, i);

		if (!gone || a->keepdims[0])
			y->dim[rank++] = gone ? 1 : y->dim[i];
	}
	y->rank = rank;
}

static bool type_reduce(const struct imc_typing *t)
{
	struct imc_attrs *a = &t->n->a;
	struct imc_tensor y;

	if (!imc_typing_takes(t, 0, IMC_NUMBERS))
		return false;
	if (imc_typing_in(t, 1)) {
		if (!imc_typing_ints(t, 1, &a->axes))
			return false;
		imc_typing_drop(t, 1);
	}
	y = *imc_typing_in(t, 0);
	if (!imc_typing_axes(t, &a->axes, y.rank))
		return false;
	if (a->axes.n == 0 && !a->noop_empty[0])
		for (; a->axes.n < y.rank; a->axes.n++)
			a->axes.v[a->axes.n] = a->axes.n;
	reduce_shape(a, &y);
	return imc_typing_set(t, 0, &y);
}

static bool type_arg(const struct imc_typing *t)
{
	struct imc_attrs *a = &t->n->a;
	struct imc_tensor y;

	if (!imc_typing_takes(t, 0, IMC_NUMBERS))
		return false;
	y = *imc_typing_in(t, 0);
	if (!imc_typing_axis(t, &a->axis[0], y.rank))
		return false;
	if (y.dim[a->axis[0]] == 0)
		return imc_typing_fail(t, "axis %d of the input is empty",
				       (int)a->axis[0]);
	a->axes.n = 1;
	a->axes.v[0] = a->axis[0];
	reduce_shape(a, &y);
	a->axes.n = 0;
	a->axes.v[0] = 0;
	y.dtype = IMC_I64;
	return imc_typing_set(t, 0, &y);
}

static bool type_cum_sum(const struct imc_typing *t)
{
	const struct imc_tensor *axis;
	int64_t value;

	if (!imc_typing_takes(t, 0, IMC_NUMBERS) ||
	    !imc_typing_takes(t, 1, IMC_INDICES))
		return false;
	axis = imc_typing_in(t, 1);
	if (imc_tensor_count(axis) != 1)
		return imc_typing_fail(t,
				       "axis has shape %s; one integer "
				       "would do",
				       imc_typing_text(t, axis));
	value = axis->data ? imc_i64_at(axis, 0) : 0;
	if (!imc_typing_axis(t, &value, imc_typing_in(t, 0)->rank))
		return false;
	return imc_typing_set(t, 0, imc_typing_in(t, 0));
}

bool imc_type_reduce(struct imc_graph *g, struct imc_node *n,
		     struct imc_diags *d)
{
	const struct imc_typing t = {g, n, d};

	if (!imc_typing_begin(&t, 1))
		return false;
	if (n->op == IMC_OP_CUM_SUM)
		return type_cum_sum(&t);
	if (n->op == IMC_OP_ARG_MAX || n->op == IMC_OP_ARG_MIN)
		return type_arg(&t);
	return type_reduce(&t);
}

/* One reduction: acc are 8-byte lanes, one for each element of y. */
struct job {
	kernel *run;
	enum imc_lane lane;
	const struct imc_tensor *x;
	struct imc_rows rows; /* operand 0 acc, 1 x; not yet begun */
	void *acc;
	int64_t n_acc, n_each;
};

static void accumulate(struct job *j)
{
	struct imc_rows r = j->rows;
	union imc_chunk b;

	for (imc_rows_begin(&r); r.more; imc_rows_next(&r))
		for (int64_t i = 0; i < r.len; i += IMC_CHUNK) {
			int64_t n = imc_min_i64(IMC_CHUNK, r.len - i);
			struct imc_strip s = {j->x->dtype, j->x->data,
					      r.off[1] + i * r.step[1],
					      r.step[1]};
			int64_t at = r.off[0] + i * r.step[0];

			j->run((char *)j->acc + at * 8, r.step[0],
			       imc_lanes_load(s, j->lane, n, &b), n);
		}
}

/* acc[i] += e^(x - shift[i]): keeps the sum of exponentials in range. */
static void accumulate_exp(struct job *j, const double *shift)
{
	struct imc_rows r = j->rows;
	double *acc = j->acc;

	for (imc_rows_begin(&r); r.more; imc_rows_next(&r))
		for (int64_t i = 0; i < r.len; i++) {
			int64_t to = r.off[0] + i * r.step[0];
			double x = imc_f64_at(j->x, r.off[1] + i * r.step[1]);

			acc[to] += exp(x - shift[to]);
		}
}

static void log_sum_exp(struct job *j, struct imc_arena *scratch)
{
	double *max = imc_arena_array(scratch, (size_t)j->n_acc, 8);
	double *acc = j->acc;
	struct job first = *j;

	for (int64_t i = 0; i < j->n_acc; i++)
		max[i] = -INFINITY;
	first.run = max_f64;
	first.acc = max;
	accumulate(&first);
	for (int64_t i = 0; i < j->n_acc; i++)
		if (!isfinite(max[i]))
			max[i] = 0;
	accumulate_exp(j, max);
	for (int64_t i = 0; i < j->n_acc; i++)
		acc[i] = log(acc[i]) + max[i];
}

static void start(const struct job *j, double value)
{
	for (int64_t i = 0; i < j->n_acc; i++) {
		if (j->lane == IMC_LANE_F64)
			((double *)j->acc)[i] = value;
		else if (j->lane == IMC_LANE_I64)
			((int64_t *)j->acc)[i] = imc_i64_of(value);
		else
			((uint64_t *)j->acc)[i] = value < 0 ? 0
						  : isinf(value)
							  ? UINT64_MAX
							  : (uint64_t)value;
	}
}

static void finish_real(const struct job *j, enum finish how)
{
	double *a = j->acc;

	for (int64_t i = 0; i < j->n_acc && how == MEAN; i++)
		a[i] /= (double)j->n_each;
	for (int64_t i = 0; i < j->n_acc && how == ROOT; i++)
		a[i] = sqrt(a[i]);
	for (int64_t i = 0; i < j->n_acc && how == LOG; i++)
		a[i] = log(a[i]);
}

static void finish_mean(const struct job *j)
{
	if (j->n_each == 0)
		return;
	for (int64_t i = 0; i < j->n_acc; i++) {
		if (j->lane == IMC_LANE_I64)
			((int64_t *)j->acc)[i] /= j->n_each;
		else
			((uint64_t *)j->acc)[i] /= (uint64_t)j->n_each;
	}
}

/* Operand 0 stands still along reduced axes. */
static void plan_rows(struct imc_rows *r, const struct imc_node *n,
		      const struct imc_tensor *x)
{
	int64_t sx[IMC_MAX_RANK], step = 1;

	imc_row_major(x, sx);
	r->n_operand = 2;
	for (int i = 0; i < x->rank; i++)
		imc_rows_axis(r, x->dim[i], 0, sx[i]);
	for (int i = x->rank; i-- > 0;)
		if (!reduced(&n->a, i)) {
			r->stride[0][i] = step;
			step *= x->dim[i];
		}
}

static struct job plan_job(const struct imc_node *n, const struct imc_tensor *x,
			   const struct imc_tensor *y,
			   struct imc_arena *scratch)
{
	const struct row *row = &rows[n->op];
	struct job j = {.lane = imc_lane_of(x->dtype), .x = x};

	j.run = j.lane == IMC_LANE_U64 ? row->natural : row->integer;
	if (j.lane == IMC_LANE_F32 || j.lane == IMC_LANE_F64 || !j.run) {
		j.lane = IMC_LANE_F64;
		j.run = row->real;
	}
	plan_rows(&j.rows, n, x);
	j.n_acc = imc_tensor_count(y);
	j.n_each = 1;
	for (int i = 0; i < x->rank; i++)
		if (reduced(&n->a, i))
			j.n_each *= x->dim[i];
	j.acc = imc_arena_array(scratch, (size_t)j.n_acc, 8);
	return j;
}

static void eval_reduce(const struct imc_node *n, const struct imc_tensor *x,
			struct imc_tensor *y, struct imc_arena *scratch)
{
	struct job j = plan_job(n, x, y, scratch);
	enum finish how = rows[n->op].finish;

	start(&j, rows[n->op].start);
	if (how == LOG_SUM_EXP)
		log_sum_exp(&j, scratch);
	else
		accumulate(&j);
	if (j.lane == IMC_LANE_F64)
		finish_real(&j, how);
	else if (how == MEAN)
		finish_mean(&j);
	for (int64_t i = 0; i < j.n_acc; i += IMC_CHUNK)
		imc_lanes_store(j.lane, (char *)j.acc + i * 8, y->dtype,
				y->data, i,
				imc_min_i64(IMC_CHUNK, j.n_acc - i));
}

/* The index of the largest (sign > 0) or smallest of n elements of s. */
#define BEST(name, T, lane)                                                    \
	static int64_t best_##name(struct imc_strip s, int64_t n, int sign,    \
				   bool last)                                  \
	{                                                                      \
		union imc_chunk b;                                             \
		int64_t best = 0, at = s.at;                                   \
		T top = 0;                                                     \
                                                                               \
		for (int64_t i = 0; i < n; i++) {                              \
			s.at = at + i * s.step;                                \
			const T x =                                            \
				*(const T *)imc_lanes_load(s, lane, 1, &b);    \
			bool wins = sign > 0 ? x > top : x < top;              \
                                                                               \
			if (i == 0 || wins || (last && x == top)) {            \
				top = x;                                       \
				best = i;                                      \
			}                                                      \
		}                                                              \
		return best;                                                   \
	}
BEST(f64, double, IMC_LANE_F64)
BEST(i64, int64_t, IMC_LANE_I64)
BEST(u64, uint64_t, IMC_LANE_U64)

static void eval_arg(const struct imc_node *n, const struct imc_tensor *x,
		     int64_t *y)
{
	int axis = (int)n->a.axis[0], sign = n->op == IMC_OP_ARG_MAX ? 1 : -1;
	int64_t len = x->dim[axis], inner = imc_span(x, axis + 1, x->rank);
	int64_t count = imc_span(x, 0, axis) * inner;
	bool last = n->a.last[0] != 0;

	for (int64_t i = 0; i < count; i++) {
		struct imc_strip s = {x->dtype, x->data,
				      i / inner * len * inner + i % inner,
				      inner};

		if (imc_lane_of(x->dtype) == IMC_LANE_U64)
			y[i] = best_u64(s, len, sign, last);
		else if (imc_lane_of(x->dtype) == IMC_LANE_I64)
			y[i] = best_i64(s, len, sign, last);
		else
			y[i] = best_f64(s, len, sign, last);
	}
}

/* The running sum of len elements, `step` apart, from index at. */
static void run_sum(const struct imc_node *n, const struct imc_tensor *x,
		    struct imc_tensor *y, struct imc_strip s, int64_t len)
{
	bool real = (IMC_FLOATS >> x->dtype & 1) != 0;
	enum imc_lane lane = real ? IMC_LANE_F64 : IMC_LANE_I64;
	union imc_chunk sum = {{0}}, before, b;
	int64_t first = s.at;

	for (int64_t i = 0; i < len; i++) {
		const void *p;

		s.at = first + (n->a.reverse[0] ? len - 1 - i : i) * s.step;
		p = imc_lanes_load(s, lane, 1, &b);
		before.i64[0] = sum.i64[0];
		if (real)
			sum.f64[0] += *(const double *)p;
		else
			sum.u64[0] += (uint64_t) * (const int64_t *)p;
		imc_lanes_store(lane, n->a.exclusive[0] ? &before : &sum,
				y->dtype, y->data, s.at, 1);
	}
}

static void eval_cum_sum(const struct imc_node *n, const struct imc_tensor *in,
			 struct imc_tensor *y)
{
	const struct imc_tensor *x = &in[0];
	int64_t given = imc_i64_at(&in[1], 0);
	int axis = (int)imc_max_i64(
		0,
		imc_min_i64(x->rank - 1, given < 0 ? given + x->rank : given));
	int64_t len = x->dim[axis], inner = imc_span(x, axis + 1, x->rank);
	int64_t count = imc_span(x, 0, axis) * inner;

	for (int64_t i = 0; i < count; i++) {
		struct imc_strip s = {x->dtype, x->data,
				      i / inner * len * inner + i % inner,
				      inner};

		run_sum(n, x, y, s, len);
	}
}

void imc_eval_reduce(const struct imc_graph *g, const struct imc_node *n,
		     const struct imc_tensor *in, struct imc_tensor *out,
		     struct imc_arena *scratch)
{
	(void)g;
	if (n->op == IMC_OP_CUM_SUM)
		eval_cum_sum(n, in, &out[0]);
	else if (n->op == IMC_OP_ARG_MAX || n->op == IMC_OP_ARG_MIN)
		eval_arg(n, &in[0], out[0].data);
	else if (n->a.axes.n == 0 && n->a.noop_empty[0])
		memcpy(out[0].data, in[0].data, imc_tensor_bytes(&out[0]));
	else
		eval_reduce(n, &in[0], &out[0], scratch);
}
