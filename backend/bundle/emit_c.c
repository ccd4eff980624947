#include <string.h>

#include "backend/bundle/emit.h"
#include "backend/bundle/read_images.h"

/* src/<net>.c: descriptors, one a layer, and the slots of <net>_run. */

static bool uses(const struct imc_emit *e, const char *text)
{
	return strstr(e->run.p, text) != NULL;
}

static void emit_top(struct imc_emit *e, struct imc_buf *b)
{
	imc_buf_printf(b,
		       "/* %s.c: network '%s', made by imcc %s.\n"
		       " * One descriptor a layer, then the steps of %s_run in "
		       "order.\n * Offsets into l1 come from the plan. */\n"
		       "#include \"%s.h\"\n\n%s#include \"%s_data.h\"\n"
		       "#include \"%s_golden.h\"\n\n",
		       e->name, imc_emit_comment(e->a, e->m->model_name),
		       IMCC_VERSION, e->name, e->name,
		       uses(e, "imc_rt_pe") ? "#include \"imc_rt_pe.h\"\n" : "",
		       e->name, e->name);
	imc_buf_printf(
		b,
		"/* Constants of L2, by offset into data/%s_l2.bin. */\n"
		"#define I8(offset) \\\n"
		"\t((const int8_t *)(const void *)%s_l2_data + (offset))\n"
		"#define I32(offset) "
		"((const int32_t *)(const void *)I8(offset))\n\n"
		"/* Their first word, to a machine of their byte order. "
		"*/\n#define ENDIAN_TAG 0x01020304\n\n",
		e->name, e->name);
}

static void emit_init(struct imc_emit *e, struct imc_buf *b)
{
	const char *n = e->name, *u = e->upper;

	imc_buf_printf(b,
		       "int %s_init(struct %s_context *cx,\n"
		       "\tstruct imc_hal *hal, const struct %s_memory *memory)"
		       "\n{\n"
		       "\tif (!cx || !hal || !memory || !memory->l1)\n"
		       "\t\treturn IMC_RT_E_ARGUMENT;\n"
		       "\tcx->programmed = 0;\n"
		       "\tif (*I32(0) != ENDIAN_TAG)\n"
		       "\t\treturn IMC_RT_E_ENDIAN;\n"
		       "\tif (memory->l1_bytes < %s_L1_BYTES)\n"
		       "\t\treturn IMC_RT_E_MEMORY;\n"
		       "\tif ((uintptr_t)memory->l1 %% %s_ALIGN)\n"
		       "\t\treturn IMC_RT_E_ALIGN;\n",
		       n, n, n, u, u);
	if (e->m->plan.l2_bytes)
		imc_buf_printf(b,
			       "\tif (!memory->l2 || memory->l2_bytes < "
			       "%s_L2_BYTES)\n"
			       "\t\treturn IMC_RT_E_MEMORY;\n"
			       "\tif ((uintptr_t)memory->l2 %% %s_ALIGN)\n"
			       "\t\treturn IMC_RT_E_ALIGN;\n",
			       u, u);
	imc_buf_printf(b,
		       "\tif (!imc_hal_ima_has(hal, %s_NUM_XBARS,\n"
		       "\t\t\t     %s_XBAR_ROWS,\n"
		       "\t\t\t     %s_XBAR_COLS))\n"
		       "\t\treturn IMC_RT_E_DEVICE;\n"
		       "\tcx->hal = hal;\n\tcx->l1 = memory->l1;\n"
		       "\tcx->l2 = memory->l2;\n"
		       "\tTRACE_INIT(cx);\n"
		       "\treturn IMC_RT_OK;\n}\n\n",
		       u, u, u);
}

static void emit_image_table(struct imc_emit *e, struct imc_buf *b)
{
	int32_t n = e->images.n;

	imc_buf_text(b, "static const struct {\n"
			"\tconst void *image;\n\tsize_t bytes;\n"
			"} images[] = {\n");
	for (int32_t k = 0; k < n; k++) {
		const char *s =
			imc_emit_symbol(e, imc_image_path(e->a, e->name, k, n));

		imc_buf_printf(b, "\t{%s, %s_BYTES},\n", s,
			       imc_emit_upper(e->a, s));
	}
	imc_buf_text(b, "};\n\n");
}

static void emit_program(struct imc_emit *e, struct imc_buf *b)
{
	const char *n = e->name;

	if (e->images.n)
		emit_image_table(e, b);
	imc_buf_printf(b,
		       "int %s_program(struct %s_context *cx, unsigned flags)\n"
		       "{\n\tif (!cx || !cx->hal)\n"
		       "\t\treturn IMC_RT_E_STATE;\n",
		       n, n);
	if (e->images.n)
		imc_buf_printf(b,
			       "\tfor (int32_t k = 0; k < %s_NUM_XBARS; k++) "
			       "{\n\t\tint status = imc_rt_program(cx->hal, k, "
			       "images[k].image,\n"
			       "\t\t\t\t\t    images[k].bytes, flags);\n\n"
			       "\t\tif (status)\n\t\t\treturn status;\n\t}\n",
			       e->upper);
	else
		imc_buf_text(b, "\t(void)flags; /* no crossbar is used */\n");
	imc_buf_text(b, "\tcx->programmed = 1;\n\treturn IMC_RT_OK;\n}\n\n");
}

static void emit_finish(struct imc_emit *e, struct imc_buf *b)
{
	if (uses(e, "finish("))
		imc_buf_text(
			b, "/* Waits for what was started; the first failure. "
			   "*/\n"
			   "static int finish(struct imc_hal *hal, int units, "
			   "int status)\n"
			   "{\n\tint waited = imc_hal_wait(hal, units);\n\n"
			   "\treturn status ? status : waited;\n}\n\n");
}

static void emit_run(struct imc_emit *e, struct imc_buf *b)
{
	const char *n = e->name;

	imc_buf_printf(
		b,
		"int %s_run(struct %s_context *cx,\n"
		"\tconst struct %s_inputs *in,\n"
		"\tconst struct %s_outputs *out)\n{\n"
		"\tstruct imc_hal *hal;\n%s%s%s%s%s\tint status;\n\n"
		"\tif (!cx || !in || !out)\n"
		"\t\treturn IMC_RT_E_ARGUMENT;\n"
		"\tif (!cx->programmed)\n"
		"\t\treturn IMC_RT_E_STATE;\n"
		"\thal = cx->hal;\n%s%s",
		n, n, n, n,
		uses(e, "&job,") ? "\tstruct imc_hal_job job;\n" : "",
		uses(e, "&dw_job,") ? "\tstruct imc_hal_depthwise dw_job;\n"
				    : "",
		uses(e, "&pe_job,") ? "\tstruct imc_hal_pe pe_job;\n" : "",
		uses(e, "l1 + ") ? "\tint8_t *l1;\n" : "",
		uses(e, "l2 + ") ? "\tint8_t *l2;\n" : "",
		uses(e, "l1 + ") ? "\tl1 = cx->l1;\n" : "",
		uses(e, "l2 + ") ? "\tl2 = cx->l2;\n" : "");
	imc_buf_text(b, "\tTRACE_BEGIN(cx);\n");
	imc_buf_bytes(b, e->run.p, e->run.n);
	imc_buf_printf(b,
		       "\n\timc_hal_step(hal, %s_NUM_STEPS);\n"
		       "\tTRACE_END(cx, in);\n"
		       "\treturn IMC_RT_OK;\n}\n",
		       e->upper);
}

bool imc_emit_source(struct imc_emit *e)
{
	struct imc_buf b = {.arena = e->a};

	e->layers.arena = e->run.arena = e->a;
	imc_buf_text(&e->run, "");
	imc_buf_text(&e->layers, "");
	if (!imc_emit_slots(e))
		return false;
	emit_top(e, &b);
	imc_emit_trace_macros(e, &b);
	imc_buf_bytes(&b, e->layers.p, e->layers.n);
	emit_init(e, &b);
	emit_program(e, &b);
	emit_finish(e, &b);
	emit_run(e, &b);
	imc_emit_add_buf(e, imc_arena_printf(e->a, "src/%s.c", e->name), &b);
	return true;
}
