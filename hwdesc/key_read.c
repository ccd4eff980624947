#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "hwdesc/key.h"
#include "ir/support/yaml_events.h"

static const char *const kind_text[] = {
	[IMC_YAML_SCALAR] = "a value",
	[IMC_YAML_MAP] = "a mapping",
	[IMC_YAML_LIST] = "a list",
};

/* Faults are reported and passed over, so that one run shows all; ok says
 * whether there was any. */
struct reader {
	struct imc_yaml yaml;
	const struct imc_key_table *t;
	struct imc_diags *d;
	void *thing;
	struct imc_loc *at; /* of the value of each key, or NULL */
	bool named;
};

static bool shape_error(struct reader *r, const char *want,
			const struct imc_yaml_node *got)
{
	return imc_diag(r->d, got->loc, IMC_D_HW_SHAPE, want,
			kind_text[got->kind]);
}

/* Sets `key` ("ima.arrays", or "name") from a scalar. */
static bool set_value(struct reader *r, const char *key,
		      const struct imc_yaml_node *n)
{
	if (n->kind != IMC_YAML_SCALAR)
		return shape_error(r, "a value", n);
	return imc_key_set(r->t, r->thing, key, n->text, n->loc, r->d);
}

static bool read_key(struct reader *r, const struct imc_yaml_node *n)
{
	const struct imc_key *k = imc_key_find(r->t, n->path);

	if (!k)
		return imc_key_unknown(r->t, n->path, n->key_loc, r->d);
	if (r->at)
		r->at[k - r->t->key] = n->loc;
	return set_value(r, n->path, n);
}

static bool is_section(const struct imc_key_table *t, const char *name)
{
	for (size_t i = 0; i < t->n_section; i++)
		if (!strcmp(name, t->section[i].name))
			return true;
	return false;
}

static bool unknown_section(struct reader *r, const struct imc_yaml_node *n)
{
	struct imc_arena *a = r->d->arena;
	const char **names = imc_arena_array(a, r->t->n_section, sizeof *names);

	for (size_t i = 0; i < r->t->n_section; i++)
		names[i] = r->t->section[i].name;
	return imc_diag(r->d, n->key_loc, IMC_D_HW_SECTION,
			imc_key_quote(n->key, a),
			imc_key_hint(n->key, names, r->t->n_section, a));
}

static bool read_section(struct reader *r, const struct imc_yaml_node *n)
{
	const struct imc_yaml_node *key;
	int at = (int)(n - r->yaml.node);
	bool ok = true;

	if (n->kind != IMC_YAML_MAP)
		return shape_error(r, "a mapping of keys", n);
	for (int k = 0; (key = imc_yaml_child(&r->yaml, at, k)); k++)
		ok &= read_key(r, key);
	return ok;
}

/* One entry of the file: the name, or a section. */
static bool read_entry(struct reader *r, const struct imc_yaml_node *n)
{
	if (!strcmp(n->key, "name")) {
		r->named = true;
		return set_value(r, "name", n);
	}
	if (is_section(r->t, n->key))
		return read_section(r, n);
	return unknown_section(r, n);
}

static bool read_file(struct reader *r, const char *path)
{
	const struct imc_yaml_node *root = r->yaml.node, *entry;
	bool ok = true;

	if (!r->yaml.n)
		return imc_diag(r->d, IMC_IN_FILE(path), IMC_D_HW_SHAPE,
				"a mapping of sections", "nothing");
	if (root->kind != IMC_YAML_MAP)
		return shape_error(r, "a mapping of sections", root);
	for (int k = 0; (entry = imc_yaml_child(&r->yaml, 0, k)); k++)
		ok &= read_entry(r, entry);
	if (ok && !r->named)
		return imc_diag(r->d, root->loc, IMC_D_HW_NO_NAME, r->t->what);
	return ok;
}

bool imc_key_read(const struct imc_key_table *t, void *thing,
		  struct imc_loc *at, const struct imc_embedded *file,
		  struct imc_diags *d)
{
	struct reader r = {.t = t, .d = d, .thing = thing, .at = at};
	const char *path = imc_arena_strdup(d->arena, file->path);

	return imc_yaml_read(path, file->bytes, file->size, d->arena, d,
			     &r.yaml) &&
	       read_file(&r, path);
}

static bool ends_with(const char *s, const char *end)
{
	size_t n = strlen(s), m = strlen(end);

	return n >= m && !strcmp(s + n - m, end);
}

static bool load_file(const char *path, struct imc_arena *a,
		      struct imc_diags *d, struct imc_embedded *out)
{
	/* One byte more than allowed shows that the file is too large. */
	char *bytes = imc_arena_alloc(a, IMC_YAML_MAX_BYTES + 1);
	FILE *f = fopen(path, "rb");
	bool failed;
	size_t n;

	if (!f)
		return imc_diag(d, IMC_IN_FILE(path), IMC_D_CANNOT_READ,
				strerror(errno));
	errno = 0;
	n = fread(bytes, 1, IMC_YAML_MAX_BYTES + 1, f);
	failed = ferror(f) != 0;
	if (failed)
		imc_diag(d, IMC_IN_FILE(path), IMC_D_CANNOT_READ,
			 strerror(errno));
	fclose(f);
	*out = (struct imc_embedded){path, bytes, n};
	return !failed;
}

/* Files are called by their name without ".yaml". */
static const char *short_name(const struct imc_embedded *f, struct imc_arena *a)
{
	return imc_arena_strndup(a, f->path, strlen(f->path) - strlen(".yaml"));
}

bool imc_key_source(const char *name, const struct imc_embedded *files,
		    size_t n, enum imc_diag_id unknown, struct imc_arena *a,
		    struct imc_diags *d, struct imc_embedded *out)
{
	const char **names = imc_arena_array(a, n, sizeof *names);
	struct imc_buf list = {.arena = a};

	if (strchr(name, '/') || ends_with(name, ".yaml") ||
	    ends_with(name, ".yml"))
		return load_file(name, a, d, out);
	for (size_t i = 0; i < n; i++) {
		names[i] = short_name(&files[i], a);
		if (!strcmp(name, names[i])) {
			*out = files[i];
			return true;
		}
		imc_buf_printf(&list, "%s%s", i ? ", " : "", names[i]);
	}
	return imc_diag(d, IMC_NOWHERE, unknown, imc_key_quote(name, a), list.p,
			imc_key_hint(name, names, n, a));
}
