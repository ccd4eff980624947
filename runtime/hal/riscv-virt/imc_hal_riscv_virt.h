/* SPDX-License-Identifier: Apache-2.0 */
/* imc_hal_riscv_virt.h: a machine of models on the harts of a bare-metal RISC-V
 * board with a CLINT: hart 0 controls, hart k + 1 is core k of the cluster. For
 * the port's own files. */
#ifndef IMC_HAL_RISCV_VIRT_H
#define IMC_HAL_RISCV_VIRT_H

#include "imc_hal_models.h"

/* Makes harts 1 .. n_core the cores; called by hart 0, once. */
void imc_riscv_begin(int32_t n_core);

/* Runs fn(hal) on core 0, while hart 0, which calls it, sleeps. */
int imc_riscv_call(int (*fn)(struct imc_hal *hal), struct imc_hal *hal);

/* Where start_riscv_virt.S goes; none returns. */
void imc_riscv_core(int32_t core);
void imc_riscv_control(void);
void imc_riscv_trap(uint32_t cause, uint32_t pc);

/* start_riscv_virt.S: a call to the machine that the simulator runs on. */
int32_t imc_riscv_semihost(int32_t call, void *arguments);

#endif
