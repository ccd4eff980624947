/* qemu_counts.c: a TCG plugin that counts instructions, hart by hart, exactly.
 *
 *     cc -O2 -fPIC -shared -o qemu_counts.so qemu_counts.c
 *     qemu-system-riscv32 -M virt -smp 9 -bios none \
 *         -icount shift=0,sleep=off -plugin ./qemu_counts.so,out=counts.txt \
 *         ... -kernel program
 *
 * Or for a bundle: make COUNT=1 run QEMU_FLAGS="-icount .. -plugin .."
 * The program executes `slti x0, x0, n` (which does nothing) as marks:
 *     1, 2  this hart counts from here on, counts no more
 *     3, 4  the next row begins, row 0 begins, for all harts
 *     5, 6  all harts pause (an engine is modelled), go on
 * Each row of the output: its number, how often it began, the sum over the
 * harts, then each hart. A bundle has a row for each slot of steps that
 * imc_hal_step announces, and one for what comes after. Marks are not counted.
 * Without -icount the harts run at the same time, and with sleep=on they wake
 * by the clock of the host: then what waiting costs varies by a few. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Of QEMU's plugin interface, version 1, which Debian ships no header of. */
typedef uint64_t qemu_plugin_id_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
enum qemu_plugin_cb_flags { QEMU_PLUGIN_CB_NO_REGS };
typedef struct qemu_info_t qemu_info_t;
#define EXPORT __attribute__((visibility("default")))

typedef void translated_fn(qemu_plugin_id_t id, struct qemu_plugin_tb *tb);
typedef void executed_fn(unsigned vcpu, void *data);
typedef void exit_fn(qemu_plugin_id_t id, void *data);

void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id,
					   translated_fn *fn);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn,
					    executed_fn *fn,
					    enum qemu_plugin_cb_flags flags,
					    void *data);
void qemu_plugin_register_atexit_cb(qemu_plugin_id_t id, exit_fn *fn,
				    void *data);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *
qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t k);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn);

EXPORT int qemu_plugin_version = 1;
EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info,
			       int argc, char **argv);

#define HARTS 65
#define ROWS 4096

static struct {
	char out[512];
	int paused, on[HARTS];
	unsigned row, n_row, n_hart;
	uint64_t times[ROWS], count[ROWS][HARTS];
} counts;

static void count(unsigned vcpu, void *data)
{
	(void)data;
	if (vcpu < HARTS && counts.on[vcpu] && !counts.paused)
		counts.count[counts.row][vcpu]++;
}

static void begin_row(unsigned row)
{
	counts.row = row < ROWS ? row : ROWS - 1;
	counts.times[counts.row]++;
	if (counts.row >= counts.n_row)
		counts.n_row = counts.row + 1;
}

static void mark(unsigned vcpu, void *data)
{
	uintptr_t n = (uintptr_t)data;

	if (vcpu >= HARTS)
		return;
	if (vcpu >= counts.n_hart)
		counts.n_hart = vcpu + 1;
	if (n == 1 || n == 2)
		counts.on[vcpu] = n == 1;
	else if (n == 3 || n == 4)
		begin_row(n == 3 ? counts.row + 1 : 0);
	else
		counts.paused = n == 5;
}

/* Which mark it is, or 0. */
static unsigned mark_of(const struct qemu_plugin_insn *insn)
{
	uint32_t word = 0;

	if (qemu_plugin_insn_size(insn) != 4)
		return 0;
	memcpy(&word, qemu_plugin_insn_data(insn), 4);
	for (unsigned n = 1; n <= 6; n++)
		if (word == (n << 20 | 0x2013))
			return n;
	return 0;
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	(void)id;
	for (size_t k = 0; k < qemu_plugin_tb_n_insns(tb); k++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, k);
		uintptr_t n = mark_of(insn);

		qemu_plugin_register_vcpu_insn_exec_cb(insn, n ? mark : count,
						       QEMU_PLUGIN_CB_NO_REGS,
						       (void *)n);
	}
}

static void print_row(FILE *out, unsigned row)
{
	uint64_t sum = 0;

	for (unsigned h = 0; h < counts.n_hart; h++)
		sum += counts.count[row][h];
	fprintf(out, "%u %" PRIu64 " %" PRIu64, row, counts.times[row], sum);
	for (unsigned h = 0; h < counts.n_hart; h++)
		fprintf(out, " %" PRIu64, counts.count[row][h]);
	fputc('\n', out);
}

static void print_all(qemu_plugin_id_t id, void *data)
{
	FILE *out = *counts.out ? fopen(counts.out, "w") : stderr;

	(void)id;
	(void)data;
	if (!out) {
		perror(counts.out);
		return;
	}
	fprintf(out, "# row times sum");
	for (unsigned h = 0; h < counts.n_hart; h++)
		fprintf(out, " hart%u", h);
	fputc('\n', out);
	for (unsigned row = 0; row < counts.n_row || !row; row++)
		print_row(out, row);
	if (out != stderr)
		fclose(out);
}

int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc,
			char **argv)
{
	(void)info;
	for (int k = 0; k < argc; k++) {
		if (strncmp(argv[k], "out=", 4) ||
		    strlen(argv[k] + 4) >= sizeof counts.out) {
			fprintf(stderr, "qemu_counts: %s: not out=FILE\n",
				argv[k]);
			return -1;
		}
		strcpy(counts.out, argv[k] + 4);
	}
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	qemu_plugin_register_atexit_cb(id, print_all, NULL);
	return 0;
}
