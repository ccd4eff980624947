/* bench.h: layers whose instructions are counted, on one core of rv32imc. */
#ifndef IMC_BENCH_RISCV_H
#define IMC_BENCH_RISCV_H

#include "imc_rt.h"

/* Memory of a layer. The constants are weights, bias, mult, shift. */
struct bench_data {
	int8_t *x, *b, *y, *weights;
	int32_t *bias, *mult, *shift;
	int32_t zero_x, zero_y, lo, hi;
	void *scratch;
};

enum bench_kind {
	BENCH_CONV,
	BENCH_DEPTHWISE,
	BENCH_FULL, /* one pixel */
	BENCH_ADD,
	BENCH_AVERAGE,
	BENCH_MAX,
	BENCH_CODES, /* of 1 or 2 slices of a crossbar; no peer */
	BENCH_N_KIND
};

struct bench_layer {
	const char *name;
	enum bench_kind kind;
	struct imc_hal_window w;
	int32_t slices;
};

/* Factors of an addition, of 20 bits. */
#define BENCH_MULT_A 700001
#define BENCH_MULT_B 911111
#define BENCH_SHIFT 20

/* Of the plain loops, and of another library; false: it has no such kernel. */
int bench_plain(const struct bench_layer *l, const struct bench_data *d);
int bench_peer(const struct bench_layer *l, const struct bench_data *d);

#endif
