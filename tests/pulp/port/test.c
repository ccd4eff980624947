#include "test.h"

void test_print(const char *before, int32_t value, const char *after)
{
	char digits[12], *p = digits + 11;
	uint32_t v = value < 0 ? 0u - (uint32_t)value : (uint32_t)value;

	*p = 0;
	do
		*--p = (char)('0' + v % 10);
	while (v /= 10);
	if (value < 0)
		*--p = '-';
	imc_pulp_print(before);
	imc_pulp_print(p);
	imc_pulp_print(after);
}

void test_check(struct test *t, int good, const char *what, int32_t value)
{
	t->n_check++;
	if (good)
		return;
	if (t->n_fail++ < 20) {
		imc_pulp_print(what);
		test_print(": ", value, "\n");
	}
}

int test_result(const struct test *t)
{
	test_print("", t->n_check, " checks, ");
	test_print("", t->n_fail, " failed\n");
	return t->n_fail != 0 || t->n_check == 0;
}

int32_t test_random(uint32_t *state)
{
	*state = *state * 1664525u + 1013904223u;
	return (int32_t)(*state >> 1 ^ *state >> 17) & 0x7fffffff;
}
