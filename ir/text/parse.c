#include <string.h>

#include "ir/text.h"
#include "ir/text/parse_part.h"

static bool parse_model(struct imc_reader *r)
{
	return imc_read_string(r, &r->m->model_name);
}

static bool parse_path(struct imc_reader *r)
{
	return imc_read_string(r, &r->m->model_path);
}

static bool parse_sha256(struct imc_reader *r)
{
	return imc_read_string(r, &r->m->model_sha256);
}

static bool parse_options(struct imc_reader *r)
{
	r->m->opt = (struct imc_options){0};
	return imc_read_members(r, imc_option_members, &r->m->opt);
}

/* Numbers up to the next word or the end of the line. */
static bool parse_reals(struct imc_reader *r, const char *key, int *n,
			double x[4])
{
	char word[IMC_WORD_MAX];

	if (!imc_read_word(r, "mean or std", word))
		return false;
	if (strcmp(word, key)) {
		r->p -= strlen(word);
		return imc_read_fail(r, key);
	}
	for (*n = 0; !imc_read_at_end(r) && *r->p != 's'; ++*n)
		if (*n == 4)
			return imc_read_fail(r, "at most 4 numbers");
		else if (!imc_read_f64(r, &x[*n]))
			return false;
	return true;
}

static bool parse_pre(struct imc_reader *r)
{
	struct imc_preprocess *p = &r->m->pre;
	char word[IMC_WORD_MAX];

	if (!imc_read_word(r, "given or identity", word))
		return false;
	p->given = !strcmp(word, "given");
	if (!p->given && strcmp(word, "identity")) {
		r->p -= strlen(word);
		return imc_read_fail(r, "given or identity");
	}
	return imc_read_f64(r, &p->scale) &&
	       parse_reals(r, "mean", &p->n_mean, p->mean) &&
	       parse_reals(r, "std", &p->n_std, p->std);
}

static bool parse_calib(struct imc_reader *r)
{
	return imc_read_string(r, &r->m->calib_source) &&
	       imc_read_i64(r, 0, INT64_MAX, &r->m->calib_n);
}

static bool parse_facts(struct imc_reader *r)
{
	char word[IMC_WORD_MAX];

	while (!imc_read_at_end(r)) {
		int f = 0;

		if (!imc_read_word(r, "a fact", word))
			return false;
		while (f < IMC_N_FACT &&
		       strcmp(imc_fact_name((enum imc_fact)f), word))
			f++;
		if (f == IMC_N_FACT) {
			r->p -= strlen(word);
			return imc_read_fail(r, "a fact");
		}
		r->m->facts |= 1u << f;
	}
	return true;
}

/* The value is the rest of the line: it may hold any character. */
static bool parse_hw(struct imc_reader *r, const struct imc_text_hw *hw)
{
	char key[IMC_WORD_MAX];
	struct imc_loc loc;
	const char *end;

	if (!imc_read_word(r, "a key of the hardware", key))
		return false;
	while (r->p < r->end && *r->p == ' ')
		r->p++;
	loc = imc_read_loc(r);
	end = memchr(r->p, '\n', (size_t)(r->end - r->p));
	if (!end)
		end = r->end;
	if (hw && !r->m->hw)
		r->m->hw = hw->make(r->arena);
	if (hw &&
	    !hw->set(r->m->hw, key,
		     imc_arena_strndup(r->arena, r->p, (size_t)(end - r->p)),
		     loc, r->diags))
		return false;
	r->p = end;
	return true;
}

static const struct {
	const char *key;
	imc_parse_line *parse;
	bool in_graph; /* has no meaning before the graph line */
} lines[] = {
	{"model", parse_model, false},
	{"path", parse_path, false},
	{"sha256", parse_sha256, false},
	{"options", parse_options, false},
	{"pre", parse_pre, false},
	{"calib", parse_calib, false},
	{"facts", parse_facts, false},
	{"graph", imc_parse_graph, false},
	{"value", imc_parse_value, true},
	{"const", imc_parse_const, true},
	{"input", imc_parse_input, true},
	{"output", imc_parse_output, true},
	{"node", imc_parse_node, true},
	{"origin", imc_parse_origin, true},
	{"dead", imc_parse_dead, true},
	{"map", imc_parse_map, false},
	{"assign", imc_parse_assign, true},
	{"tile", imc_parse_tile, true},
	{"plan", imc_parse_plan, true},
	{"step", imc_parse_step, true},
	{"buffer", imc_parse_buffer, true},
	{"view", imc_parse_view, true},
	{"chooser", imc_parse_chooser, false},
	{"errors", imc_parse_errors, false},
	{"error", imc_parse_error, true},
	{"trial", imc_parse_trial, true},
	{"robust", imc_parse_robust, false},
	{"plain", imc_parse_plain, true},
};

static bool parse_line(struct imc_reader *r, const struct imc_text_hw *hw)
{
	char word[IMC_WORD_MAX];

	if (!imc_read_word(r, "a kind of line", word))
		return false;
	if (!strcmp(word, "hw"))
		return parse_hw(r, hw);
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
		if (!strcmp(lines[i].key, word)) {
			if (lines[i].in_graph && !r->m->g) {
				r->p -= strlen(word);
				return imc_read_fail(r, "a graph line before");
			}
			return lines[i].parse(r);
		}
	r->p -= strlen(word);
	return imc_read_fail(r, "a kind of line");
}

static bool parse_version(struct imc_reader *r)
{
	char word[IMC_WORD_MAX];
	int64_t version;

	if (!imc_read_word(r, "imcc-module", word))
		return false;
	if (strcmp(word, "imcc-module")) {
		r->p -= strlen(word);
		return imc_read_fail(r, "imcc-module");
	}
	return imc_read_i64(r, 1, 1, &version) && imc_read_end_line(r);
}

static bool parse_lines(struct imc_reader *r, const struct imc_text_hw *hw)
{
	if (!parse_version(r))
		return false;
	while (r->p < r->end) {
		if (!imc_read_at_end(r) && !parse_line(r, hw))
			return false;
		if (!imc_read_end_line(r))
			return false;
	}
	return !r->m->g || imc_parse_finish_graph(r);
}

static uint32_t count_lines(const char *text, size_t size)
{
	uint32_t n = 1;

	for (size_t i = 0; i < size; i++)
		n += text[i] == '\n' && n < UINT32_MAX / 2;
	return n;
}

struct imc_module *imc_text_parse(const char *path, const char *text,
				  size_t size, const void *blob,
				  size_t blob_size,
				  const struct imc_text_hw *hw,
				  struct imc_diags *d)
{
	struct imc_module *m = imc_module_new(d);
	struct imc_reader r = {.path = path,
			       .p = text,
			       .end = text + size,
			       .line_start = text,
			       .line = 1,
			       .m = m,
			       .arena = m->arena,
			       .diags = d,
			       .max_id = count_lines(text, size) + 64,
			       .blob = blob,
			       .blob_size = blob ? blob_size : 0,
			       .last = IMC_NO_NODE};

	if (parse_lines(&r, hw))
		return m;
	imc_module_free(m);
	return NULL;
}
