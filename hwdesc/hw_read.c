#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <yaml.h>

#include "hwdesc/hw.h"
#include "hwdesc/hw_key.h"
#include "ir/support/embed.h"

/* The largest description; ours have 5 kB. */
#define MAX_BYTES (1 << 20)

/* What a description is made of. Everything else ends the reading. */
enum kind { SCALAR, MAP, LIST, CLOSE, END };

static const char *const kind_text[] = {
	[SCALAR] = "a value", [MAP] = "a mapping",
	[LIST] = "a list",    [CLOSE] = "the end of the mapping",
	[END] = "nothing",
};

struct item {
	enum kind kind;
	const char *text; /* of a scalar */
	struct imc_loc loc;
};

/* Values with a fault are reported and skipped, so that one run shows all;
 * ok says whether there was any. line: where a key was given, 0 = not yet. */
struct reader {
	yaml_parser_t parser;
	const char *path;
	struct imc_arena *a;
	struct imc_diags *d;
	struct imc_hw *hw;
	int *key_line, *section_line, name_line;
	bool ok;
};

static struct imc_loc place(const struct reader *r, yaml_mark_t m)
{
	struct imc_loc l = IMC_IN_FILE(r->path);

	l.line = (int)m.line + 1;
	l.col = (int)m.column + 1;
	return l;
}

static bool parser_error(const struct reader *r)
{
	const yaml_parser_t *p = &r->parser;
	const char *why = p->problem ? p->problem : "out of memory";
	bool has_mark =
		p->error == YAML_SCANNER_ERROR || p->error == YAML_PARSER_ERROR;

	return imc_diag(r->d,
			has_mark ? place(r, p->problem_mark)
				 : IMC_IN_FILE(r->path),
			IMC_D_HW_YAML, why);
}

static bool scalar_item(const struct reader *r, const yaml_event_t *e,
			struct item *out)
{
	const char *bytes = (const char *)e->data.scalar.value;

	if (memchr(bytes, 0, e->data.scalar.length))
		return imc_diag(r->d, out->loc, IMC_D_HW_SHAPE, "text",
				"a zero byte");
	out->kind = SCALAR;
	out->text = imc_arena_strdup(r->a, bytes);
	return true;
}

/* Anchors, aliases and tags: what could make a small file large, or a value
 * mean something else than it says. */
static bool is_refused(const yaml_event_t *e)
{
	if (e->type == YAML_SCALAR_EVENT)
		return e->data.scalar.anchor || e->data.scalar.tag;
	if (e->type == YAML_MAPPING_START_EVENT)
		return e->data.mapping_start.anchor ||
		       e->data.mapping_start.tag;
	if (e->type == YAML_SEQUENCE_START_EVENT)
		return e->data.sequence_start.anchor ||
		       e->data.sequence_start.tag;
	return e->type == YAML_ALIAS_EVENT;
}

/* Fills out from event e; *skip when e says nothing about the content. */
static bool item_of(const struct reader *r, const yaml_event_t *e,
		    struct item *out, bool *skip)
{
	*skip = false;
	out->text = "";
	out->loc = place(r, e->start_mark);
	if (is_refused(e))
		return imc_diag(r->d, out->loc, IMC_D_HW_REFUSED);
	if (e->type == YAML_SCALAR_EVENT)
		return scalar_item(r, e, out);
	if (e->type == YAML_MAPPING_START_EVENT)
		out->kind = MAP;
	else if (e->type == YAML_SEQUENCE_START_EVENT)
		out->kind = LIST;
	else if (e->type == YAML_MAPPING_END_EVENT ||
		 e->type == YAML_SEQUENCE_END_EVENT)
		out->kind = CLOSE;
	else if (e->type == YAML_STREAM_END_EVENT)
		out->kind = END;
	else
		*skip = true;
	return true;
}

/* The next item. False: reported, and reading cannot go on. */
static bool next(struct reader *r, struct item *out)
{
	yaml_event_t e;
	bool ok, skip = true;

	do {
		if (!yaml_parser_parse(&r->parser, &e))
			return parser_error(r);
		ok = item_of(r, &e, out, &skip);
		yaml_event_delete(&e);
	} while (ok && skip);
	return ok;
}

static bool shape_error(struct reader *r, const char *want,
			const struct item *got)
{
	return imc_diag(r->d, got->loc, IMC_D_HW_SHAPE, want,
			kind_text[got->kind]);
}

/* Passes over what `first` opened. */
static bool skip_rest(struct reader *r, const struct item *first)
{
	struct item it;
	int depth = first->kind == MAP || first->kind == LIST;

	while (depth > 0) {
		if (!next(r, &it))
			return false;
		depth += it.kind == MAP || it.kind == LIST;
		depth -= it.kind == CLOSE;
	}
	return true;
}

/* Notes that `name` was given in loc; false when it was before. */
static bool first_time(struct reader *r, const char *name, struct imc_loc loc,
		       int *line)
{
	if (*line)
		return imc_diag(r->d, loc, IMC_D_HW_TWICE,
				imc_hw_quote(name, r->a), *line);
	*line = loc.line;
	return true;
}

/* Key `key` of a section and the value behind it. */
static bool read_key(struct reader *r, const char *section,
		     const struct item *key)
{
	const char *full = imc_arena_printf(r->a, "%s.%s", section, key->text);
	const struct imc_hw_key *k = imc_hw_key_find(full);
	struct item value;
	bool ok;

	ok = k ? first_time(r, full, key->loc, &r->key_line[k - imc_hw_keys])
	       : imc_hw_unknown_key(full, key->loc, r->d);
	if (!next(r, &value))
		return false;
	if (ok && value.kind == SCALAR)
		ok = imc_hw_set(r->hw, full, value.text, value.loc, r->d);
	else if (ok)
		ok = shape_error(r, "a value", &value);
	r->ok = r->ok && ok;
	return skip_rest(r, &value);
}

static bool read_keys(struct reader *r, const char *section)
{
	struct item it;

	for (;;) {
		if (!next(r, &it))
			return false;
		if (it.kind == CLOSE)
			return true;
		if (it.kind != SCALAR)
			return shape_error(r, "a key", &it);
		if (!read_key(r, section, &it))
			return false;
	}
}

static bool read_section(struct reader *r, const struct item *name, size_t i)
{
	struct item body;
	bool ok = first_time(r, name->text, name->loc, &r->section_line[i]);

	if (!next(r, &body))
		return false;
	if (ok && body.kind == MAP)
		return read_keys(r, name->text);
	r->ok = false;
	if (ok)
		shape_error(r, "a mapping of keys", &body);
	return skip_rest(r, &body);
}

static bool read_name(struct reader *r, const struct item *key)
{
	struct item value;
	bool ok = first_time(r, "name", key->loc, &r->name_line);

	if (!next(r, &value))
		return false;
	if (ok && value.kind == SCALAR)
		ok = imc_hw_set(r->hw, "name", value.text, value.loc, r->d);
	else if (ok)
		ok = shape_error(r, "a value", &value);
	r->ok = r->ok && ok;
	return skip_rest(r, &value);
}

static bool unknown_section(struct reader *r, const struct item *name)
{
	struct item body;

	imc_diag(r->d, name->loc, IMC_D_HW_SECTION,
		 imc_hw_quote(name->text, r->a),
		 imc_hw_hint(name->text, imc_hw_sections, imc_n_hw_section,
			     r->a));
	r->ok = false;
	return next(r, &body) && skip_rest(r, &body);
}

/* One entry of the file: the name, or a section. */
static bool read_entry(struct reader *r, const struct item *name)
{
	if (!strcmp(name->text, "name"))
		return read_name(r, name);
	for (size_t i = 0; i < imc_n_hw_section; i++)
		if (!strcmp(name->text, imc_hw_sections[i]))
			return read_section(r, name, i);
	return unknown_section(r, name);
}

static bool read_file(struct reader *r)
{
	struct item it, root;

	if (!next(r, &root))
		return false;
	if (root.kind != MAP)
		return shape_error(r, "a mapping of sections", &root);
	for (;;) {
		if (!next(r, &it))
			return false;
		if (it.kind == CLOSE)
			break;
		if (it.kind != SCALAR)
			return shape_error(r, "a section", &it);
		if (!read_entry(r, &it))
			return false;
	}
	if (!next(r, &it))
		return false;
	if (it.kind != END)
		return shape_error(r, "the end of the file", &it);
	if (!r->name_line)
		return imc_diag(r->d, root.loc, IMC_D_HW_NO_NAME);
	return r->ok && imc_hw_check(r->hw, IMC_IN_FILE(r->path), r->d);
}

struct imc_hw *imc_hw_read(const char *path, const char *yaml, size_t size,
			   struct imc_arena *a, struct imc_diags *d)
{
	struct reader r = {.path = imc_arena_strdup(a, path), .a = a, .d = d};
	bool ok;

	if (size > MAX_BYTES) {
		imc_diag(d, IMC_IN_FILE(path), IMC_D_HW_TOO_LARGE, MAX_BYTES);
		return NULL;
	}
	r.ok = true;
	r.hw = imc_hw_new(a);
	r.hw->source = r.path;
	r.key_line = imc_arena_array(a, imc_n_hw_key, sizeof(int));
	r.section_line = imc_arena_array(a, imc_n_hw_section, sizeof(int));
	if (!yaml_parser_initialize(&r.parser)) {
		parser_error(&r);
		return NULL;
	}
	yaml_parser_set_input_string(&r.parser, (const unsigned char *)yaml,
				     size);
	ok = read_file(&r);
	yaml_parser_delete(&r.parser);
	r.hw->name = imc_arena_strdup(a, r.hw->name);
	return ok ? r.hw : NULL;
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
	char *bytes = imc_arena_alloc(a, MAX_BYTES + 1);
	FILE *f = fopen(path, "rb");
	bool failed;
	size_t n;

	if (!f) {
		imc_diag(d, IMC_IN_FILE(path), IMC_D_CANNOT_READ,
			 strerror(errno));
		return NULL;
	}
	errno = 0;
	n = fread(bytes, 1, MAX_BYTES + 1, f);
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
