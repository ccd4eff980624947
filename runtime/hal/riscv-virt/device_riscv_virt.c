/* SPDX-License-Identifier: Apache-2.0 */
/* The program's arguments, by semihosting: its name, the file of samples, the
 * file for outputs, the number of cores, and "late" if engines are to be as
 * late as can be. */
#include "imc_device.h"
#include "imc_hal_riscv_virt.h"

enum semihost {
	OPEN = 0x01,
	WRITE0 = 0x04,
	WRITE = 0x05,
	READ = 0x06,
	GET_CMDLINE = 0x15,
	EXIT_EXTENDED = 0x20
};

enum mode { READ_BINARY = 1, WRITE_BINARY = 5 };

#define EXITED 0x20026

/* Handles of the open files, which the calls of imc_device.h cannot hand on. */
static struct {
	int32_t input, output;
} file;

static void leave(int status)
{
	uint32_t a[2] = {EXITED, (uint32_t)status};

	imc_riscv_semihost(EXIT_EXTENDED, a);
	for (;;)
		;
}

static void print(const char *text)
{
	imc_riscv_semihost(WRITE0, (void *)(uintptr_t)text);
}

void imc_device_print(const char *line)
{
	print(line);
	print("\n");
}

size_t imc_device_read(void *to, size_t bytes)
{
	uint32_t a[3] = {(uint32_t)file.input, (uint32_t)(uintptr_t)to,
			 (uint32_t)bytes};

	return bytes - (size_t)imc_riscv_semihost(READ, a); /* what it lacks */
}

int imc_device_write(const void *from, size_t bytes)
{
	uint32_t a[3] = {(uint32_t)file.output, (uint32_t)(uintptr_t)from,
			 (uint32_t)bytes};

	return imc_riscv_semihost(WRITE, a) != 0;
}

int imc_device_call(int (*fn)(struct imc_hal *hal), struct imc_hal *hal)
{
	return imc_riscv_call(fn, hal);
}

static size_t length(const char *text)
{
	size_t n = 0;

	while (text[n])
		n++;
	return n;
}

static int32_t open_file(const char *path, enum mode mode)
{
	uint32_t a[3] = {(uint32_t)(uintptr_t)path, mode,
			 (uint32_t)length(path)};
	int32_t handle = imc_riscv_semihost(OPEN, a);

	if (handle < 0) {
		print(path);
		imc_device_print(": it cannot be opened");
		leave(1);
	}
	return handle;
}

/* Cuts the next word off the line at *rest; "" if there is none. */
static char *next_word(char **rest)
{
	char *word = *rest, *end;

	while (*word == ' ')
		word++;
	for (end = word; *end && *end != ' ';)
		end++;
	*rest = *end ? end + 1 : end;
	*end = 0;
	return word;
}

static int32_t read_cores(const char *word)
{
	int32_t n = 0;

	while (*word >= '0' && *word <= '9' && n <= IMC_DEVICE_CORES)
		n = 10 * n + (*word++ - '0');
	if (*word || n < 1 || n > IMC_DEVICE_CORES) {
		imc_device_print("the number of cores is none of 1 .. 64");
		leave(1);
	}
	return n;
}

void imc_riscv_control(void)
{
	char line[512], *rest = line;
	uint32_t a[2] = {(uint32_t)(uintptr_t)line, sizeof line};
	struct imc_hal hal = {
		.n_array = imc_device_net.n_array,
		.rows = imc_device_net.rows,
		.cols = imc_device_net.cols,
		.cells = imc_device_net.cells,
		.sums = imc_device_net.sums,
		.adc = imc_device_net.adc,
	};

	line[0] = 0;
	imc_riscv_semihost(GET_CMDLINE, a);
	next_word(&rest);
	file.input = open_file(next_word(&rest), READ_BINARY);
	file.output = open_file(next_word(&rest), WRITE_BINARY);
	hal.n_core = read_cores(next_word(&rest));
	hal.late = *next_word(&rest) == 'l';
	imc_riscv_begin(hal.n_core);
	leave(imc_device_run(&hal));
}

static void print_hex(uint32_t v)
{
	char text[9];

	for (int i = 0; i < 8; i++)
		text[i] = "0123456789abcdef"[v >> (28 - 4 * i) & 15];
	text[8] = 0;
	print(text);
}

void imc_riscv_trap(uint32_t cause, uint32_t pc)
{
	print("trap, cause ");
	print_hex(cause);
	print(" at ");
	print_hex(pc);
	print("\n");
	leave(3);
}
