#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "hwdesc/hw.h"
#include "hwdesc/hw_key.h"
#include "ir/support/embed.h"
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
	struct imc_arena *a;
	struct imc_diags *d;
	struct imc_hw *hw;
	struct imc_loc *at; /* of the value of each key; file NULL: none */
	bool ok, named;
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
	return imc_hw_set(r->hw, key, n->text, n->loc, r->d);
}

static bool read_key(struct reader *r, const struct imc_yaml_node *n)
{
	const struct imc_hw_key *k = imc_hw_key_find(n->path);

	if (!k)
		return imc_hw_unknown_key(n->path, n->key_loc, r->d);
	r->at[k - imc_hw_keys] = n->loc;
	return set_value(r, n->path, n);
}

static bool is_section(const char *name)
{
	for (size_t i = 0; i < imc_n_hw_section; i++)
		if (!strcmp(name, imc_hw_sections[i]))
			return true;
	return false;
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
	if (is_section(n->key))
		return read_section(r, n);
	return imc_diag(
		r->d, n->key_loc, IMC_D_HW_SECTION, imc_hw_quote(n->key, r->a),
		imc_hw_hint(n->key, imc_hw_sections, imc_n_hw_section, r->a));
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
		return imc_diag(r->d, root->loc, IMC_D_HW_NO_NAME);
	return ok && imc_hw_check_at(r->hw, r->at, IMC_IN_FILE(path), r->d);
}

struct imc_hw *imc_hw_read(const char *path, const char *yaml, size_t size,
			   struct imc_arena *a, struct imc_diags *d)
{
	struct reader r = {.a = a, .d = d, .hw = imc_hw_new(a)};

	r.hw->source = imc_arena_strdup(a, path);
	r.at = imc_arena_array(a, imc_n_hw_key, sizeof *r.at);
	if (!imc_yaml_read(r.hw->source, yaml, size, a, d, &r.yaml) ||
	    !read_file(&r, r.hw->source))
		return NULL;
	return r.hw;
}

static bool ends_with(const char *s, const char *end)
{
	size_t n = strlen(s), m = strlen(end);

	return n >= m && !strcmp(s + n - m, end);
}

static struct imc_hw *load_file(const char *path, struct imc_arena *a,
				struct imc_diags *d)
{
	/* One byte more than allowed shows that the file is too large. */
	char *bytes = imc_arena_alloc(a, IMC_YAML_MAX_BYTES + 1);
	FILE *f = fopen(path, "rb");
	bool failed;
	size_t n;

	if (!f) {
		imc_diag(d, IMC_IN_FILE(path), IMC_D_CANNOT_READ,
			 strerror(errno));
		return NULL;
	}
	errno = 0;
	n = fread(bytes, 1, IMC_YAML_MAX_BYTES + 1, f);
	failed = ferror(f) != 0;
	if (failed)
		imc_diag(d, IMC_IN_FILE(path), IMC_D_CANNOT_READ,
			 strerror(errno));
	fclose(f);
	return failed ? NULL : imc_hw_read(path, bytes, n, a, d);
}

/* The name of built-in target i: its file without ".yaml". */
static const char *target_name(size_t i, struct imc_arena *a)
{
	const char *path = imc_target_files[i].path;

	return imc_arena_strndup(a, path, strlen(path) - strlen(".yaml"));
}

static struct imc_hw *unknown_target(const char *target, struct imc_arena *a,
				     struct imc_diags *d)
{
	struct imc_buf list = {.arena = a};
	const char **names =
		imc_arena_array(a, imc_target_files_count, sizeof *names);

	for (size_t i = 0; i < imc_target_files_count; i++) {
		names[i] = target_name(i, a);
		imc_buf_printf(&list, "%s%s", i ? ", " : "", names[i]);
	}
	imc_diag(d, IMC_NOWHERE, IMC_D_HW_TARGET, imc_hw_quote(target, a),
		 list.p, imc_hw_hint(target, names, imc_target_files_count, a));
	return NULL;
}

struct imc_hw *imc_hw_load(const char *target, struct imc_arena *a,
			   struct imc_diags *d)
{
	if (strchr(target, '/') || ends_with(target, ".yaml") ||
	    ends_with(target, ".yml"))
		return load_file(target, a, d);
	for (size_t i = 0; i < imc_target_files_count; i++) {
		const struct imc_embedded *f = &imc_target_files[i];

		if (!strcmp(target, target_name(i, a)))
			return imc_hw_read(f->path, f->bytes, f->size, a, d);
	}
	return unknown_target(target, a, d);
}
