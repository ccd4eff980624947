#include "ir/support/diag.h"

#include <string.h>

static const struct {
	enum imc_severity severity;
	const char *fmt;
} rows[IMC_N_DIAG] = {
#define DIAG(id, severity, fmt) [IMC_D_##id] = {IMC_##severity, fmt},
#include "ir/support/diag.def"
#undef DIAG
};

static const char *const severity_name[] = {"note", "warning", "error"};

/* "net.onnx: node 3 (Conv 'c'): " or "hw.yaml:12:5: " or "". */
static const char *place(struct imc_arena *a, struct imc_loc l)
{
	const char *file = l.file && *l.file ? l.file : "imcc";

	if (l.line > 0)
		return imc_arena_printf(a, "%s:%d:%d: ", file, l.line, l.col);
	if (l.node >= 0)
		return imc_arena_printf(a, "%s: node %d (%s '%s'): ", file,
					l.node, l.op ? l.op : "?",
					l.name ? l.name : "");
	return imc_arena_printf(a, "%s: ", file);
}

static bool reported(const struct imc_diags *d, const char *text)
{
	for (size_t i = 0; i < d->n; i++)
		if (!strcmp(d->v[i].text, text))
			return true;
	return false;
}

bool imc_diag(struct imc_diags *d, struct imc_loc loc, enum imc_diag_id id, ...)
{
	enum imc_severity severity = rows[id].severity;
	struct imc_diag *out;
	const char *body, *text;
	va_list ap;

	va_start(ap, id);
	body = imc_arena_vprintf(d->arena, rows[id].fmt, ap);
	va_end(ap);
	text = imc_arena_printf(d->arena, "%s%s: %s", place(d->arena, loc),
				severity_name[severity], body);
	if (reported(d, text))
		return false;
	out = IMC_PUSH(d->arena, d->v, d->n, d->cap);
	out->id = id;
	out->severity = severity;
	out->body = body;
	out->text = text;
	d->n_error += severity == IMC_ERROR;
	return false;
}

#define LONGEST 64

/* Levenshtein distance of two short words. */
static size_t distance(const char *a, const char *b)
{
	size_t n = strlen(a), m = strlen(b), row[LONGEST + 1];

	if (n > LONGEST || m > LONGEST)
		return LONGEST;
	for (size_t j = 0; j <= m; j++)
		row[j] = j;
	for (size_t i = 1; i <= n; i++) {
		size_t corner = row[0];

		row[0] = i;
		for (size_t j = 1; j <= m; j++) {
			size_t up = row[j], best = corner;

			best += a[i - 1] != b[j - 1];
			if (up + 1 < best)
				best = up + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			corner = up;
			row[j] = best;
		}
	}
	return row[m];
}

const char *imc_nearest(const char *word, const char *const *names, size_t n)
{
	const char *best = NULL;
	size_t limit = strlen(word) / 2 + 1;

	for (size_t i = 0; i < n; i++) {
		size_t d = distance(word, names[i]);

		if (d < limit) {
			limit = d;
			best = names[i];
		}
	}
	return best;
}
