/* main.c: how a program of your own calls a bundle.
 *
 * Reads 8x8 pictures of digits from standard input, 64 grey values 0 .. 16
 * each, and prints the digit that the network sees in each. Build it with the
 * bundle's sources, see README.md. On a device the HAL's port takes the place
 * of imc_hal_host.h, and l1 is the scratchpad. */
#include <stdio.h>

#include "digits.h"
#include "imc_hal_host.h"

#define N_PIXEL DIGITS_IN_IMAGE_BYTES
#define N_CLASS DIGITS_OUT_LOGITS_BYTES

/* What a device has in hardware: the cells of its crossbars and its memory. */
static int8_t cells[DIGITS_NUM_XBARS * DIGITS_XBAR_ROWS * DIGITS_XBAR_COLS];
static int32_t sums[2 * DIGITS_XBAR_COLS];
static union {
	int8_t bytes[DIGITS_L1_BYTES];
	long double align;
} l1[2];

/* Grey values to device values: q = real / scale + zero, real = grey / 16. */
static int read_picture(int8_t *image)
{
	int grey;

	for (int i = 0; i < N_PIXEL; i++) {
		float q;

		if (scanf("%d", &grey) != 1)
			return 0;
		q = (float)grey / 16 / DIGITS_IN_IMAGE_SCALE +
		    DIGITS_IN_IMAGE_ZERO;
		image[i] = (int8_t)(q < 0 ? q - 0.5f : q + 0.5f);
	}
	return 1;
}

static int largest(const int8_t *logits)
{
	int best = 0;

	for (int k = 1; k < N_CLASS; k++)
		if (logits[k] > logits[best])
			best = k;
	return best;
}

int main(void)
{
	struct imc_hal machine = {.n_array = DIGITS_NUM_XBARS,
				  .rows = DIGITS_XBAR_ROWS,
				  .cols = DIGITS_XBAR_COLS,
				  .cells = cells,
				  .sums = sums};
	int8_t image[N_PIXEL], logits[N_CLASS];
	struct digits_inputs in = {.image = image};
	struct digits_outputs out = {.logits = logits};
	uintptr_t start = (uintptr_t)l1 + DIGITS_ALIGN - 1;
	struct digits_memory memory = {
		.l1 = (void *)(start / DIGITS_ALIGN * DIGITS_ALIGN),
		.l1_bytes = DIGITS_L1_BYTES};
	struct digits_context net;

	if (digits_init(&net, &machine, &memory) ||
	    digits_program(&net, IMC_RT_CHECK_CRC))
		return 1;
	while (read_picture(image)) {
		if (digits_run(&net, &in, &out))
			return 1;
		printf("%d\n", largest(logits));
	}
	return 0;
}
