#include "ir/text/text_read.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct imc_loc imc_read_loc(const struct imc_reader *r)
{
	struct imc_loc l = IMC_IN_FILE(r->path);

	l.line = r->line;
	l.col = (int)(r->p - r->line_start) + 1;
	return l;
}

static void skip_blanks(struct imc_reader *r)
{
	while (r->p < r->end &&
	       (*r->p == ' ' || *r->p == '\t' || *r->p == '\r'))
		r->p++;
	if (r->p < r->end && *r->p == '#')
		while (r->p < r->end && *r->p != '\n')
			r->p++;
}

/* The word that begins at p, at most 24 characters, for a message. */
static const char *found(const struct imc_reader *r, char out[32])
{
	size_t n = 0;

	if (r->p >= r->end)
		return "the end of the file";
	if (*r->p == '\n')
		return "the end of the line";
	out[n++] = '\'';
	for (const char *p = r->p; p < r->end && n < 25; p++) {
		if (*p == ' ' || *p == '\n' || *p == '\t')
			break;
		out[n++] = *p > 0x20 && *p < 0x7f ? *p : '?';
	}
	out[n++] = '\'';
	out[n] = 0;
	return out;
}

bool imc_read_fail(struct imc_reader *r, const char *what)
{
	char word[32];

	skip_blanks(r);
	return imc_diag(r->diags, imc_read_loc(r), IMC_D_TEXT_SYNTAX, what,
			found(r, word));
}

bool imc_read_is(struct imc_reader *r, char c)
{
	skip_blanks(r);
	if (r->p >= r->end || *r->p != c)
		return false;
	r->p++;
	return true;
}

bool imc_read_at(struct imc_reader *r, char c)
{
	skip_blanks(r);
	return r->p < r->end && *r->p == c;
}

bool imc_read_need(struct imc_reader *r, char c)
{
	char what[] = {'\'', c, '\'', 0};

	return imc_read_is(r, c) || imc_read_fail(r, what);
}

bool imc_read_at_end(struct imc_reader *r)
{
	skip_blanks(r);
	return r->p >= r->end || *r->p == '\n';
}

bool imc_read_end_line(struct imc_reader *r)
{
	if (!imc_read_at_end(r))
		return imc_read_fail(r, "the end of the line");
	if (r->p < r->end) {
		r->p++;
		r->line++;
		r->line_start = r->p;
	}
	return true;
}

static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-';
}

bool imc_read_word(struct imc_reader *r, const char *what,
		   char word[IMC_WORD_MAX])
{
	const char *p;
	size_t n;

	skip_blanks(r);
	for (p = r->p; p < r->end && is_word(*p); p++)
		continue;
	n = (size_t)(p - r->p);
	if (n == 0 || n >= IMC_WORD_MAX)
		return imc_read_fail(r, what);
	memcpy(word, r->p, n);
	word[n] = 0;
	r->p = p;
	return true;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

/* One escape behind the backslash; 0 when it is none. */
static char escape(struct imc_reader *r)
{
	int high, low;
	char c = 0;

	if (r->p < r->end && (*r->p == '"' || *r->p == '\\'))
		return *r->p++;
	if (r->end - r->p < 3 || *r->p != 'x')
		return 0;
	high = hex_digit(r->p[1]);
	low = hex_digit(r->p[2]);
	if (high >= 0 && low >= 0)
		c = (char)(unsigned char)(high * 16 + low);
	r->p += c ? 3 : 0;
	return c;
}

/* Characters up to the closing quote; escapes only shorten. */
static bool quoted(struct imc_reader *r, const char **out)
{
	const char *p = r->p;
	char *to;

	while (p < r->end && *p != '"' && *p != '\n')
		p += *p == '\\' && p + 1 < r->end && p[1] != '\n' ? 2 : 1;
	*out = to = imc_arena_alloc(r->arena, (size_t)(p - r->p) + 1);
	while (r->p < r->end && *r->p != '"' && *r->p != '\n' && *r->p) {
		if (*r->p != '\\') {
			*to++ = *r->p++;
			continue;
		}
		r->p++;
		*to = escape(r);
		if (!*to++)
			return imc_read_fail(r, "an escape");
	}
	return imc_read_need(r, '"');
}

bool imc_read_string(struct imc_reader *r, const char **out)
{
	*out = NULL;
	if (imc_read_is(r, '-'))
		return true;
	if (!imc_read_is(r, '"'))
		return imc_read_fail(r, "a string in quotes");
	return quoted(r, out);
}

/* Digits up to `most`. */
static bool digits(struct imc_reader *r, uint64_t most, uint64_t *out)
{
	const char *p = r->p;
	uint64_t v = 0;

	for (; p < r->end && *p >= '0' && *p <= '9'; p++) {
		uint64_t d = (uint64_t)(*p - '0');

		if (v > most / 10 || v * 10 > most - d)
			return false;
		v = v * 10 + d;
	}
	if (p == r->p)
		return false;
	r->p = p;
	*out = v;
	return true;
}

bool imc_read_i64(struct imc_reader *r, int64_t lo, int64_t hi, int64_t *out)
{
	const char *start;
	uint64_t v;
	bool minus;

	skip_blanks(r);
	start = r->p;
	minus = imc_read_is(r, '-');
	if (digits(r, (uint64_t)INT64_MAX + minus, &v)) {
		*out = minus ? -(int64_t)(v - (v > 0)) - (v > 0) : (int64_t)v;
		if (*out >= lo && *out <= hi)
			return true;
	}
	r->p = start;
	return imc_read_fail(r, "an integer in its range");
}

bool imc_read_int(struct imc_reader *r, int *out)
{
	int64_t v;

	if (!imc_read_i64(r, INT32_MIN, INT32_MAX, &v))
		return false;
	*out = (int)v;
	return true;
}

bool imc_read_u64(struct imc_reader *r, uint64_t *out)
{
	skip_blanks(r);
	return digits(r, UINT64_MAX, out) ||
	       imc_read_fail(r, "an integer from 0 on");
}

bool imc_read_hex(struct imc_reader *r, int n_digit, uint64_t *out)
{
	uint64_t v = 0;

	skip_blanks(r);
	for (int i = 0; i < n_digit; i++) {
		int d = r->end - r->p > i ? hex_digit(r->p[i]) : -1;

		if (d < 0)
			return imc_read_fail(r, "hexadecimal digits");
		v = v * 16 + (uint64_t)d;
	}
	r->p += n_digit;
	*out = v;
	return true;
}

static bool finite_number(struct imc_reader *r, double *out)
{
	char word[IMC_WORD_MAX], *end;
	size_t n = 0;

	skip_blanks(r);
	while ((size_t)(r->end - r->p) > n && n < sizeof word - 1 &&
	       (is_word(r->p[n]) || r->p[n] == '+')) {
		word[n] = r->p[n];
		n++;
	}
	word[n] = 0;
	if (n && word[n - 1] != 'n' && word[n - 1] != 'f')
		*out = strtod(word, &end);
	else
		end = word;
	if (n == 0 || end != word + n || !(*out - *out <= 0))
		return imc_read_fail(r, "a number");
	r->p += n;
	return true;
}

bool imc_read_f32(struct imc_reader *r, float *out)
{
	uint64_t bits = 0;
	uint32_t low;
	double x = 0;

	if (imc_read_is(r, '~')) {
		if (!imc_read_hex(r, 8, &bits))
			return false;
		low = (uint32_t)bits;
		memcpy(out, &low, sizeof *out);
		return true;
	}
	if (!finite_number(r, &x))
		return false;
	if (x > 3.4028235677973366e38 || x < -3.4028235677973366e38)
		return imc_read_fail(r, "a number that fits a float before");
	*out = (float)x;
	return true;
}

bool imc_read_f64(struct imc_reader *r, double *out)
{
	uint64_t bits = 0;

	*out = 0;
	if (!imc_read_is(r, '~'))
		return finite_number(r, out);
	if (!imc_read_hex(r, 16, &bits))
		return false;
	memcpy(out, &bits, sizeof *out);
	return true;
}

/* Sign c and a number below `limit`. */
static bool read_id(struct imc_reader *r, char c, size_t limit, uint32_t *out)
{
	const char *start;
	uint64_t v;

	skip_blanks(r);
	start = r->p;
	if (imc_read_is(r, c) && digits(r, UINT32_MAX, &v) && v < limit) {
		*out = (uint32_t)v;
		return true;
	}
	r->p = start;
	return false;
}

static bool val_declared(const struct imc_graph *g, uint32_t i)
{
	return g->value[i].name != NULL;
}

bool imc_read_val(struct imc_reader *r, imc_val *out)
{
	struct imc_graph *g = r->m->g;
	const char *start = r->p;

	if (g && read_id(r, '%', g->n_value, &out->i) &&
	    val_declared(g, out->i))
		return true;
	r->p = start;
	return imc_read_fail(r, "a value that was declared");
}

bool imc_read_val_or_none(struct imc_reader *r, imc_val *out)
{
	*out = IMC_NO_VAL;
	return imc_read_is(r, '-') || imc_read_val(r, out);
}

bool imc_read_new_val(struct imc_reader *r, imc_val *out)
{
	return read_id(r, '%', r->max_id, &out->i) ||
	       imc_read_fail(r, "a value id that is not far off");
}

bool imc_read_node(struct imc_reader *r, imc_node_id *out)
{
	struct imc_graph *g = r->m->g;

	if (g && read_id(r, 'n', g->n_node, &out->i))
		return true;
	return imc_read_fail(r, "a node that was declared");
}

bool imc_read_new_node(struct imc_reader *r, imc_node_id *out)
{
	return read_id(r, 'n', r->max_id, &out->i) ||
	       imc_read_fail(r, "a node id that is not far off");
}

static bool read_member(struct imc_reader *r, enum imc_member_type type,
			void *to)
{
	int64_t v = 0;
	bool ok = false;

	switch (type) {
	case IMC_MEMBER_BOOL:
		ok = imc_read_i64(r, 0, 1, &v);
		*(bool *)to = v != 0;
		break;
	case IMC_MEMBER_INT:
		ok = imc_read_int(r, to);
		break;
	case IMC_MEMBER_I32:
		ok = imc_read_i64(r, INT32_MIN, INT32_MAX, &v);
		*(int32_t *)to = (int32_t)v;
		break;
	case IMC_MEMBER_I64:
		ok = imc_read_i64(r, INT64_MIN, INT64_MAX, to);
		break;
	case IMC_MEMBER_U64:
		ok = imc_read_u64(r, to);
		break;
	case IMC_MEMBER_F64:
		ok = imc_read_f64(r, to);
		break;
	}
	return ok;
}

bool imc_read_members(struct imc_reader *r, const struct imc_member *table,
		      void *of)
{
	char word[IMC_WORD_MAX];

	while (!imc_read_at_end(r)) {
		const struct imc_member *t = table;

		if (!imc_read_word(r, "a key", word))
			return false;
		while (t->name && strcmp(t->name, word))
			t++;
		if (!t->name) {
			r->p -= strlen(word);
			return imc_read_fail(r, "a key of this line");
		}
		if (!imc_read_need(r, '=') ||
		    !read_member(r, t->type, (char *)of + t->offset))
			return false;
	}
	return true;
}
