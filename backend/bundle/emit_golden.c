#include <string.h>

#include <zlib.h>

#include "backend/bundle/emit.h"
#include "ir/eval.h"

/* The golden sample: test/input.bin, test/output.bin, tensor after tensor as
 * the device has them, and src/<net>_golden.[hc], by which debug builds of the
 * network find the first layer that makes something else. */

/* ---- calls ---- */

static int32_t number_of(struct imc_emit *e, imc_node_id id)
{
	struct imc_emit_known *k = &e->known[id.i];
	const struct imc_node *n = imc_node_at(e->g, id);

	if (k->traced < 0) {
		k->traced = (int32_t)e->n_traced;
		for (int o = 0; o < n->n_out; o++)
			*IMC_PUSH(e->a, e->traced, e->n_traced, e->cap_traced) =
				(struct imc_emit_traced){id, o, 0};
	}
	return k->traced;
}

void imc_emit_trace(struct imc_emit *e, const struct imc_step *s)
{
	const struct imc_node *n = imc_node_at(e->g, s->node);
	int32_t number = number_of(e, s->node);

	for (int o = 0; o < n->n_out; o++) {
		const struct imc_tensor *t = &imc_node_out(e->g, n, o)->t;
		struct imc_rows rows = imc_step_rows(s, t);
		struct imc_rows chans = imc_step_chans(s, imc_plan_n_chan(t));
		const char *text = imc_arena_printf(
			e->a, "%d, %s, %lld, %s, %s, %s, %s", (int)number + o,
			imc_emit_operand(e, n->out[o]),
			(long long)imc_emit_lines(e, n->out[o]),
			imc_emit_number(e, rows.first),
			imc_emit_number(e, rows.end - rows.first),
			imc_emit_number(e, chans.first),
			imc_emit_number(e, chans.end - chans.first));

		imc_emit_call(e, "TRACE", text, 0);
		e->call[e->n_call - 1].trace = true;
	}
}

/* ---- the sample ---- */

/* A synthetic sample as device tensors: a module that was dumped and read again
 * gives the same. */
static struct imc_tensor *sample_of(struct imc_emit *e)
{
	const struct imc_graph *g = e->g;
	struct imc_tensor *in = imc_arena_array(e->a, g->n_input, sizeof *in);
	struct imc_samples x = imc_samples_make(g, 1, e->m->opt.seed, e->a);

	for (size_t k = 0; k < g->n_input; k++)
		imc_real_to_device(g, g->input[k], x.x[k], &in[k], e->a);
	return in;
}

/* CRC of what the steps of node n make of output t, in their order. */
static uint32_t crc_of(const struct imc_emit *e, imc_node_id id,
		       const struct imc_tensor *t)
{
	int64_t line = imc_plan_row_bytes(t), n_chan = imc_plan_n_chan(t);
	uLong crc = 0;

	for (size_t i = 0; i < e->m->plan.n_step; i++) {
		const struct imc_step *s = &e->m->plan.step[i];
		struct imc_rows rows = imc_step_rows(s, t);
		struct imc_rows chans = imc_step_chans(s, n_chan);

		if (s->kind != IMC_STEP_RUN || s->node.i != id.i)
			continue;
		for (int64_t at = rows.first * line; at < rows.end * line;
		     at += n_chan)
			crc = crc32_z(crc,
				      (const Bytef *)t->data + at + chans.first,
				      (z_size_t)(chans.end - chans.first));
	}
	return (uint32_t)crc;
}

static void take_crcs(void *cx, imc_node_id id, const struct imc_tensor *out)
{
	struct imc_emit *e = cx;

	for (size_t k = 0; k < e->n_traced; k++)
		if (e->traced[k].node.i == id.i)
			e->traced[k].crc =
				crc_of(e, id, &out[e->traced[k].out]);
}

/* Adds a file of n tensors, one after another; its CRC. */
static uint32_t add_tensors(struct imc_emit *e, const char *path,
			    const struct imc_tensor *t, size_t n)
{
	struct imc_buf b = {.arena = e->a};

	imc_buf_text(&b, "");
	for (size_t k = 0; k < n; k++)
		imc_buf_bytes(&b, t[k].data, imc_tensor_bytes(&t[k]));
	imc_emit_add_buf(e, path, &b);
	return (uint32_t)crc32_z(0, (const Bytef *)b.p, b.n);
}

/* ---- files ---- */

static void emit_h(struct imc_emit *e)
{
	struct imc_buf b = {.arena = e->a};
	const char *n = e->name, *u = e->upper;

	imc_buf_printf(
		&b,
		"/* %s_golden.h: builds with IMC_DEBUG look at what each "
		"layer makes. */\n"
		"#ifndef %s_GOLDEN_H\n#define %s_GOLDEN_H\n\n"
		"#include \"%s.h\"\n\n#ifdef IMC_DEBUG\n\n"
		"/* Layers, with the CRCs of the sample in test/input.bin. "
		"*/\nextern const struct imc_rt_traced %s_golden[];\n\n",
		n, u, u, n, n);
	imc_buf_printf(
		&b,
		"/* Before a run; and behind it: if the inputs are those of "
		"that sample, shows the\n * first layer that differs to "
		"cx->differs. */\n"
		"void %s_golden_begin(struct %s_context *cx);\n"
		"void %s_golden_end(const struct %s_context *cx,\n"
		"\tconst struct %s_inputs *in);\n\n#endif\n\n#endif\n",
		n, n, n, n, n);
	imc_emit_add_buf(e, imc_arena_printf(e->a, "src/%s_golden.h", n), &b);
}

void imc_emit_trace_macros(struct imc_emit *e, struct imc_buf *b)
{
	const char *n = e->name;

	imc_buf_printf(b,
		       "/* Debug builds look at what each layer makes. */\n"
		       "#ifdef IMC_DEBUG\n"
		       "#define TRACE_INIT(cx) ((cx)->differs = 0)\n"
		       "#define TRACE_BEGIN(cx) %s_golden_begin(cx)\n"
		       "#define TRACE_END(cx, in) %s_golden_end(cx, in)\n"
		       "#define TRACE(layer, ...) \\\n"
		       "\timc_rt_trace(&cx->crc[layer], \\\n"
		       "\t\t&%s_golden[layer], __VA_ARGS__)\n",
		       n, n, n);
	imc_buf_text(b, "#else\n#define TRACE_INIT(cx) ((void)0)\n"
			"#define TRACE_BEGIN(cx) ((void)0)\n"
			"#define TRACE_END(cx, in) ((void)0)\n"
			"#define TRACE(...) ((void)0)\n#endif\n\n");
}

static void emit_table(struct imc_emit *e, struct imc_buf *b)
{
	imc_buf_printf(b, "const struct imc_rt_traced %s_golden[] = {\n",
		       e->name);
	for (size_t k = 0; k < e->n_traced; k++) {
		const struct imc_emit_traced *t = &e->traced[k];
		const struct imc_node *n = imc_node_at(e->g, t->node);
		const struct imc_tensor *y = &imc_node_out(e->g, n, t->out)->t;

		imc_buf_printf(
			b, "\t{%s, %lld, %lld, 0x%08lx},\n",
			imc_emit_c_string(e->a, n->name),
			(long long)(imc_plan_row_bytes(y) / imc_plan_n_chan(y)),
			(long long)imc_plan_n_chan(y), (unsigned long)t->crc);
	}
	imc_buf_text(b, "\t{0, 0, 0, 0},\n};\n\n");
}

static void emit_c(struct imc_emit *e, uint32_t input)
{
	struct imc_buf b = {.arena = e->a};
	const char *n = e->name, *u = e->upper;

	imc_buf_printf(&b, "#include \"%s_golden.h\"\n\n#ifdef IMC_DEBUG\n\n",
		       n);
	emit_table(e, &b);
	imc_buf_printf(&b,
		       "void %s_golden_begin(struct %s_context *cx)\n{\n"
		       "\tfor (int32_t k = 0; k < %s_NUM_TRACED; k++)\n"
		       "\t\tcx->crc[k] = 0;\n}\n\n"
		       "void %s_golden_end(const struct %s_context *cx,\n"
		       "\tconst struct %s_inputs *in)\n{\n"
		       "\tuint32_t crc = 0;\n\n",
		       n, n, u, n, n, n);
	for (size_t k = 0; k < e->g->n_input; k++)
		imc_buf_printf(&b,
			       "\tcrc = imc_rt_crc32_more(crc, in->%s,\n"
			       "\t\t%s_IN_%s_BYTES);\n",
			       e->input[k], u, e->input_upper[k]);
	imc_buf_printf(&b,
		       "\tif (crc == 0x%08lx)\n"
		       "\t\timc_rt_trace_compare(cx->crc, %s_golden,\n"
		       "\t\t\t%s_NUM_TRACED, cx->differs);\n}\n\n#endif\n",
		       (unsigned long)input, n, u);
	imc_emit_add_buf(e, imc_arena_printf(e->a, "src/%s_golden.c", n), &b);
}

void imc_emit_golden(struct imc_emit *e)
{
	const struct imc_map_eval me = {
		.g = e->g, .m = &e->m->map, .img = &e->images};
	const struct imc_plan_watch watch = {take_crcs, e};
	struct imc_tensor *in = sample_of(e);
	struct imc_tensor *out =
		imc_arena_array(e->a, e->g->n_output, sizeof *out);
	uint32_t crc;

	imc_eval_plan_watched(&me, &e->m->plan, in, out, &watch, e->a);
	crc = add_tensors(e, "test/input.bin", in, e->g->n_input);
	add_tensors(e, "test/output.bin", out, e->g->n_output);
	emit_h(e);
	emit_c(e, crc);
}
