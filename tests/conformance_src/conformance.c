/* conformance FOLDER... [--rtol R] [--atol A] */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/conformance_src/conformance.h"

static int usage(void)
{
	fputs("usage: conformance FOLDER... [--rtol R] [--atol A]\n"
	      "Runs the ONNX test cases at and below each FOLDER; a case is a "
	      "folder with\nmodel.onnx (or one *.onnx) and "
	      "test_data_set_K/input_N.pb, output_N.pb.\n",
	      stderr);
	return 2;
}

static bool number(const char *s, double *out)
{
	char *end;

	if (!s || !*s)
		return false;
	*out = strtod(s, &end);
	return !*end && *out >= 0 && isfinite(*out);
}

/* Prints the verdict of each case; true: none failed. */
static bool run_all(const struct test_cases *cases, const struct tolerance *tol)
{
	size_t count[3] = {0, 0, 0};

	for (size_t i = 0; i < cases->n; i++) {
		const struct test_case *c = &cases->v[i];
		struct imc_arena *a = imc_arena_new();
		const char *why = "";
		enum verdict v = run_case(c, tol, a, &why);

		count[v]++;
		switch (v) {
		case CASE_PASS:
			printf("pass %s\n", c->name);
			break;
		case CASE_REFUSED:
			printf("refused %s: %s\n", c->name, why);
			break;
		case CASE_FAIL:
			printf("FAIL %s: %s\n", c->name, why);
			break;
		}
		fflush(stdout);
		imc_arena_free(a);
	}
	printf("%zu passed, %zu refused, %zu failed\n", count[CASE_PASS],
	       count[CASE_REFUSED], count[CASE_FAIL]);
	return count[CASE_FAIL] == 0;
}

/* Fills cases and tol; false: bad usage. */
static bool read_arguments(int argc, char **argv, struct test_cases *cases,
			   struct tolerance *tol)
{
	int n_folder = 0;

	for (int i = 1; i < argc; i++) {
		const char *next = i + 1 < argc ? argv[i + 1] : NULL;
		bool rtol = !strcmp(argv[i], "--rtol");

		if (rtol || !strcmp(argv[i], "--atol")) {
			if (!number(next, rtol ? &tol->rtol : &tol->atol))
				return false;
			i++;
		} else if (argv[i][0] == '-') {
			return false;
		} else {
			n_folder++;
			if (find_cases(cases, argv[i]))
				continue;
			fprintf(stderr, "conformance: cannot read folder %s\n",
				argv[i]);
			return false;
		}
	}
	return n_folder > 0;
}

int main(int argc, char **argv)
{
	struct imc_arena *a = imc_arena_new();
	struct test_cases cases = {.arena = a};
	struct tolerance tol = {1e-3, 1e-5};
	int status = 2;

	if (!read_arguments(argc, argv, &cases, &tol)) {
		usage();
	} else if (cases.n == 0) {
		fputs("conformance: no case in these folders\n", stderr);
	} else {
		status = run_all(&cases, &tol) ? 0 : 1;
	}
	imc_arena_free(a);
	return status;
}
