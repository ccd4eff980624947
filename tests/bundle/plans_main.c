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

/* So many bytes, of a file if there is one. */
static void *get(FILE *f, size_t n)
{
	void *p = malloc(n);

	if (!p || (f && fread(p, 1, n, f) != n))
		exit(2);
	return p;
}

static struct {
	int n;
	const struct imc_rt_traced *layer;
} said;

void plans_differs(const struct imc_rt_traced *t, uint32_t crc)
{
	said.n++;
	said.layer = t;
	CHECK(crc != t->crc, "%s", t->name);
}

/* A sample of a network: inputs, outputs as they should be, and as they are. */
struct sample {
	const int8_t *in[PLANS_MAX];
	int8_t *want[PLANS_MAX], *out[PLANS_MAX];
};

static FILE *open_file(const char *folder, const char *name, const char *tail)
{
	char path[512];
	FILE *f;

	snprintf(path, sizeof path, "%s/%s%s", folder, name, tail);
	f = fopen(path, "rb");
	if (!f)
		exit(2);
	return f;
}

static void read_sample(const struct plan_net *n, FILE *in, FILE *out,
			struct sample *s)
{
	for (int k = 0; n->in_bytes[k]; k++)
		s->in[k] = get(in, n->in_bytes[k]);
	for (int k = 0; n->out_bytes[k]; k++) {
		s->want[k] = get(out, n->out_bytes[k]);
		s->out[k] = get(NULL, n->out_bytes[k]);
	}
}

static void close_sample(const struct sample *s)
{
	for (int k = 0; k < PLANS_MAX; k++) {
		free((void *)(uintptr_t)s->in[k]);
		free(s->want[k]);
		free(s->out[k]);
	}
}

static void check_sample(const struct plan_net *n, struct sample *s, int late,
			 int spoiled)
{
	int status;

	said.n = 0;
	for (int k = 0; n->out_bytes[k]; k++)
		memset(s->out[k], 0x77, n->out_bytes[k]);
	status = n->run(s->in, s->out, late, spoiled);
	CHECK(status == 0, "%s: status %d", n->name, status);
	for (int k = 0; n->out_bytes[k]; k++)
		CHECK(!memcmp(s->out[k], s->want[k], n->out_bytes[k]),
		      "%s: output %d, late %d", n->name, k, late);
}

/* Samples of which nothing is known, layer by layer. */
static void check_any(const struct plan_net *n, const char *folder)
{
	FILE *f = open_file(folder, n->name, ".bin");
	struct sample s = {0};

	read_sample(n, f, f, &s);
	fclose(f);
	for (int late = 0; late < 2; late++) {
		check_sample(n, &s, late, -1);
		check_sample(n, &s, late, 0);
		CHECK(said.n == 0, "%s: %s", n->name, said.layer->name);
	}
	close_sample(&s);
}

/* The golden one: all layers are right, and one that is not is named. */
static void check_golden(const struct plan_net *n, const char *folder)
{
	FILE *in = open_file(folder, n->name, "/test/input.bin");
	FILE *out = open_file(folder, n->name, "/test/output.bin");
	struct sample s = {0};
	const struct imc_rt_traced *last = NULL;

	read_sample(n, in, out, &s);
	fclose(in);
	fclose(out);
	check_sample(n, &s, 0, -1);
	CHECK(said.n == 0, "%s: %s", n->name, said.layer->name);
	for (int k = 0; k < n->n_traced; k++) {
		check_sample(n, &s, 1, k);
		CHECK(said.n == 1 && (k == 0 || said.layer == last + 1),
		      "%s: layer %d, %d said", n->name, k, said.n);
		last = said.layer;
	}
	close_sample(&s);
}

int main(int argc, char **argv)
{
	for (const struct plan_net *n = plan_nets; argc == 2 && n->name; n++) {
		check_any(n, argv[1]);
		check_golden(n, argv[1]);
	}
	return check_result() || n_check == 0;
}
