/* Unit tests of passes/2-quant. */
#include "tests/stage2/lab.h"

int main(void)
{
	int bad = test_numbers();

	bad |= test_range();
	bad |= test_engine();
	bad |= test_cores();
	bad |= test_adc();
	bad |= test_dac();
	bad |= test_bits();
	bad |= test_errors();
	bad |= test_residual();
	bad |= test_variants();
	bad |= test_cells();
	bad |= test_robust();
	return lab_result() | bad;
}
