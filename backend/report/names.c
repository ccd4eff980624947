#include <string.h>

#include "backend/report/facts.h"

char *imc_report_cleaned(const char *s, struct imc_arena *a)
{
	char *out = imc_arena_strdup(a, s);

	for (char *p = out; *p; p++)
		if ((unsigned char)*p < 0x20)
			*p = '?';
	return out;
}

static const char *end_of(const char *s, size_t most, struct imc_arena *a)
{
	const char *text = imc_report_cleaned(s, a);
	size_t n = strlen(text);

	if (n <= most)
		return text;
	return imc_arena_printf(a, "..%s", text + n - (most - 2));
}

/* Exporters write the whole path of a module, each part with its parent's
 * name: of /features/features.2/conv/conv.1/conv.1.0/Conv what says more is
 * features.2/conv.1.0. Names without slashes stay. */
static const char *short_name(const struct imc_report_layer *l,
			      struct imc_arena *a)
{
	struct imc_buf b = {.arena = a};
	const char *s = l->name;

	imc_buf_text(&b, "");
	while (*s == '/')
		s++;
	for (size_t n; *s; s += n) {
		n = strcspn(s, "/");
		if (!s[n] && b.n && !strcmp(s, l->op))
			break;
		if (!(s[n] && !strncmp(s, s + n + 1, n) &&
		      s[n + 1 + n] == '.')) {
			imc_buf_text(&b, b.n ? "/" : "");
			imc_buf_bytes(&b, s, n);
		}
		n += s[n] == '/';
	}
	return b.n ? b.p : l->name;
}

const char *imc_report_short_name(const struct imc_report_layer *l, size_t most,
				  struct imc_arena *a)
{
	return end_of(short_name(l, a), most, a);
}
