#include "tests/onnx/onnx_harness.h"

#include <stdlib.h>
#include <string.h>

struct got read_as(struct imc_arena *a, const char *path, const void *p,
		   size_t size)
{
	struct imc_diags d = {.arena = a};
	struct imc_buf text = {.arena = a};
	struct got r;
	/* A block of its own, so that reading past the end is noticed. */
	void *exact = malloc(size ? size : 1);

	if (!exact)
		abort();
	if (size)
		memcpy(exact, p, size);
	memset(&r, 0, sizeof r);
	r.g = imc_onnx_read_bytes(path, exact, size, a, &d, &r.info);
	free(exact);
	imc_buf_text(&text, "");
	for (size_t i = 0; i < d.n; i++)
		imc_buf_printf(&text, "%s\n", d.v[i].text);
	r.text = text.p ? text.p : "";
	return r;
}

struct got read_net(const struct net *n)
{
	struct imc_buf b = net_bytes(n);

	return read_as(n->a, "net.onnx", b.p, b.n);
}

const struct imc_node *node_of(const struct got *r, enum imc_op op)
{
	for (size_t i = 0; r->g && i < r->g->n_order; i++)
		if (imc_node_at(r->g, r->g->order[i])->op == op)
			return imc_node_at(r->g, r->g->order[i]);
	return NULL;
}
