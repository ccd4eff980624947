/* SPDX-License-Identifier: Apache-2.0 */
/* pulp_start.S: where the fabric core and the cores of the cluster begin. */

	.option	arch, +zicsr
	.section .text.start, "ax", @progbits
	.globl	_start
	.type	_start, @function
	.align	8
_start:
	csrr	a0, mhartid		/* cluster << 5 | core */
	srli	a1, a0, 5
	andi	a0, a0, 31
	li	a2, 31			/* "cluster" of the fabric core */
	beq	a1, a2, fabric
	la	sp, imc_pulp_stack_0	/* core 0 has the largest one */
	beqz	a0, 1f
	la	sp, imc_pulp_stacks	/* the others 1536 bytes each */
	slli	a1, a0, 10
	add	sp, sp, a1
	slli	a1, a0, 9
	add	sp, sp, a1
1:	tail	imc_pulp_core

fabric:
	la	sp, imc_pulp_fabric_stack
	la	t0, imc_pulp_bss
	la	t1, imc_pulp_bss_end
	j	3f
2:	sw	zero, 0(t0)
	addi	t0, t0, 4
3:	bltu	t0, t1, 2b
	la	a0, _start
	call	imc_pulp_start_cluster
4:	wfi
	j	4b
	.size	_start, . - _start
