/* SPDX-License-Identifier: Apache-2.0 */
#include "imc_hal_pulp.h"
#include "pulp_regs.h"

/* Of core 0; the fabric core and the others have registers of their own. */
static void put(char c)
{
	pulp_write(PULP_STDOUT, (uint8_t)c);
}

void imc_pulp_print(const char *text)
{
	while (*text)
		put(*text++);
}

void imc_pulp_print_hex(const void *bytes, size_t n)
{
	const uint8_t *p = bytes;

	for (size_t i = 0; i < n; i++) {
		put("0123456789abcdef"[p[i] >> 4]);
		put("0123456789abcdef"[p[i] & 15]);
	}
}
