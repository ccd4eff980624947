/* simd.h: marks functions that are worth a wider instruction set.
 *
 * IMC_SIMD before a function makes gcc compile it for AVX-512 and AVX2 as well
 * and choose when the program starts. Results do not change: no fused
 * multiply-add, no reordering. Sanitizers run before such a choice is
 * possible. */
#ifndef IMC_SIMD_H
#define IMC_SIMD_H

/* A part of such a function, compiled for what that is compiled for. */
#define IMC_SIMD_PART static inline __attribute__((always_inline))

#if defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__) &&         \
	defined(__gnu_linux__) && !defined(__SANITIZE_ADDRESS__) &&            \
	!defined(__SANITIZE_THREAD__)
#if __GNUC__ >= 12
#define IMC_SIMD                                                               \
	__attribute__((target_clones("arch=x86-64-v4", "avx2", "default")))
#else
#define IMC_SIMD __attribute__((target_clones("avx2", "default")))
#endif
#else
#define IMC_SIMD
#endif

#endif
