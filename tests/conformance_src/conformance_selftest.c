/* The conformance runner on cases made here: what it prints and returns. */
#define _XOPEN_SOURCE 700 /* WEXITSTATUS of pclose, mkdir */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "tests/check.h"
#include "tests/onnx/onnx_encode.h"

static void write_file(struct imc_arena *a, const char *folder,
		       const char *name, const struct imc_buf *b)
{
	const char *path = imc_arena_printf(a, "%s/%s", folder, name);
	FILE *f = fopen(path, "wb");

	CHECK(f && fwrite(b->p, 1, b->n, f) == b->n, "%s", path);
	if (f)
		fclose(f);
}

static const char *folder(struct imc_arena *a, const char *in, const char *name)
{
	const char *path = imc_arena_printf(a, "%s/%s", in, name);

	mkdir(path, 0777);
	return path;
}

static struct imc_buf floats(struct imc_arena *a, const float v[3])
{
	struct imc_buf b = {.arena = a};

	put_tensor(&b, "t", 1, "1 3", v, 3 * sizeof *v);
	return b;
}

/* A case: y = op(x), with a free number of columns. */
static void make_case(struct imc_arena *a, const char *root, const char *name,
		      const char *op, const float want[3])
{
	const float x[3] = {-1, 2, 3};
	const char *at = folder(a, root, name);
	const char *set = folder(a, at, "test_data_set_0");
	struct net n = net_new(a, 13);
	struct imc_buf b;

	net_input(&n, "x", 1, "N M");
	net_node(&n, op, "n", "x", "y");
	net_output(&n, "y");
	b = net_bytes(&n);
	write_file(a, at, imc_arena_printf(a, "%s.onnx", name), &b);
	b = floats(a, x);
	write_file(a, set, "input_0.pb", &b);
	b = floats(a, want);
	write_file(a, set, "output_0.pb", &b);
}

static void expect(struct imc_arena *a, const char *program,
		   const char *arguments, const char *text, int status)
{
	struct imc_buf got = {.arena = a};
	char line[1024];
	FILE *p = popen(imc_arena_printf(a, "'%s' %s 2>&1", program, arguments),
			"r");
	int end;

	imc_buf_text(&got, "");
	while (p && fgets(line, sizeof line, p))
		imc_buf_text(&got, line);
	end = p ? pclose(p) : -1;
	CHECK(p && WIFEXITED(end) && WEXITSTATUS(end) == status, "%s: %d",
	      arguments, end);
	CHECK(!strncmp(got.p ? got.p : "", text, strlen(text)),
	      "\n%sinstead of\n%s", got.p, text);
}

int main(int argc, char **argv)
{
	struct imc_arena *a = imc_arena_new();
	const char *root = folder(a, argc > 2 ? argv[2] : ".", "cases");
	const char *inner = folder(a, root, "more");
	const char *program = argc > 1 ? argv[1] : "";

	make_case(a, inner, "abs", "Abs", (const float[3]){1, 2, 3});
	make_case(a, root, "loop", "Loop", (const float[3]){0, 0, 0});
	make_case(a, root, "relu", "Relu", (const float[3]){0, 2.001f, 4});
	folder(a, root, "nothing");
	expect(a, program, root,
	       imc_arena_printf(
		       a,
		       "refused loop: %s/loop/loop.onnx: node 0 (Loop 'n'): "
		       "error: unsupported operator: control flow cannot be "
		       "mapped; unroll it or fix the condition before "
		       "exporting\n"
		       "pass more/abs\n"
		       "FAIL relu: output 0 ('y'): 1 of 3 elements differ, "
		       "first 2: 3 instead of 4\n"
		       "1 passed, 1 refused, 1 failed\n",
		       root),
	       1);
	expect(a, program, imc_arena_printf(a, "%s/more --rtol 0", root),
	       "pass abs\n1 passed, 0 refused, 0 failed\n", 0);
	expect(a, program, imc_arena_printf(a, "%s/relu --rtol 0.5", root),
	       "pass relu\n1 passed, 0 refused, 0 failed\n", 0);
	expect(a, program, imc_arena_printf(a, "%s/nothing", root),
	       "conformance: no case in these folders\n", 2);
	expect(a, program, "", "usage: conformance FOLDER...", 2);
	expect(a, program, "--rtol x .", "usage: conformance FOLDER...", 2);
	expect(a, program, "/nowhere/at/all",
	       "conformance: cannot read folder /nowhere/at/all\n", 2);
	imc_arena_free(a);
	return check_result();
}
