/* pulp_sim [options] PROGRAM: runs a bare-metal program of the open PULP chip;
 * its exit status is that of the program, 125 after a fault, 2 after a wrong
 * call. See machine.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/pulp/machine.h"

static const char usage[] =
	"usage: pulp_sim [--arrays=N] [--l1=BYTES] [--l2=BYTES] "
	"[--adc=float32|integer] [--stats] PROGRAM\n";

struct options {
	long arrays, l1, l2;
	bool integer, stats;
	const char *program;
};

static bool number(const char *text, long least, long most, long *to)
{
	char *end;

	*to = strtol(text, &end, 0);
	return end != text && !*end && *to >= least && *to <= most;
}

static bool option(struct options *o, const char *a)
{
	if (!strncmp(a, "--arrays=", 9))
		return number(a + 9, 1, ARRAY_MAX, &o->arrays);
	if (!strncmp(a, "--l1=", 5))
		return number(a + 5, 4096, 1 << 20, &o->l1) &&
		       o->l1 % 4096 == 0;
	if (!strncmp(a, "--l2=", 5))
		return number(a + 5, 4096, 1 << 26, &o->l2) &&
		       o->l2 % 4096 == 0;
	if (!strcmp(a, "--stats"))
		return o->stats = true;
	if (!strcmp(a, "--adc=integer"))
		return o->integer = true;
	if (!strcmp(a, "--adc=float32"))
		return true;
	if (*a == '-' || o->program)
		return false;
	o->program = a;
	return true;
}

static void print_stats(const struct machine *m)
{
	fprintf(stderr, "cycles of core 0: %llu; DMA: %llu bytes\n",
		(unsigned long long)m->core[0].cycles,
		(unsigned long long)m->dma.bytes);
	for (int32_t k = 0; k < m->n_array; k++) {
		const struct array *a = &m->array[k];

		fprintf(stderr,
			"array %d: %llu triggers, %llu jobs, %llu "
			"words of cells\n",
			(int)k, (unsigned long long)a->n_trigger,
			(unsigned long long)a->n_job,
			(unsigned long long)a->n_plot);
	}
}

int main(int argc, char **argv)
{
	struct options o = {.arrays = 1, .l1 = 0x10000, .l2 = 0x80000};
	struct machine *m;
	int32_t status;

	for (int i = 1; i < argc; i++)
		if (!option(&o, argv[i])) {
			fputs(usage, stderr);
			return 2;
		}
	if (!o.program) {
		fputs(usage, stderr);
		return 2;
	}
	m = machine_new((uint32_t)o.l1, (uint32_t)o.l2, (int32_t)o.arrays,
			o.integer);
	if (!m || !machine_load(m, o.program))
		return 2;
	status = machine_run(m);
	fflush(stdout);
	if (o.stats)
		print_stats(m);
	return status;
}
