#include "tests/onnx/onnx_encode.h"

#include <stdlib.h>
#include <string.h>

static void varint(struct imc_buf *b, uint64_t v)
{
	unsigned char c;

	do {
		c = (unsigned char)((v & 127) | (v > 127 ? 128 : 0));
		imc_buf_bytes(b, &c, 1);
		v >>= 7;
	} while (v);
}

void put_int(struct imc_buf *b, int field, int64_t v)
{
	varint(b, (uint64_t)field << 3);
	varint(b, (uint64_t)v);
}

void put_float(struct imc_buf *b, int field, float v)
{
	varint(b, (uint64_t)field << 3 | 5);
	imc_buf_bytes(b, &v, sizeof v);
}

void put_bytes(struct imc_buf *b, int field, const void *p, size_t n)
{
	varint(b, (uint64_t)field << 3 | 2);
	varint(b, n);
	if (n)
		imc_buf_bytes(b, p, n);
}

void put_text(struct imc_buf *b, int field, const char *s)
{
	put_bytes(b, field, s, strlen(s));
}

/* The next word of *s, or NULL. */
static const char *word(struct imc_arena *a, const char **s)
{
	const char *start = *s + strspn(*s, " ");
	size_t n = strcspn(start, " ");

	*s = start + n;
	return n ? imc_arena_strndup(a, start, n) : NULL;
}

void put_tensor(struct imc_buf *b, const char *name, int dtype,
		const char *dims, const void *raw, size_t n)
{
	const char *w;

	while ((w = word(b->arena, &dims)))
		put_int(b, 1, strtoll(w, NULL, 10));
	put_int(b, 2, dtype);
	put_text(b, 8, name);
	put_bytes(b, 9, raw, n);
}

struct net net_new(struct imc_arena *a, int64_t opset)
{
	struct net n = {.a = a, .opset = opset};

	n.graph.arena = n.attrs.arena = a;
	put_text(&n.graph, 2, "test");
	return n;
}

static struct imc_buf attr(struct net *n, const char *name, int type)
{
	struct imc_buf b = {.arena = n->a};

	put_text(&b, 1, name);
	put_int(&b, 20, type);
	return b;
}

void net_i(struct net *n, const char *name, int64_t v)
{
	struct imc_buf b = attr(n, name, 2);

	put_int(&b, 3, v);
	put_bytes(&n->attrs, 5, b.p, b.n);
}

void net_f(struct net *n, const char *name, float v)
{
	struct imc_buf b = attr(n, name, 1);

	put_float(&b, 2, v);
	put_bytes(&n->attrs, 5, b.p, b.n);
}

void net_s(struct net *n, const char *name, const char *v)
{
	struct imc_buf b = attr(n, name, 3);

	put_text(&b, 4, v);
	put_bytes(&n->attrs, 5, b.p, b.n);
}

void net_is(struct net *n, const char *name, const char *v)
{
	struct imc_buf b = attr(n, name, 7);
	const char *w;

	while ((w = word(n->a, &v)))
		put_int(&b, 8, strtoll(w, NULL, 10));
	put_bytes(&n->attrs, 5, b.p, b.n);
}

void net_fs(struct net *n, const char *name, const char *v)
{
	struct imc_buf b = attr(n, name, 6);
	const char *w;

	while ((w = word(n->a, &v)))
		put_float(&b, 7, strtof(w, NULL));
	put_bytes(&n->attrs, 5, b.p, b.n);
}

void net_t(struct net *n, const char *name, int dtype, const char *dims,
	   const void *raw, size_t size)
{
	struct imc_buf b = attr(n, name, 4), t = {.arena = n->a};

	put_tensor(&t, "", dtype, dims, raw, size);
	put_bytes(&b, 5, t.p, t.n);
	put_bytes(&n->attrs, 5, b.p, b.n);
}

static void names(struct imc_buf *b, int field, const char *list)
{
	const char *w;

	while ((w = word(b->arena, &list)))
		put_text(b, field, strcmp(w, "-") ? w : "");
}

void net_node(struct net *n, const char *op, const char *name, const char *in,
	      const char *out)
{
	struct imc_buf b = {.arena = n->a};
	const char *colon = strchr(op, ':');

	names(&b, 1, in);
	names(&b, 2, out);
	put_text(&b, 3, name);
	put_text(&b, 4, colon ? colon + 1 : op);
	if (n->attrs.n)
		imc_buf_bytes(&b, n->attrs.p, n->attrs.n);
	n->attrs.n = 0;
	if (colon)
		put_bytes(&b, 7, op, (size_t)(colon - op));
	put_bytes(&n->graph, 1, b.p, b.n);
}

static void shape(struct imc_buf *type, const char *dims)
{
	struct imc_buf b = {.arena = type->arena};
	const char *w;

	while ((w = word(type->arena, &dims))) {
		struct imc_buf d = {.arena = type->arena};
		char *end;
		long long v = strtoll(w, &end, 10);

		if (*end)
			put_text(&d, 2, w);
		else
			put_int(&d, 1, v);
		put_bytes(&b, 1, d.p, d.n);
	}
	put_bytes(type, 2, b.p, b.n);
}

void net_input(struct net *n, const char *name, int dtype, const char *dims)
{
	struct imc_buf b = {.arena = n->a}, t = {.arena = n->a},
		       tensor = {.arena = n->a};

	put_int(&tensor, 1, dtype);
	if (dims)
		shape(&tensor, dims);
	put_bytes(&t, 1, tensor.p, tensor.n);
	put_text(&b, 1, name);
	put_bytes(&b, 2, t.p, t.n);
	put_bytes(&n->graph, 11, b.p, b.n);
}

void net_output(struct net *n, const char *name)
{
	struct imc_buf b = {.arena = n->a};

	put_text(&b, 1, name);
	put_bytes(&n->graph, 12, b.p, b.n);
}

void net_zeros(struct net *n, const char *name, const char *dims)
{
	struct imc_buf b = {.arena = n->a};
	const char *rest = dims, *w;
	size_t count = 1;

	while ((w = word(n->a, &rest)))
		count *= (size_t)strtoll(w, NULL, 10);
	put_tensor(&b, name, 1, dims, imc_arena_alloc(n->a, count * 4),
		   count * 4);
	put_bytes(&n->graph, 5, b.p, b.n);
}

void net_i64(struct net *n, const char *name, const char *values)
{
	struct imc_buf b = {.arena = n->a}, raw = {.arena = n->a};
	const char *w;
	int64_t v;

	while ((w = word(n->a, &values))) {
		v = strtoll(w, NULL, 10);
		imc_buf_bytes(&raw, &v, sizeof v);
	}
	put_tensor(&b, name, 7, imc_arena_printf(n->a, "%zu", raw.n / sizeof v),
		   raw.p, raw.n);
	put_bytes(&n->graph, 5, b.p, b.n);
}

struct imc_buf net_bytes(const struct net *n)
{
	struct imc_buf b = {.arena = n->a}, opset = {.arena = n->a};

	put_int(&b, 1, 8);
	put_text(&b, 2, "tests");
	put_bytes(&b, 7, n->graph.p, n->graph.n);
	put_int(&opset, 2, n->opset);
	put_bytes(&b, 8, opset.p, opset.n);
	return b;
}
