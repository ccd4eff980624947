/* SPDX-License-Identifier: Apache-2.0 */
/* pulp_samples.S: the samples that the program reads, of the file
 * IMC_PULP_SAMPLES, or none. */

	.section .rodata.samples, "a", @progbits
	.globl	imc_pulp_samples, imc_pulp_samples_end
	.align	4
imc_pulp_samples:
#ifdef IMC_PULP_SAMPLES
	.incbin	IMC_PULP_SAMPLES
#endif
imc_pulp_samples_end:
