#include "backend/bundle/emit.h"

/* test/main.c: what the runner (runtime/host/imc_run.h) must know. */

static void emit_tensors(struct imc_emit *e, struct imc_buf *b, bool in)
{
	const struct imc_graph *g = e->g;
	size_t n = in ? g->n_input : g->n_output;

	for (size_t k = 0; k < n; k++)
		imc_buf_printf(b, "static int8_t %s_%s[%s_%s_%s_BYTES];\n",
			       in ? "in" : "out",
			       in ? e->input[k] : e->output[k], e->upper,
			       in ? "IN" : "OUT",
			       in ? e->input_upper[k] : e->output_upper[k]);
	imc_buf_printf(b, "\nstatic struct imc_run_tensor %s[] = {\n",
		       in ? "inputs" : "outputs");
	for (size_t k = 0; k < n; k++) {
		const struct imc_value *v =
			imc_value_at(g, in ? g->input[k] : g->output[k]);
		const char *p = imc_arena_printf(
			e->a, "%s_%s_%s", e->upper, in ? "IN" : "OUT",
			in ? e->input_upper[k] : e->output_upper[k]);

		imc_buf_printf(b,
			       "\t{.name = %s,\n\t .rank = %d,\n"
			       "\t .dim = %s_SHAPE,\n\t .channel_last = %d,\n"
			       "\t .scale = %s_SCALE,\n\t .zero = %s_ZERO,\n"
			       "\t .data = %s_%s},\n",
			       imc_emit_c_string(e->a, v->name), v->t.rank, p,
			       v->t.rank == 4 && g->layout == IMC_NHWC, p, p,
			       in ? "in" : "out",
			       in ? e->input[k] : e->output[k]);
	}
	imc_buf_text(b, "};\n\n");
}

static void emit_numbers(struct imc_buf *b, const char *field, const double *v,
			 int n)
{
	if (!n)
		return;
	imc_buf_printf(b, "\t\t.n_%s = %d,\n\t\t.%s = {", field, n, field);
	for (int i = 0; i < n; i++)
		imc_buf_printf(b, "%s%a", i ? ", " : "", v[i]);
	imc_buf_text(b, "},\n");
}

static void emit_run(struct imc_emit *e, struct imc_buf *b)
{
	imc_buf_printf(b,
		       "static int run_network(void *cx)\n{\n"
		       "\tstruct %s_inputs in = {",
		       e->name);
	for (size_t k = 0; k < e->g->n_input; k++)
		imc_buf_printf(b, "%s.%s = in_%s", k ? ", " : "", e->input[k],
			       e->input[k]);
	imc_buf_printf(b, "};\n\tstruct %s_outputs out = {", e->name);
	for (size_t k = 0; k < e->g->n_output; k++)
		imc_buf_printf(b, "%s.%s = out_%s", k ? ", " : "", e->output[k],
			       e->output[k]);
	imc_buf_printf(b, "};\n\n\treturn %s_run(cx, &in, &out);\n}\n\n",
		       e->name);
}

/* Memory with %ALIGN bytes to spare, and the arrays of the host's machine. */
static void emit_machine(struct imc_emit *e, struct imc_buf *b)
{
	imc_buf_printf(
		b,
		"#define CELLS ((size_t)%s_NUM_XBARS * %s_XBAR_ROWS * "
		"%s_XBAR_COLS)\n\n"
		"/* The machine: functional models, see imc_hal_host.h. */\n"
		"static int8_t cells[CELLS + 1];\n"
		"static int32_t sums[2 * %s_XBAR_COLS + 1];\n"
		"static unsigned char l1[%s_L1_BYTES + %s_ALIGN];\n"
		"static unsigned char l2[%s_L2_BYTES + %s_ALIGN];\n\n"
		"static void *aligned(unsigned char *p)\n{\n"
		"\treturn p + (%s_ALIGN - (uintptr_t)p %% %s_ALIGN) %% "
		"%s_ALIGN;\n}\n\n",
		e->upper, e->upper, e->upper, e->upper, e->upper, e->upper,
		e->upper, e->upper, e->upper, e->upper, e->upper);
}

static void emit_start(struct imc_emit *e, struct imc_buf *b)
{
	imc_buf_printf(
		b,
		"int main(int argc, char **argv)\n{\n"
		"\tstruct imc_hal hal = {\n"
		"\t\t.n_array = %s_NUM_XBARS,\n\t\t.rows = %s_XBAR_ROWS,\n"
		"\t\t.cols = %s_XBAR_COLS,\n\t\t.cells = cells,\n"
		"\t\t.sums = sums,\n"
		"\t\t.late = imc_run_flag(\"IMC_LATE\"),\n\t};\n"
		"\tstruct %s_memory memory = {\n"
		"\t\t.l1 = aligned(l1),\n\t\t.l1_bytes = %s_L1_BYTES,\n"
		"\t\t.l2 = aligned(l2),\n\t\t.l2_bytes = %s_L2_BYTES,\n"
		"\t};\n"
		"\tstruct %s_context cx;\n",
		e->upper, e->upper, e->upper, e->name, e->upper, e->upper,
		e->name);
	imc_buf_printf(b,
		       "\tstruct imc_run_net net = {\n\t\t.name = %s,\n"
		       "\t\t.n_input = %zu,\n\t\t.n_output = %zu,\n"
		       "\t\t.input = inputs,\n\t\t.output = outputs,\n",
		       imc_emit_c_string(e->a, e->name), e->g->n_input,
		       e->g->n_output);
	imc_buf_printf(b, "\t\t.scale = %a,\n",
		       e->m->pre.given && e->m->pre.scale > 0 ? e->m->pre.scale
							      : 1.0);
	if (e->m->pre.given) {
		emit_numbers(b, "mean", e->m->pre.mean, e->m->pre.n_mean);
		emit_numbers(b, "std", e->m->pre.std, e->m->pre.n_std);
	}
	imc_buf_printf(b,
		       "\t\t.run = run_network,\n\t\t.cx = &cx,\n\t};\n"
		       "\tint status = %s_init(&cx, &hal, &memory);\n\n"
		       "\tif (!status)\n"
		       "\t\tstatus = %s_program(&cx, IMC_RT_CHECK_CRC);\n"
		       "\tif (status) {\n"
		       "\t\tfprintf(stderr, \"%s: status %%d\\n\", status);\n"
		       "\t\treturn 1;\n\t}\n"
		       "\treturn imc_run_main(argc, argv, &net);\n}\n",
		       e->name, e->name, e->name);
}

void imc_emit_main(struct imc_emit *e)
{
	struct imc_buf b = {.arena = e->a};

	imc_buf_printf(
		&b,
		"/* main.c: runs '%s' on .npy files, on this host. */\n"
		"#include <stdio.h>\n\n#include \"%s.h\"\n"
		"#include \"imc_hal_host.h\"\n#include \"imc_run.h\"\n\n",
		e->name, e->name);
	emit_machine(e, &b);
	emit_tensors(e, &b, true);
	emit_tensors(e, &b, false);
	emit_run(e, &b);
	emit_start(e, &b);
	imc_emit_add_buf(e, "test/main.c", &b);
}
