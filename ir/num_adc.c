#include "ir/num_adc.h"

/* mult = (2^shift + e) / d with d = cell_max * n and 0 <= e < d, and is at
 * least 2^30. A sum s reads s / d + s * e / (d * 2^shift). The second term must
 * stay below what s / d lacks to the next half, which is 1 / (2 d) or more: 2 *
 * s * e < 2^shift. As 2^shift >= 2^30 * d and e < d, s < 2^29 does. */
void imc_adc_ends_factor(int32_t cell_max, int32_t n, int32_t *mult,
			 int32_t *shift)
{
	uint64_t d = (uint64_t)cell_max * (uint64_t)n;
	int s = 30;

	while (((uint64_t)1 << s) / d < (uint64_t)1 << 30)
		s++;
	*mult = (int32_t)((((uint64_t)1 << s) + d - 1) / d);
	*shift = s;
}
