#include "backend/report/json.h"

#include <math.h>
#include <string.h>

/* Length of the UTF-8 sequence at s, or 0: no such sequence (RFC 3629). */
static size_t utf8_length(const unsigned char *s)
{
	size_t n = s[0] < 0x80			  ? 1
		   : s[0] >= 0xc2 && s[0] <= 0xdf ? 2
		   : s[0] >= 0xe0 && s[0] <= 0xef ? 3
		   : s[0] >= 0xf0 && s[0] <= 0xf4 ? 4
						  : 0;

	for (size_t i = 1; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
	    (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
		return 0;
	return n;
}

static void quote(struct imc_buf *b, const char *text)
{
	const unsigned char *s = (const unsigned char *)text;

	imc_buf_text(b, "\"");
	while (*s) {
		size_t n = utf8_length(s);

		if (*s == '"' || *s == '\\')
			imc_buf_printf(b, "\\%c", *s);
		else if (*s == '\n')
			imc_buf_text(b, "\\n");
		else if (*s == '\t')
			imc_buf_text(b, "\\t");
		else if (*s < 0x20 || *s == 0x7f)
			imc_buf_printf(b, "\\u%04x", *s);
		else if (n == 0)
			imc_buf_text(b, "\\ufffd");
		else
			imc_buf_bytes(b, s, n);
		s += n ? n : 1;
	}
	imc_buf_text(b, "\"");
}

static void new_line(struct imc_json *j)
{
	if (j->row) {
		if (j->more)
			imc_buf_text(j->out, " ");
		return;
	}
	if (!j->depth)
		return;
	imc_buf_text(j->out, "\n");
	for (int i = 0; i < j->depth; i++)
		imc_buf_text(j->out, "  ");
}

static void begin(struct imc_json *j, const char *key)
{
	if (j->more)
		imc_buf_text(j->out, ",");
	new_line(j);
	if (key) {
		quote(j->out, key);
		imc_buf_text(j->out, ": ");
	}
	j->more = true;
}

void imc_json_open(struct imc_json *j, const char *key, char bracket)
{
	begin(j, key);
	imc_buf_bytes(j->out, &bracket, 1);
	j->depth++;
	j->more = false;
}

void imc_json_open_row(struct imc_json *j, const char *key, char bracket)
{
	imc_json_open(j, key, bracket);
	if (!j->row)
		j->row = j->depth;
}

void imc_json_close(struct imc_json *j, char bracket)
{
	bool in_row = j->row != 0, empty = !j->more;

	if (j->row == j->depth)
		j->row = 0;
	j->depth--;
	if (!in_row && !empty) {
		imc_buf_text(j->out, "\n");
		for (int i = 0; i < j->depth; i++)
			imc_buf_text(j->out, "  ");
	}
	imc_buf_bytes(j->out, &bracket, 1);
	j->more = true;
	if (!j->depth)
		imc_buf_text(j->out, "\n");
}

void imc_json_int(struct imc_json *j, const char *key, int64_t v)
{
	begin(j, key);
	imc_buf_printf(j->out, "%lld", (long long)v);
}

void imc_json_bool(struct imc_json *j, const char *key, bool v)
{
	begin(j, key);
	imc_buf_text(j->out, v ? "true" : "false");
}

void imc_json_number(struct imc_json *j, const char *key, double v)
{
	begin(j, key);
	if (isfinite(v))
		imc_buf_printf(j->out, "%.6g", v == 0 ? 0 : v);
	else
		imc_buf_text(j->out, "null");
}

void imc_json_text(struct imc_json *j, const char *key, const char *v)
{
	begin(j, key);
	if (v)
		quote(j->out, v);
	else
		imc_buf_text(j->out, "null");
}
