#include <ctype.h>
#include <string.h>

#include "backend/bundle/emit.h"

static const char *const keywords[] = {
	"auto",	    "break",	 "case",     "char",	"const",
	"continue", "default",	 "do",	     "double",	"else",
	"enum",	    "extern",	 "float",    "for",	"goto",
	"if",	    "inline",	 "int",	     "long",	"register",
	"restrict", "return",	 "short",    "signed",	"sizeof",
	"static",   "struct",	 "switch",   "typedef", "union",
	"unsigned", "void",	 "volatile", "while",	"asm",
	"bool",	    "class",	 "new",	     "delete",	"template",
	"this",	    "private",	 "public",   "true",	"false",
	"operator", "namespace", "nullptr",  "typeof",	"constexpr",
	"alignas",  "alignof",	 "export",   "friend",	"protected",
	"virtual",  "throw",	 "try",	     "catch",	"using",
	"linux",    "unix",
};

static bool is_keyword(const char *s)
{
	for (size_t i = 0; i < sizeof keywords / sizeof *keywords; i++)
		if (!strcmp(s, keywords[i]))
			return true;
	return false;
}

static bool plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9');
}

const char *imc_emit_identifier(struct imc_arena *a, const char *text,
				size_t max)
{
	struct imc_buf b = {.arena = a};

	for (; *text && b.n < max; text++) {
		char c = plain(*text) ? (char)tolower((unsigned char)*text)
				      : '_';

		if (c == '_' && (b.n == 0 || b.p[b.n - 1] == '_'))
			continue;
		imc_buf_bytes(&b, &c, 1);
	}
	while (b.n && b.p[b.n - 1] == '_')
		b.p[--b.n] = 0;
	if (!b.n)
		return "net";
	if (isdigit((unsigned char)b.p[0]))
		return imc_arena_printf(a, "n%s", b.p);
	return is_keyword(b.p) ? imc_arena_printf(a, "%s_", b.p) : b.p;
}

const char *imc_c_name(const char *model_name, struct imc_arena *a)
{
	return imc_emit_identifier(a, model_name ? model_name : "", 48);
}

const char *imc_emit_upper(struct imc_arena *a, const char *name)
{
	char *s = imc_arena_strdup(a, name);

	for (char *p = s; *p; p++)
		*p = (char)toupper((unsigned char)*p);
	return s;
}

const char *imc_emit_comment(struct imc_arena *a, const char *text)
{
	char *s = imc_arena_strdup(a, text ? text : "");

	for (char *p = s; *p; p++)
		if (*p < ' ' || *p > '~' || strchr("*\\?", *p))
			*p = '_';
	return s;
}

const char *imc_emit_c_string(struct imc_arena *a, const char *text)
{
	struct imc_buf b = {.arena = a};

	imc_buf_text(&b, "\"");
	for (; text && *text; text++)
		if (*text < ' ' || *text > '~' || strchr("\"\\?", *text))
			imc_buf_printf(&b, "\\%03o",
				       (unsigned)(unsigned char)*text);
		else
			imc_buf_bytes(&b, text, 1);
	imc_buf_text(&b, "\"");
	return b.p;
}

/* Bytes above 127 go through when they are UTF-8, which ONNX asks of names. */
const char *imc_emit_json_string(struct imc_arena *a, const char *text)
{
	struct imc_buf b = {.arena = a};

	imc_buf_text(&b, "\"");
	for (; text && *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '"' || c == '\\')
			imc_buf_printf(&b, "\\%c", c);
		else if (c < ' ')
			imc_buf_printf(&b, "\\u%04x", c);
		else
			imc_buf_bytes(&b, text, 1);
	}
	imc_buf_text(&b, "\"");
	return b.p;
}

/* A name that is none of names[0 .. n). */
static const char *unique(struct imc_arena *a, const char *name,
			  const char **names, size_t n)
{
	const char *s = name;
	int suffix = 2;

	for (size_t i = 0; i < n; i++)
		if (!strcmp(names[i], s)) {
			s = imc_arena_printf(a, "%s_%d", name, suffix++);
			i = (size_t)-1;
		}
	return s;
}

static void name_members(struct imc_emit *e, const imc_val *v, size_t n,
			 const char ***lower, const char ***upper)
{
	*lower = imc_arena_array(e->a, n, sizeof **lower);
	*upper = imc_arena_array(e->a, n, sizeof **upper);
	for (size_t k = 0; k < n; k++) {
		const char *s = imc_value_at(e->g, v[k])->name;

		s = imc_emit_identifier(e->a, s, 40);
		(*lower)[k] = unique(e->a, s, *lower, k);
		(*upper)[k] = imc_emit_upper(e->a, (*lower)[k]);
	}
}

void imc_emit_members(struct imc_emit *e)
{
	name_members(e, e->g->input, e->g->n_input, &e->input, &e->input_upper);
	name_members(e, e->g->output, e->g->n_output, &e->output,
		     &e->output_upper);
}
