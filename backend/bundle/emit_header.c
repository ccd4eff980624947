#include <string.h>

#include "backend/bundle/emit.h"

/* include/<net>.h: the only header the user includes. */

static void define(struct imc_buf *b, const char *upper, const char *what,
		   long long value)
{
	imc_buf_printf(b, "#define %s_%s %lld\n", upper, what, value);
}

static void emit_tensor(struct imc_emit *e, struct imc_buf *b, imc_val id,
			const char *side, const char *member)
{
	const struct imc_value *v = imc_value_at(e->g, id);
	const char *p =
		imc_arena_printf(e->a, "%s_%s_%s", e->upper, side, member);

	imc_buf_printf(b, "\n/* %s '%s': int8, real = SCALE * (q - ZERO) */\n",
		       strcmp(side, "IN") ? "output" : "input",
		       imc_emit_comment(e->a, v->name));
	imc_buf_printf(b, "#define %s_SCALE %af /* %.9g */\n", p,
		       (double)v->scale, (double)v->scale);
	define(b, p, "ZERO", v->zero);
	define(b, p, "BYTES", (long long)imc_tensor_bytes(&v->t));
	if (v->t.rank == 4)
		imc_buf_text(b, "/* batch, height, width, channels */\n");
	imc_buf_printf(b, "#define %s_SHAPE {", p);
	for (int i = 0; i < v->t.rank; i++)
		imc_buf_printf(b, "%s%lld", i ? ", " : "",
			       (long long)v->t.dim[i]);
	imc_buf_text(b, v->t.rank ? "" : "1"); /* C has no empty list */
	imc_buf_text(b, "}\n");
}

static void emit_macros(struct imc_emit *e, struct imc_buf *b)
{
	const struct imc_graph *g = e->g;

	define(b, e->upper, "ABI", 1);
	imc_buf_text(b, "\n/* What the caller provides. */\n");
	define(b, e->upper, "ALIGN", IMC_EMIT_ALIGN);
	define(b, e->upper, "L1_BYTES", (long long)e->m->plan.l1_bytes);
	define(b, e->upper, "L2_BYTES", (long long)e->m->plan.l2_bytes);
	imc_buf_text(b, "\n/* Constants of L2, which are linked in. */\n");
	define(b, e->upper, "CONST_BYTES", (long long)e->l2.n);
	imc_buf_printf(b,
		       "#define %s_CONTEXT_BYTES "
		       "sizeof(struct %s_context)\n",
		       e->upper, e->name);
	imc_buf_text(b, "\n/* Crossbar arrays that are needed, and their "
			"size. */\n");
	define(b, e->upper, "NUM_XBARS", e->images.n);
	define(b, e->upper, "XBAR_ROWS", e->images.rows);
	define(b, e->upper, "XBAR_COLS", e->images.cols);
	imc_buf_text(b, "\n/* Steps of a run; imc_hal_step is called with the "
			"first of those that run\n * beside each other, and "
			"with their number at the end. */\n");
	define(b, e->upper, "NUM_STEPS", (long long)e->m->plan.n_step);
	imc_buf_text(b,
		     "\n/* Outputs of layers that debug builds look at. */\n");
	define(b, e->upper, "NUM_TRACED", (long long)e->n_traced);
	for (size_t k = 0; k < g->n_input; k++)
		emit_tensor(e, b, g->input[k], "IN", e->input_upper[k]);
	for (size_t k = 0; k < g->n_output; k++)
		emit_tensor(e, b, g->output[k], "OUT", e->output_upper[k]);
}

static void emit_structs(struct imc_emit *e, struct imc_buf *b)
{
	const char *n = e->name;

	imc_buf_printf(b, "\nstruct %s_inputs {\n", n);
	for (size_t k = 0; k < e->g->n_input; k++)
		imc_buf_printf(b, "\tconst int8_t *%s;\n", e->input[k]);
	imc_buf_printf(b, "};\n\nstruct %s_outputs {\n", n);
	for (size_t k = 0; k < e->g->n_output; k++)
		imc_buf_printf(b, "\tint8_t *%s;\n", e->output[k]);
	imc_buf_printf(b,
		       "};\n\n"
		       "/* What lives during a run, aligned to %s_ALIGN;\n"
		       " * l2: what has no room in l1, NULL if nothing. */\n"
		       "struct %s_memory {\n"
		       "\tvoid *l1;\n\tsize_t l1_bytes;\n"
		       "\tvoid *l2;\n\tsize_t l2_bytes;\n};\n\n",
		       e->upper, n);
	imc_buf_printf(
		b,
		"/* Owned by the caller; its members are the "
		"network's. In builds with IMC_DEBUG\n * the caller may "
		"set differs after init: it is called with the first "
		"layer\n * that makes something else of the golden sample, "
		"test/input.bin. */\n"
		"struct %s_context {\n\tstruct imc_hal *hal;\n"
		"\tint8_t *l1, *l2;\n\tint programmed;\n"
		"#ifdef IMC_DEBUG\n"
		"\tvoid (*differs)(const struct imc_rt_traced *layer, "
		"uint32_t crc);\n"
		"\tuint32_t crc[%s_NUM_TRACED + 1];\n#endif\n};\n",
		n, e->upper);
}

static void emit_functions(struct imc_emit *e, struct imc_buf *b)
{
	const char *n = e->name;

	imc_buf_printf(
		b,
		"\n/* All return 0, or a negative IMC_RT_E_* of imc_rt.h. */\n"
		"\n/* Checks memory and machine. The context keeps both. */\n"
		"int %s_init(struct %s_context *cx,\n"
		"\tstruct imc_hal *hal, const struct %s_memory *memory);\n",
		n, n, n);
	imc_buf_printf(
		b,
		"\n/* Writes the weights into the crossbar arrays. Separate, "
		"since it takes\n * milliseconds and wears the cells: once, "
		"before the first run. flags: 0, or\n * IMC_RT_CHECK_CRC to "
		"check the images first. */\n"
		"int %s_program(struct %s_context *cx, unsigned flags);\n",
		n, n);
	imc_buf_printf(
		b,
		"\n/* One inference, called by one core; the HAL forks the "
		"others. */\n"
		"int %s_run(struct %s_context *cx,\n"
		"\tconst struct %s_inputs *in,\n"
		"\tconst struct %s_outputs *out);\n",
		n, n, n, n);
}

void imc_emit_header(struct imc_emit *e)
{
	struct imc_buf b = {.arena = e->a};

	imc_buf_printf(&b,
		       "/* %s.h: network '%s' for machine '%s'.\n"
		       " * Made by imcc %s. Tensors are int8, contiguous; "
		       "pictures are\n * channel-last. */\n"
		       "#ifndef %s_H\n#define %s_H\n\n"
		       "#include \"imc_rt_trace.h\"\n\n",
		       e->name, imc_emit_comment(e->a, e->m->model_name),
		       imc_emit_comment(e->a, e->m->hw->name), IMCC_VERSION,
		       e->upper, e->upper);
	emit_macros(e, &b);
	emit_structs(e, &b);
	emit_functions(e, &b);
	imc_buf_text(&b, "\n#endif\n");
	imc_emit_add_buf(e, imc_arena_printf(e->a, "include/%s.h", e->name),
			 &b);
}
