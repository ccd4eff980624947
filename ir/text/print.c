#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "ir/text.h"
#include "ir/text/print_part.h"

void imc_print_string(struct imc_buf *b, const char *s)
{
	imc_buf_text(b, s ? "\"" : "-");
	if (!s)
		return;
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (c == '"' || c == '\\')
			imc_buf_printf(b, "\\%c", c);
		else if (c < 0x20 || c == 0x7f)
			imc_buf_printf(b, "\\x%02x", c);
		else
			imc_buf_bytes(b, s, 1);
	}
	imc_buf_text(b, "\"");
}

void imc_print_f32(struct imc_buf *b, float x)
{
	uint32_t bits;

	memcpy(&bits, &x, sizeof bits);
	if (isfinite(x))
		imc_buf_printf(b, "%a", (double)x);
	else
		imc_buf_printf(b, "~%08" PRIx32, bits);
}

void imc_print_f64(struct imc_buf *b, double x)
{
	uint64_t bits;

	memcpy(&bits, &x, sizeof bits);
	if (isfinite(x))
		imc_buf_printf(b, "%a", x);
	else
		imc_buf_printf(b, "~%016" PRIx64, bits);
}

void imc_print_val(struct imc_buf *b, imc_val v)
{
	if (imc_val_ok(v))
		imc_buf_printf(b, "%%%" PRIu32, v.i);
	else
		imc_buf_text(b, "-");
}

static void print_member(struct imc_buf *b, enum imc_member_type type,
			 const void *at)
{
	switch (type) {
	case IMC_MEMBER_BOOL:
		imc_buf_printf(b, "%d", *(const bool *)at);
		break;
	case IMC_MEMBER_INT:
		imc_buf_printf(b, "%d", *(const int *)at);
		break;
	case IMC_MEMBER_I32:
		imc_buf_printf(b, "%" PRId32, *(const int32_t *)at);
		break;
	case IMC_MEMBER_I64:
		imc_buf_printf(b, "%" PRId64, *(const int64_t *)at);
		break;
	case IMC_MEMBER_U64:
		imc_buf_printf(b, "%" PRIu64, *(const uint64_t *)at);
		break;
	case IMC_MEMBER_F64:
		imc_print_f64(b, *(const double *)at);
		break;
	}
}

void imc_print_members(struct imc_buf *b, const struct imc_member *table,
		       const void *of)
{
	static const char zero[8];

	for (; table->name; table++) {
		const char *at = (const char *)of + table->offset;

		if (!memcmp(at, zero, imc_member_size(table->type)))
			continue;
		imc_buf_printf(b, " %s=", table->name);
		print_member(b, table->type, at);
	}
}

static void print_text_line(struct imc_buf *b, const char *key, const char *s)
{
	if (!s)
		return;
	imc_buf_printf(b, "%s ", key);
	imc_print_string(b, s);
	imc_buf_text(b, "\n");
}

static void print_reals(struct imc_buf *b, int n, const double *x)
{
	for (int i = 0; i < n; i++) {
		imc_buf_text(b, " ");
		imc_print_f64(b, x[i]);
	}
}

static void print_pre(struct imc_buf *b, const struct imc_preprocess *p)
{
	imc_buf_printf(b, "pre %s ", p->given ? "given" : "identity");
	imc_print_f64(b, p->scale);
	imc_buf_text(b, " mean");
	print_reals(b, p->n_mean, p->mean);
	imc_buf_text(b, " std");
	print_reals(b, p->n_std, p->std);
	imc_buf_text(b, "\n");
}

static void print_header(const struct imc_printer *p)
{
	const struct imc_module *m = p->m;
	struct imc_buf *b = p->text;

	imc_buf_text(b, "imcc-module 1\n");
	print_text_line(b, "model", m->model_name);
	print_text_line(b, "path", m->model_path);
	print_text_line(b, "sha256", m->model_sha256);
	imc_buf_text(b, "options");
	imc_print_members(b, imc_option_members, &m->opt);
	imc_buf_text(b, "\n");
	print_pre(b, &m->pre);
	if (m->calib_source || m->calib_n) {
		imc_buf_text(b, "calib ");
		imc_print_string(b, m->calib_source);
		imc_buf_printf(b, " %" PRId64 "\n", m->calib_n);
	}
	imc_buf_text(b, "facts");
	for (int f = 0; f < IMC_N_FACT; f++)
		if (imc_module_has(m, (enum imc_fact)f))
			imc_buf_printf(b, " %s",
				       imc_fact_name((enum imc_fact)f));
	imc_buf_text(b, "\n");
}

void imc_text_print(const struct imc_module *m, const struct imc_text_hw *hw,
		    const char *blob_name, struct imc_buf *text,
		    struct imc_buf *blob)
{
	struct imc_printer p = {m, text, blob, blob ? blob_name : NULL};

	print_header(&p);
	if (m->hw && hw)
		hw->print(m->hw, text);
	if (m->g)
		imc_print_graph(&p);
	imc_print_bits(&p);
	imc_print_map(&p);
	imc_print_plan(&p);
}
