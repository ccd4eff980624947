/* plans_main.h: networks in one program, each run as its caller may. */
#ifndef IMC_TEST_PLANS_MAIN_H
#define IMC_TEST_PLANS_MAIN_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "imc_hal_host.h"
#include "imc_rt_trace.h"

#define PLANS_MAX 4 /* inputs, or outputs */

/* Runs twice, with the arrays programmed once; late: engines are. spoiled: a
 * layer that is said to have made something else behind the last run, or -1. */
struct plan_net {
	const char *name;
	int (*run)(const int8_t **in, int8_t **out, int late, int spoiled);
	int n_traced;
	size_t in_bytes[PLANS_MAX], out_bytes[PLANS_MAX]; /* 0 ends them */
};

extern const struct plan_net plan_nets[];

/* So many bytes and no more, aligned, filled with what none expects; a tool
 * that watches memory sees what leaves them. */
void *plans_memory(size_t bytes, size_t align);

/* The hook, and what it was called with: how often, and for which layer. */
void plans_differs(const struct imc_rt_traced *t, uint32_t crc);

#define NET(net, NAME)                                                         \
	static int run_##net(const int8_t **in, int8_t **out, int late,        \
			     int spoiled)                                      \
	{                                                                      \
		static int8_t cells[(size_t)NAME##_NUM_XBARS *                 \
					    NAME##_XBAR_ROWS *                 \
					    NAME##_XBAR_COLS +                 \
				    1];                                        \
		static int32_t sums[2 * NAME##_XBAR_COLS + 1];                 \
		struct imc_hal hal = {.n_array = NAME##_NUM_XBARS,             \
				      .rows = NAME##_XBAR_ROWS,                \
				      .cols = NAME##_XBAR_COLS,                \
				      .cells = cells,                          \
				      .sums = sums,                            \
				      .late = late};                           \
		struct net##_memory memory = {                                 \
			plans_memory(NAME##_L1_BYTES, NAME##_ALIGN),           \
			NAME##_L1_BYTES,                                       \
			plans_memory(NAME##_L2_BYTES, NAME##_ALIGN),           \
			NAME##_L2_BYTES};                                      \
		struct net##_inputs inputs;                                    \
		struct net##_outputs outputs;                                  \
		struct net##_context cx;                                       \
		int status = net##_init(&cx, &hal, &memory);                   \
                                                                               \
		cx.differs = plans_differs;                                    \
		memcpy(&inputs, in, sizeof inputs);                            \
		memcpy(&outputs, out, sizeof outputs);                         \
		status = status ? status : net##_program(&cx, 0);              \
		status = status ? status : net##_run(&cx, &inputs, &outputs);  \
		status = status ? status : net##_run(&cx, &inputs, &outputs);  \
		if (spoiled >= 0)                                              \
			cx.crc[spoiled] ^= 1;                                  \
		if (spoiled >= 0)                                              \
			net##_golden_end(&cx, &inputs);                        \
		free(memory.l1);                                               \
		free(memory.l2);                                               \
		return status;                                                 \
	}

#endif
