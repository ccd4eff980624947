/* SPDX-License-Identifier: Apache-2.0 */
/* Hart 0 clears memory, wakes nobody, and runs imc_riscv_control(); the others
 * sleep until it sends them a software interrupt, then run imc_riscv_core(k),
 * k being the hart less 1. Interrupts wake harts but are never taken. */
#define CLINT_MSIP 0x02000000
#define STACK_SHIFT 14

	.section .text.start, "ax"
	.globl _start
_start:
	.option push
	.option norelax
	la	gp, __global_pointer$
	.option pop
	.option push
	.option arch, +zicsr
	la	t0, trap
	csrw	mtvec, t0
	csrw	mstatus, zero
	li	t0, 8			/* MSIE: software interrupts wake */
	csrw	mie, t0
	csrr	s0, mhartid
	la	sp, imc_riscv_stacks
	addi	t0, s0, 1
	slli	t0, t0, STACK_SHIFT
	add	sp, sp, t0
	beqz	s0, control
	li	s1, CLINT_MSIP
	slli	t0, s0, 2
	add	s1, s1, t0
1:	wfi
	csrr	t0, mip
	andi	t0, t0, 8
	beqz	t0, 1b
	sw	zero, 0(s1)
	fence
	addi	a0, s0, -1
	call	imc_riscv_core
control:
	la	t0, __bss_start
	la	t1, __bss_end
2:	bgeu	t0, t1, 3f
	sw	zero, 0(t0)
	addi	t0, t0, 4
	j	2b
3:	fence
	call	imc_riscv_control
	.align	2
trap:
	csrr	a0, mcause
	csrr	a1, mepc
	call	imc_riscv_trap
	.option pop

	.text

/* int32_t imc_riscv_semihost(int32_t call, void *arguments) */
	.globl imc_riscv_semihost
	.balign	16			/* all three lie in one page */
imc_riscv_semihost:
	.option push
	.option norvc
	slli	x0, x0, 0x1f
	ebreak
	srai	x0, x0, 7
	ret
	.option pop

/* What compilers call. */
	.globl memcpy
memcpy:
	mv	a5, a0
	xor	a3, a0, a1
	andi	a3, a3, 3
	bnez	a3, 5f
1:	andi	a3, a5, 3		/* bytes, until aligned */
	beqz	a3, 2f
	beqz	a2, 6f
	lb	a4, 0(a1)
	sb	a4, 0(a5)
	addi	a1, a1, 1
	addi	a5, a5, 1
	addi	a2, a2, -1
	j	1b
2:	li	a3, 16
	bltu	a2, a3, 4f
3:	lw	a4, 0(a1)
	lw	a6, 4(a1)
	lw	a7, 8(a1)
	lw	t0, 12(a1)
	sw	a4, 0(a5)
	sw	a6, 4(a5)
	sw	a7, 8(a5)
	sw	t0, 12(a5)
	addi	a1, a1, 16
	addi	a5, a5, 16
	addi	a2, a2, -16
	bgeu	a2, a3, 3b
4:	li	a3, 4
	bltu	a2, a3, 5f
	lw	a4, 0(a1)
	sw	a4, 0(a5)
	addi	a1, a1, 4
	addi	a5, a5, 4
	addi	a2, a2, -4
	j	4b
5:	add	a2, a2, a5		/* the end */
	beq	a5, a2, 6f
7:	lb	a4, 0(a1)
	sb	a4, 0(a5)
	addi	a1, a1, 1
	addi	a5, a5, 1
	bne	a5, a2, 7b
6:	ret

	.globl memmove
memmove:
	sub	a3, a0, a1
	bgeu	a3, a2, memcpy		/* the result is not inside the source */
	add	a1, a1, a2
	add	a5, a0, a2
1:	beq	a5, a0, 2f
	addi	a1, a1, -1
	addi	a5, a5, -1
	lb	a4, 0(a1)
	sb	a4, 0(a5)
	j	1b
2:	ret

	.globl memset
memset:
	mv	a5, a0
	add	a2, a2, a0		/* the end */
	andi	a1, a1, 255
	slli	a3, a1, 8
	or	a1, a1, a3
	slli	a3, a1, 16
	or	a1, a1, a3
1:	beq	a5, a2, 4f
	andi	a3, a5, 3
	beqz	a3, 2f
	sb	a1, 0(a5)
	addi	a5, a5, 1
	j	1b
2:	andi	a3, a2, -4
	beq	a5, a3, 5f
3:	sw	a1, 0(a5)
	addi	a5, a5, 4
	bne	a5, a3, 3b
5:	beq	a5, a2, 4f
	sb	a1, 0(a5)
	addi	a5, a5, 1
	j	5b
4:	ret

	.globl memcmp
memcmp:
	add	a2, a2, a0
1:	beq	a0, a2, 2f
	lbu	a3, 0(a0)
	lbu	a4, 0(a1)
	addi	a0, a0, 1
	addi	a1, a1, 1
	beq	a3, a4, 1b
	sub	a0, a3, a4
	ret
2:	li	a0, 0
	ret
