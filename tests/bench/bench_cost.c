/* How long a search waits for the cost of a layer on target lrmp. Prints
 * nanoseconds a call for layers of ResNets, with their tiles: the whole cost,
 * and for another number of copies of a prepared layer. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "hwdesc/cost.h"

#define CALLS 200000

static const struct {
	const char *name;
	int32_t out, c, k, kernel;
} layers[] = {
	{"conv1", 112, 3, 64, 7},	{"layer1 3x3", 56, 64, 64, 3},
	{"layer1 1x1", 56, 64, 256, 1}, {"layer3 3x3", 14, 256, 256, 3},
	{"layer4 3x3", 7, 512, 512, 3}, {"layer4 1x1", 7, 2048, 512, 1},
	{"fc", 1, 2048, 1000, 1},
};

static double now_ns(void)
{
	struct timespec t;

	timespec_get(&t, TIME_UTC);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void measure(const struct imc_hw *hw, size_t i)
{
	int32_t out = layers[i].out, kernel = layers[i].kernel;
	struct imc_matrix mx = {.rows = layers[i].c * kernel * kernel,
				.cols = layers[i].k,
				.groups = 1,
				.batch = 1,
				.out_h = out,
				.out_w = out,
				.kernel_h = kernel,
				.kernel_w = kernel,
				.stride_h = 1,
				.stride_w = 1,
				.n_window = out * out};
	struct imc_assign as = {.engine = IMC_ENGINE_CROSSBAR,
				.weight_bits = 8,
				.act_bits = 8,
				.slices = 8,
				.tile_slices = 1};
	struct imc_cost_layer l = {0};
	double start = now_ns(), middle, end, sum = 0, other = 0;

	for (int n = 0; n < CALLS; n++) {
		as.copies = n % 64 + 1;
		sum += imc_cost_spatial(hw, &mx, &as, out).ns;
	}
	middle = now_ns();
	if (!imc_cost_layer_of(hw, &mx, &as, out, &l))
		exit(1);
	for (int n = 0; n < CALLS; n++)
		other += imc_cost_copies(&l, n % 64 + 1, 0).ns;
	end = now_ns();
	printf("%-12s %5d tiles %8.1f ns %8.1f ns prepared%s\n", layers[i].name,
	       l.n_tile, (middle - start) / CALLS, (end - middle) / CALLS,
	       sum == other ? "" : ", which differs");
}

int main(void)
{
	struct imc_arena *a = imc_arena_new();
	struct imc_diags d = {.arena = a};
	struct imc_hw *hw = imc_hw_load("lrmp", a, &d);

	if (!hw)
		return 1;
	for (size_t i = 0; i < sizeof layers / sizeof layers[0]; i++)
		measure(hw, i);
	imc_arena_free(a);
	return 0;
}
