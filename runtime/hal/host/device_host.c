/* SPDX-License-Identifier: Apache-2.0 */
/* Samples from standard input, outputs to standard output.
 * IMC_CORES=n: so many threads; IMC_LATE=1: engines are as late as can be. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "imc_device.h"
#include "imc_hal_host.h"

size_t imc_device_read(void *to, size_t bytes)
{
	return fread(to, 1, bytes, stdin);
}

int imc_device_write(const void *from, size_t bytes)
{
	return fwrite(from, 1, bytes, stdout) != bytes;
}

void imc_device_print(const char *line)
{
	fprintf(stderr, "%s\n", line);
}

int imc_device_call(int (*fn)(struct imc_hal *hal), struct imc_hal *hal)
{
	return fn(hal);
}

/* As many as the target has and this machine, or IMC_CORES says. */
static int32_t cores(void)
{
	const char *wanted = getenv("IMC_CORES");
	int32_t n = imc_hal_host_processors();

	if (n > imc_device_net.n_core)
		n = imc_device_net.n_core;
	if (wanted && atoi(wanted) > 0)
		n = atoi(wanted);
	return n < IMC_DEVICE_CORES ? n : IMC_DEVICE_CORES;
}

int main(void)
{
	const char *late = getenv("IMC_LATE");
	struct imc_hal hal = {
		.n_array = imc_device_net.n_array,
		.rows = imc_device_net.rows,
		.cols = imc_device_net.cols,
		.cells = imc_device_net.cells,
		.sums = imc_device_net.sums,
		.adc = imc_device_net.adc,
		.late = late && !strcmp(late, "1"),
		.n_core = cores(),
	};
	int status;

	imc_hal_host_start(&hal);
	status = imc_device_run(&hal);
	imc_hal_host_stop(&hal);
	if (fclose(stdout) && !status) {
		perror("standard output");
		status = 1;
	}
	return status;
}
