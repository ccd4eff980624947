/* The ONNX front end on models made in memory. */
#include <stdio.h>

#include "tests/onnx/onnx_harness.h"

int main(int argc, char **argv)
{
	int failed = test_forms() + test_refuse() +
		     test_bytes(argc > 1 ? argv[1] : ".");

	printf("%d failed\n", failed);
	return failed != 0;
}
