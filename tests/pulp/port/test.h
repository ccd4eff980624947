/* test.h: what a test program on the machine needs; no C library there. */
#ifndef PULP_PORT_TEST_H
#define PULP_PORT_TEST_H

#include "imc_hal_pulp.h"
#include "imc_rt.h"

struct test {
	int32_t n_check, n_fail;
};

/* A number, with text around it. */
void test_print(const char *before, int32_t value, const char *after);

/* Counts a check; a false one is printed, the first few of a program. */
void test_check(struct test *t, int good, const char *what, int32_t value);

/* Prints the counts: an exit status. */
int test_result(const struct test *t);

/* The next of a sequence of random numbers, 0 .. 2^31 - 1. */
int32_t test_random(uint32_t *state);

#endif
