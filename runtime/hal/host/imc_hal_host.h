/* SPDX-License-Identifier: Apache-2.0 */
/* imc_hal_host.h: a machine of models whose cores are POSIX threads. */
#ifndef IMC_HAL_HOST_H
#define IMC_HAL_HOST_H

#include "imc_hal_models.h"

/* Makes hal->n_core - 1 threads, which wait for work; the caller is core 0.
 * Fewer, if there are no more: hal->n_core says how many cores there are then.
 * Without a team the caller is the only core. */
void imc_hal_host_start(struct imc_hal *hal);

/* Ends the threads. */
void imc_hal_host_stop(struct imc_hal *hal);

/* Processors of this machine. */
int32_t imc_hal_host_processors(void);

#endif
