/* The layers by CMSIS-NN, in its portable C. It rounds twice where the runtime
 * rounds once, and its depth-wise weights are [h][w][c]: the results are not
 * compared, only the work is. */
#include "arm_nnfunctions.h"
#include "bench.h"

/* What a peer's layer is told. */
struct peer {
	cmsis_nn_context cx;
	cmsis_nn_dims in, filter, bias, out;
	cmsis_nn_per_channel_quant_params quant;
	cmsis_nn_tile stride, pad, dilation;
	cmsis_nn_activation clamp;
};

static struct peer peer_of(const struct bench_layer *l,
			   const struct bench_data *d)
{
	const struct imc_hal_window *w = &l->w;
	struct peer p = {
		.cx = {d->scratch, 1 << 16},
		.in = {1, w->in_h, w->in_w, w->in_c},
		.filter = {w->out_c, w->kernel_h, w->kernel_w, w->in_c},
		.bias = {1, 1, 1, w->out_c},
		.out = {1, w->out_h, w->out_w, w->out_c},
		.quant = {d->mult, d->shift},
		.stride = {w->stride_w, w->stride_h},
		.pad = {w->pad_left, w->pad_top},
		.dilation = {1, 1},
		.clamp = {d->lo, d->hi},
	};

	return p;
}

static int convolve(const struct peer *p, const struct bench_data *d)
{
	cmsis_nn_conv_params c = {-d->zero_x, d->zero_y,   p->stride,
				  p->pad,     p->dilation, p->clamp};

	return arm_convolve_wrapper_s8(&p->cx, &c, &p->quant, &p->in, d->x,
				       &p->filter, d->weights, &p->bias,
				       d->bias, &p->out,
				       d->y) == ARM_CMSIS_NN_SUCCESS;
}

static int depthwise(const struct peer *p, const struct bench_data *d)
{
	cmsis_nn_dw_conv_params c = {-d->zero_x, d->zero_y, 1,
				     p->stride,	 p->pad,    p->dilation,
				     p->clamp};
	cmsis_nn_dims filter = {1, p->filter.h, p->filter.w, p->in.c};

	return arm_depthwise_conv_wrapper_s8(&p->cx, &c, &p->quant, &p->in,
					     d->x, &filter, d->weights,
					     &p->bias, d->bias, &p->out,
					     d->y) == ARM_CMSIS_NN_SUCCESS;
}

static int full(const struct peer *p, const struct bench_data *d)
{
	cmsis_nn_fc_params c = {-d->zero_x, 0, d->zero_y, p->clamp};
	cmsis_nn_per_tensor_quant_params q = {d->mult[0], d->shift[0]};
	cmsis_nn_dims filter = {p->in.c, 1, 1, p->out.c};

	return arm_fully_connected_s8(&p->cx, &c, &q, &p->in, d->x, &filter,
				      d->weights, &p->bias, d->bias, &p->out,
				      d->y) == ARM_CMSIS_NN_SUCCESS;
}

static int pool(const struct peer *p, const struct bench_data *d, int average)
{
	cmsis_nn_pool_params c = {p->stride, p->pad, p->clamp};

	return (average ? arm_avgpool_s8 : arm_max_pool_s8)(
		       &p->cx, &c, &p->in, d->x, &p->filter, &p->out, d->y) ==
	       ARM_CMSIS_NN_SUCCESS;
}

/* As TensorFlow Lite has it: both inputs with 20 bits more, then down. */
static int add(const struct peer *p, const struct bench_data *d)
{
	return arm_elementwise_add_s8(d->x, d->b, -d->zero_x, 1433602048, 0,
				      -d->zero_x, 1865955328, 0, 20, d->y,
				      d->zero_y, 1073741824, -18, d->lo, d->hi,
				      p->out.h * p->out.w * p->out.c) ==
	       ARM_CMSIS_NN_SUCCESS;
}

int bench_peer(const struct bench_layer *l, const struct bench_data *d)
{
	const struct peer p = peer_of(l, d);
	int done = 0;

	switch (l->kind) {
	case BENCH_CONV:
		done = convolve(&p, d);
		break;
	case BENCH_DEPTHWISE:
		done = depthwise(&p, d);
		break;
	case BENCH_FULL:
		done = full(&p, d);
		break;
	case BENCH_ADD:
		done = add(&p, d);
		break;
	case BENCH_AVERAGE:
	case BENCH_MAX:
		done = pool(&p, d, l->kind == BENCH_AVERAGE);
		break;
	case BENCH_CODES:
	case BENCH_N_KIND:
		break;
	}
	return done;
}
