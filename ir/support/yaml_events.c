#include "ir/support/yaml_events.h"

#include <string.h>
#include <yaml.h>

/* A container that is being read: its node, its entries so far, and the key
 * that waits for its value. */
struct level {
	int node, n;
	const char *key;
	struct imc_loc key_loc;
};

struct reader {
	const char *file;
	struct imc_arena *a;
	struct imc_diags *d;
	struct imc_yaml *out;
	int depth; /* open containers: stack[0 .. depth) */
	int n_document;
	struct level stack[IMC_YAML_MAX_DEPTH];
};

static struct imc_loc place(const struct reader *r, yaml_mark_t m)
{
	struct imc_loc l = IMC_IN_FILE(r->file);

	l.line = (int)m.line + 1;
	l.col = (int)m.column + 1;
	return l;
}

static bool broken(struct reader *r, struct imc_loc l, const char *why)
{
	return imc_diag(r->d, l, IMC_D_YAML_TEXT, why);
}

/* What libyaml says; its reader errors have no mark, only an offset. */
static bool parser_error(struct reader *r, const yaml_parser_t *p)
{
	struct imc_loc l = place(r, p->problem_mark);

	if (p->error == YAML_MEMORY_ERROR)
		return broken(r, IMC_IN_FILE(r->file), "out of memory");
	if (p->error == YAML_READER_ERROR)
		l = IMC_IN_FILE(r->file);
	return broken(r, l, p->problem ? p->problem : "unknown fault");
}

static const char *path_of(struct reader *r, const struct level *in)
{
	const char *base = r->out->node[in->node].path;

	if (!in->key)
		return imc_arena_printf(r->a, "%s[%d]", base, in->n);
	return *base ? imc_arena_printf(r->a, "%s.%s", base, in->key) : in->key;
}

/* Appends a node to the open container, or as the root. NULL: reported. */
static struct imc_yaml_node *add_node(struct reader *r, struct imc_loc l)
{
	struct imc_yaml_node node = {.parent = -1, .path = "", .loc = l};
	struct level *in = r->depth ? &r->stack[r->depth - 1] : NULL;
	struct imc_yaml_node *out;

	if (r->out->n >= IMC_YAML_MAX_NODE) {
		broken(r, l, "more values than a description can need");
		return NULL;
	}
	node.key_loc = l;
	if (in) {
		node.parent = in->node;
		node.path = path_of(r, in);
		node.key = in->key;
		if (in->key)
			node.key_loc = in->key_loc;
		node.index = in->n++;
		in->key = NULL;
	}
	out = IMC_PUSH(r->a, r->out->node, r->out->n, r->out->cap);
	*out = node;
	return out;
}

static bool set_key(struct reader *r, struct level *in, const char *key,
		    struct imc_loc l)
{
	if (strlen(key) > IMC_YAML_MAX_KEY)
		return broken(r, l, "a key of more than 255 bytes");
	if (imc_yaml_get(r->out, in->node, key))
		return imc_diag(r->d, l, IMC_D_YAML_TWICE, key);
	in->key = key;
	in->key_loc = l;
	return true;
}

static bool wants_key(const struct reader *r)
{
	const struct level *in = r->depth ? &r->stack[r->depth - 1] : NULL;

	return in && !in->key && r->out->node[in->node].kind == IMC_YAML_MAP;
}

static bool on_scalar(struct reader *r, const yaml_event_t *e)
{
	struct imc_loc l = place(r, e->start_mark);
	const char *bytes = (const char *)e->data.scalar.value;
	size_t size = e->data.scalar.length;
	struct imc_yaml_node *n;
	const char *text;

	if (e->data.scalar.anchor || e->data.scalar.tag)
		return broken(r, l, "anchors and tags are not supported");
	if (memchr(bytes, 0, size))
		return broken(r, l, "a zero byte inside text");
	text = imc_arena_strndup(r->a, bytes, size);
	if (wants_key(r))
		return set_key(r, &r->stack[r->depth - 1], text, l);
	n = add_node(r, l);
	if (!n)
		return false;
	n->kind = IMC_YAML_SCALAR;
	n->text = text;
	n->quoted = e->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
	return true;
}

static bool on_open(struct reader *r, const yaml_event_t *e,
		    enum imc_yaml_kind kind, bool plain)
{
	struct imc_loc l = place(r, e->start_mark);
	struct imc_yaml_node *n;

	if (!plain)
		return broken(r, l, "anchors and tags are not supported");
	if (wants_key(r))
		return broken(r, l, "a key must be plain text");
	if (r->depth == IMC_YAML_MAX_DEPTH)
		return broken(r, l, "nested too deeply");
	n = add_node(r, l);
	if (!n)
		return false;
	n->kind = kind;
	r->stack[r->depth++] = (struct level){.node = (int)r->out->n - 1};
	return true;
}

/* Libyaml's enum is not ours: events that say nothing here are passed over. */
static bool on_event(struct reader *r, const yaml_event_t *e)
{
	if (e->type == YAML_SCALAR_EVENT)
		return on_scalar(r, e);
	if (e->type == YAML_MAPPING_START_EVENT)
		return on_open(r, e, IMC_YAML_MAP,
			       !e->data.mapping_start.anchor &&
				       !e->data.mapping_start.tag);
	if (e->type == YAML_SEQUENCE_START_EVENT)
		return on_open(r, e, IMC_YAML_LIST,
			       !e->data.sequence_start.anchor &&
				       !e->data.sequence_start.tag);
	if (e->type == YAML_MAPPING_END_EVENT ||
	    e->type == YAML_SEQUENCE_END_EVENT)
		r->depth--;
	if (e->type == YAML_ALIAS_EVENT)
		return broken(r, place(r, e->start_mark),
			      "aliases are not supported");
	if (e->type == YAML_DOCUMENT_START_EVENT && r->n_document++)
		return broken(r, place(r, e->start_mark),
			      "a second document in one file");
	return true;
}

bool imc_yaml_read(const char *file, const char *text, size_t size,
		   struct imc_arena *a, struct imc_diags *d,
		   struct imc_yaml *out)
{
	struct reader r = {.file = file, .a = a, .d = d, .out = out};
	yaml_parser_t p;
	yaml_event_t e;
	bool ok = true, end = false;

	*out = (struct imc_yaml){0};
	if (size > IMC_YAML_MAX_BYTES)
		return broken(&r, IMC_IN_FILE(file), "longer than 1 MB");
	if (!yaml_parser_initialize(&p))
		return broken(&r, IMC_IN_FILE(file), "out of memory");
	yaml_parser_set_input_string(&p, (const unsigned char *)text, size);
	while (ok && !end) {
		if (!yaml_parser_parse(&p, &e)) {
			ok = parser_error(&r, &p);
			break;
		}
		end = e.type == YAML_STREAM_END_EVENT;
		ok = on_event(&r, &e);
		yaml_event_delete(&e);
	}
	yaml_parser_delete(&p);
	return ok;
}

const struct imc_yaml_node *imc_yaml_get(const struct imc_yaml *y, int map,
					 const char *key)
{
	for (size_t i = (size_t)map + 1; i < y->n; i++) {
		const struct imc_yaml_node *n = &y->node[i];

		if (n->parent < map)
			return NULL;
		if (n->parent == map && n->key && !strcmp(n->key, key))
			return n;
	}
	return NULL;
}

const struct imc_yaml_node *imc_yaml_child(const struct imc_yaml *y, int in,
					   int k)
{
	for (size_t i = (size_t)in + 1; i < y->n; i++) {
		if (y->node[i].parent < in)
			return NULL;
		if (y->node[i].parent == in && y->node[i].index == k)
			return &y->node[i];
	}
	return NULL;
}
