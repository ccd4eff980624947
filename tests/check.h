/* check.h: what a test program needs: CHECK, and a count at the end. */
#ifndef IMC_TEST_CHECK_H
#define IMC_TEST_CHECK_H

#include <stdio.h>

static int n_check, n_fail;

/* Counts a check; a false one is printed with its place and goes on. */
#define CHECK(condition, ...)                                                  \
	do {                                                                   \
		n_check++;                                                     \
		if (!(condition)) {                                            \
			n_fail++;                                              \
			fprintf(stderr, "%s:%d: %s: ", __FILE__, __LINE__,     \
				#condition);                                   \
			fprintf(stderr, "" __VA_ARGS__);                       \
			fputc('\n', stderr);                                   \
		}                                                              \
	} while (0)

/* The exit status of main: prints the counts. */
static int check_result(void)
{
	printf("%d checks, %d failed\n", n_check, n_fail);
	return n_fail != 0;
}

#endif
