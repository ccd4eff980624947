/* SPDX-License-Identifier: Apache-2.0 */
/* Samples are linked in; outputs are printed, as lines "OUT 0a1b..". All of it
 * is the work of core 0 of the cluster. */
#include "imc_device.h"
#include "imc_hal_pulp.h"
#include "pulp_job.h"

#define AT_ONCE 64 /* bytes of a line */

/* Of pulp_samples.S. */
extern const char imc_pulp_samples[], imc_pulp_samples_end[];

/* What was read of them, which the calls of imc_device.h cannot hand on. */
static size_t n_read;

size_t imc_device_read(void *to, size_t bytes)
{
	size_t left =
		(size_t)(imc_pulp_samples_end - imc_pulp_samples) - n_read;

	bytes = bytes < left ? bytes : left;
	imc_pulp_copy(to, (const int8_t *)imc_pulp_samples + n_read,
		      (int32_t)bytes);
	n_read += bytes;
	return bytes;
}

int imc_device_write(const void *from, size_t bytes)
{
	const char *p = from;

	for (size_t i = 0, n; i < bytes; i += n) {
		n = bytes - i < AT_ONCE ? bytes - i : AT_ONCE;
		imc_pulp_print("OUT ");
		imc_pulp_print_hex(p + i, n);
		imc_pulp_print("\n");
	}
	return 0;
}

void imc_device_print(const char *line)
{
	imc_pulp_print(line);
	imc_pulp_print("\n");
}

int imc_device_call(int (*fn)(struct imc_hal *hal), struct imc_hal *hal)
{
	return fn(hal);
}

int imc_pulp_main(struct imc_hal *hal)
{
	return imc_device_run(hal);
}
