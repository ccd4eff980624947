/* SPDX-License-Identifier: Apache-2.0 */
/* imc_device.h: the program that runs a network on a machine, sample after
 * sample. A sample is its inputs, then its outputs, one after another: int8, in
 * the layout of the device. runtime/host turns them into .npy files and back.
 *
 * Three parts: the network (test/network.c of the bundle), this program, and
 * the port, which has main, fills a struct imc_hal and calls imc_device_run. */
#ifndef IMC_DEVICE_H
#define IMC_DEVICE_H

#include "imc_hal.h"

#define IMC_DEVICE_CORES 64 /* of a team, at most, where sums are given */

/* Where a port wants data to lie: an attribute, given to the compiler. l1: the
 * scratchpad; l2: the memory behind it; cells: of modelled arrays. */
#ifndef IMC_DEVICE_L1
#define IMC_DEVICE_L1
#endif
#ifndef IMC_DEVICE_L2
#define IMC_DEVICE_L2
#endif
#ifndef IMC_DEVICE_CELLS
#define IMC_DEVICE_CELLS
#endif

struct imc_model_adc; /* imc_model_adc.h */

struct imc_device_tensor {
	int8_t *data;
	size_t bytes;
};

/* n_core: of the machine that it was compiled for. cells, sums and adc: for
 * models of the arrays; NULL where the port needs none. program: once before
 * run; both give a status and are called by the core that runs networks. */
struct imc_device_net {
	const char *name;
	int32_t n_input, n_output;
	const struct imc_device_tensor *input, *output;
	int32_t n_array, rows, cols, n_core;
	int8_t *cells; /* [n_array][rows][cols] */
	int32_t *sums; /* 2 * cols of each of IMC_DEVICE_CORES */
	const struct imc_model_adc *adc;
	int (*program)(struct imc_hal *hal);
	int (*run)(struct imc_hal *hal);
};

extern const struct imc_device_net imc_device_net;

/* Runs every sample that there is; the exit status: 0, or 1, and said why. */
int imc_device_run(struct imc_hal *hal);

/* Says that a layer made something else: two CRC-32. */
void imc_device_differs(const char *layer, uint32_t crc, uint32_t golden);

/* ---- defined by the port ---- */

/* The next bytes of the samples; how many there were. */
size_t imc_device_read(void *to, size_t bytes);

/* Puts bytes behind the outputs; 0: good. */
int imc_device_write(const void *from, size_t bytes);

/* A line for whoever started the program, without its end. */
void imc_device_print(const char *line);

/* Runs fn on the core that runs networks; what it returns. */
int imc_device_call(int (*fn)(struct imc_hal *hal), struct imc_hal *hal);

#endif
