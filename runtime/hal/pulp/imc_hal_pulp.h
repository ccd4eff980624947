/* SPDX-License-Identifier: Apache-2.0 */
/* imc_hal_pulp.h: the open PULP chip with an IMA, bare metal: a fabric core,
 * and a cluster of 8 cores that sleep in its event unit when they have nothing
 * to do. Any rv32imc compiler does; no C library is needed.
 *
 * The fabric core starts the cluster and sleeps. Core 0 of the cluster runs
 * imc_pulp_main and makes all calls of imc_hal.h; the others wait for forks. */
#ifndef IMC_HAL_PULP_H
#define IMC_HAL_PULP_H

#include "imc_hal.h"

#define IMC_PULP_CORES 8

/* Crossbar arrays: one page of registers each. */
#ifndef IMC_PULP_ARRAYS
#define IMC_PULP_ARRAYS 1
#endif

#define IMC_PULP_ROWS 256
#define IMC_PULP_COLS 256

/* Part of one group of tiles of a job whose codes wait, in the staging
 * memory, for the cores to bring them to their place (pulp_result.c). */
struct imc_pulp_post {
	const struct imc_hal_job *job; /* NULL: nothing waits */
	int8_t *dst; /* of the group: of pixel (0, 0), its first column */
	const int8_t *codes; /* block after block, [n_y][n_x][step] */
	int32_t pixel;	     /* bytes between pixels of dst */
	int32_t row0, lines; /* of dst, see pulp_job.h */
	int32_t y, n_y, x, n_x, n_block, width, step;
};

/* The port's memory, in L1. What the program leaves of L1 (it puts data there
 * by section .bss.l1, which is not cleared) is staging memory; it has two
 * halves for each direction, so that the cores fill or empty one while the IMA
 * works with the other. */
struct imc_hal {
	void (*volatile fn)(void *arg, int32_t core, int32_t n_core);
	void *volatile arg;
	void (*step)(void *cx, int32_t k); /* imc_hal_step, or NULL */
	void *cx;
	int32_t dma;	 /* identifier of the open batch of transfers, or -1 */
	int32_t running; /* array that works, + 1; 0: none */
	struct imc_pulp_post post;
	int8_t *in, *out;				/* staging memory */
	int32_t in_half, out_half, in_bytes, out_bytes; /* of a half */
};

/* Defined by the program: its return value is the exit status. */
int imc_pulp_main(struct imc_hal *hal);

/* Text; n bytes, two hexadecimal digits each. */
void imc_pulp_print(const char *text);
void imc_pulp_print_hex(const void *bytes, size_t n);

#endif
