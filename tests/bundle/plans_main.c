#include "plans_main.h"

#include <stdio.h>

#include "tests/check.h"

void *plans_memory(size_t bytes, size_t align)
{
	size_t size = (bytes + align - 1) / align * align;
	void *p = aligned_alloc(align, size ? size : align);

	if (!p)
		exit(2);
	memset(p, 0x5b, size ? size : align);
	return p;
}

static void *get(FILE *f, size_t n)
{
	void *p = malloc(n);

	if (!p || fread(p, 1, n, f) != n)
		exit(2);
	return p;
}

/* The sample of a network: inputs, outputs as they should be, and as they
 * are. */
struct sample {
	const int8_t *in[PLANS_MAX];
	int8_t *want[PLANS_MAX], *out[PLANS_MAX];
};

static struct sample open_sample(const struct plan_net *n, const char *folder)
{
	struct sample s = {0};
	char path[512];
	FILE *f;

	snprintf(path, sizeof path, "%s/%s.bin", folder, n->name);
	f = fopen(path, "rb");
	if (!f)
		exit(2);
	for (int k = 0; n->in_bytes[k]; k++)
		s.in[k] = get(f, n->in_bytes[k]);
	for (int k = 0; n->out_bytes[k]; k++) {
		s.want[k] = get(f, n->out_bytes[k]);
		s.out[k] = malloc(n->out_bytes[k]);
	}
	fclose(f);
	return s;
}

static void check_net(const struct plan_net *n, const char *folder)
{
	struct sample s = open_sample(n, folder);

	for (int late = 0; late < 2; late++) {
		int status;

		for (int k = 0; n->out_bytes[k]; k++)
			memset(s.out[k], 0x77, n->out_bytes[k]);
		status = n->run(s.in, s.out, late);
		CHECK(status == 0, "%s: status %d", n->name, status);
		for (int k = 0; n->out_bytes[k]; k++)
			CHECK(!memcmp(s.out[k], s.want[k], n->out_bytes[k]),
			      "%s: output %d, late %d", n->name, k, late);
	}
	for (int k = 0; k < PLANS_MAX; k++) {
		free((void *)(uintptr_t)s.in[k]);
		free(s.want[k]);
		free(s.out[k]);
	}
}

int main(int argc, char **argv)
{
	for (const struct plan_net *n = plan_nets; argc == 2 && n->name; n++)
		check_net(n, argv[1]);
	return check_result() || n_check == 0;
}
