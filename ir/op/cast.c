/* cast.c: elements as another type. */
#include "ir/op/lane.h"
#include "ir/op/typing.h"
#include "ir/support/checked.h"

bool imc_type_cast(struct imc_graph *g, struct imc_node *n, struct imc_diags *d)
{
	const struct imc_typing t = {g, n, d};
	struct imc_tensor y;

	if (!imc_typing_begin(&t, 1) || !imc_typing_takes(&t, 0, IMC_ANY_TYPE))
		return false;
	y = *imc_typing_in(&t, 0);
	y.dtype = (enum imc_dtype)n->a.to[0];
	return imc_typing_set(&t, 0, &y);
}

/* To bool is "not zero", which is not a truncation. */
static void to_bool(const struct imc_tensor *x, uint8_t *y, int64_t at,
		    int64_t n)
{
	struct imc_strip s = {x->dtype, x->data, at, 1};
	union imc_chunk b;
	const double *p = imc_lanes_load(s, IMC_LANE_F64, n, &b);

	for (int64_t i = 0; i < n; i++)
		y[at + i] = p[i] != 0;
}

static void cast_chunk(const struct imc_tensor *x, const struct imc_tensor *y,
		       int64_t at, int64_t n)
{
	struct imc_strip s = {x->dtype, x->data, at, 1};
	enum imc_lane lane = imc_lane_of(x->dtype);
	union imc_chunk b;

	if (y->dtype == IMC_BOOL)
		to_bool(x, y->data, at, n);
	else
		imc_lanes_store(lane, imc_lanes_load(s, lane, n, &b), y->dtype,
				y->data, at, n);
}

void imc_eval_cast(const struct imc_graph *g, const struct imc_node *n,
		   const struct imc_tensor *in, struct imc_tensor *out,
		   struct imc_arena *scratch)
{
	int64_t count = imc_tensor_count(&out[0]);

	(void)g;
	(void)n;
	(void)scratch;
	for (int64_t i = 0; i < count; i += IMC_CHUNK)
		cast_chunk(&in[0], &out[0], i,
			   imc_min_i64(IMC_CHUNK, count - i));
}
