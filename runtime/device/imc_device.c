/* SPDX-License-Identifier: Apache-2.0 */
#include "imc_device.h"

#define LINE 160

/* Appends text to the n characters of a line; how many it has then. */
static size_t put_text(char *line, size_t n, const char *text)
{
	while (*text && n < LINE - 1)
		line[n++] = *text++;
	line[n] = 0;
	return n;
}

static size_t put_number(char *line, size_t n, int32_t v)
{
	char digits[12];
	size_t k = sizeof digits - 1;
	uint32_t rest = v < 0 ? 0u - (uint32_t)v : (uint32_t)v;

	digits[k] = 0;
	do
		digits[--k] = (char)('0' + rest % 10);
	while (rest /= 10);
	if (v < 0)
		digits[--k] = '-';
	return put_text(line, n, digits + k);
}

static size_t put_hex(char *line, size_t n, uint32_t v)
{
	char digits[9];

	for (int k = 0; k < 8; k++)
		digits[k] = "0123456789abcdef"[v >> (28 - 4 * k) & 15];
	digits[8] = 0;
	return put_text(line, n, digits);
}

void imc_device_differs(const char *layer, uint32_t crc, uint32_t golden)
{
	char line[LINE];
	size_t n = put_text(line, 0, imc_device_net.name);

	n = put_text(line, n, ": CRC ");
	n = put_hex(line, n, crc);
	n = put_text(line, n, ", golden ");
	n = put_hex(line, n, golden);
	n = put_text(line, n, ": first wrong is layer ");
	put_text(line, n, layer);
	imc_device_print(line);
}

/* 1, the exit status; status 0 is left out. */
static int fail(const char *what, int status)
{
	char line[LINE];
	size_t n = put_text(line, 0, imc_device_net.name);

	n = put_text(line, n, ": ");
	n = put_text(line, n, what);
	if (status) {
		n = put_text(line, n, ": status ");
		put_number(line, n, status);
	}
	imc_device_print(line);
	return 1;
}

/* Fills the inputs; 1 done, 0 there is no sample, -1 it is not whole. */
static int read_sample(void)
{
	const struct imc_device_net *net = &imc_device_net;

	for (int32_t k = 0; k < net->n_input; k++) {
		const struct imc_device_tensor *t = &net->input[k];
		size_t n = imc_device_read(t->data, t->bytes);

		if (n < t->bytes)
			return k || n ? -1 : 0;
	}
	return 1;
}

static int write_sample(void)
{
	const struct imc_device_net *net = &imc_device_net;
	int status = 0;

	for (int32_t k = 0; k < net->n_output && !status; k++)
		status = imc_device_write(net->output[k].data,
					  net->output[k].bytes);
	return status;
}

int imc_device_run(struct imc_hal *hal)
{
	int status = imc_device_call(imc_device_net.program, hal), more;

	if (status)
		return fail("the arrays cannot be programmed", status);
	while ((more = read_sample()) > 0) {
		status = imc_device_call(imc_device_net.run, hal);
		if (status)
			return fail("the network reported an error", status);
		if (write_sample())
			return fail("the outputs cannot be written", 0);
	}
	return more < 0 ? fail("the last sample is not whole", 0) : 0;
}
