#include "backend/bundle/emit.h"
#include "ir/num.h"

/* test/network.c: what the program on the device must know of the network,
 * runtime/device/imc_device.h; test/tensors.c: what the tool on the host must,
 * runtime/host/imc_run.h. */

struct side {
	const char *lower, *upper; /* in, IN */
	size_t n;
	const imc_val *value;
	const char **member, **member_upper;
};

static struct side side_of(const struct imc_emit *e, bool in)
{
	const struct imc_graph *g = e->g;

	return in ? (struct side){"in",	    "IN",     g->n_input,
				  g->input, e->input, e->input_upper}
		  : (struct side){"out",     "OUT",	g->n_output,
				  g->output, e->output, e->output_upper};
}

/* int8_t in_image[DIGITS_IN_IMAGE_BYTES]; of each tensor */
static void emit_arrays(const struct imc_emit *e, struct imc_buf *b, bool in,
			const char *where)
{
	struct side s = side_of(e, in);

	for (size_t k = 0; k < s.n; k++)
		imc_buf_printf(b, "static int8_t %s_%s[%s_%s_%s_BYTES]%s;\n",
			       s.lower, s.member[k], e->upper, s.upper,
			       s.member_upper[k], where);
}

/* ---- test/network.c ---- */

static void emit_device_tensors(const struct imc_emit *e, struct imc_buf *b,
				bool in)
{
	struct side s = side_of(e, in);

	imc_buf_printf(b,
		       "\nstatic const struct imc_device_tensor %sputs[] = "
		       "{\n",
		       s.lower);
	for (size_t k = 0; k < s.n; k++)
		imc_buf_printf(b, "\t{%s_%s, sizeof %s_%s},\n", s.lower,
			       s.member[k], s.lower, s.member[k]);
	imc_buf_text(b, "};\n");
}

/* Memory with ALIGN bytes to spare; cells, if the port keeps them. */
static void emit_memory(const struct imc_emit *e, struct imc_buf *b)
{
	const char *u = e->upper;

	imc_buf_printf(b,
		       "static unsigned char l1[%s_L1_BYTES + %s_ALIGN] "
		       "IMC_DEVICE_L1;\n"
		       "static unsigned char l2[%s_L2_BYTES + %s_ALIGN] "
		       "IMC_DEVICE_L2;\n",
		       u, u, u, u);
	if (imc_port_models_arrays(e->port))
		imc_buf_printf(
			b,
			"\n/* The crossbar arrays, which are models. */\n"
			"static int8_t cells[(size_t)%s_NUM_XBARS * "
			"%s_XBAR_ROWS *\n\t\t    %s_XBAR_COLS + 1] "
			"IMC_DEVICE_CELLS;\n"
			"static int32_t sums[2 * %s_XBAR_COLS * "
			"IMC_DEVICE_CORES + 1];\n",
			u, u, u, u);
	imc_buf_printf(b,
		       "\nstatic struct %s_context context;\n"
		       "\nstatic void *aligned(unsigned char *p)\n{\n"
		       "\treturn p + (%s_ALIGN - (uintptr_t)p %% %s_ALIGN) %% "
		       "%s_ALIGN;\n}\n",
		       e->name, u, u, u);
}

bool imc_emit_models_float(const struct imc_emit *e)
{
	return e->m->hw->ima_adc_rounding && imc_port_models_arrays(e->port);
}

/* ADCs that compute in float32. */
static void emit_adc(const struct imc_emit *e, struct imc_buf *b)
{
	if (imc_emit_models_float(e))
		imc_buf_printf(
			b,
			"static const struct imc_model_adc adc = {\n\t%d, "
			"imc_model_float_add, imc_model_float_read};\n",
			(int)imc_cell_max((int)e->m->hw->ima_cell_bits));
}

/* Debug builds say which layer made something else than it should have. */
static void emit_watch(struct imc_buf *b)
{
	imc_buf_text(b,
		     "\n#ifdef IMC_DEBUG\n"
		     "static void differs(const struct imc_rt_traced *layer, "
		     "uint32_t crc)\n{\n"
		     "\timc_device_differs(layer->name, crc, layer->crc);\n}\n"
		     "#define WATCH(context) ((context)->differs = differs)\n"
		     "#else\n"
		     "#define WATCH(context) ((void)(context))\n"
		     "#endif\n");
}

static void emit_calls(const struct imc_emit *e, struct imc_buf *b)
{
	const char *n = e->name, *u = e->upper;

	imc_buf_printf(b,
		       "\nstatic int program(struct imc_hal *hal)\n{\n"
		       "\tconst struct %s_memory memory = {\n"
		       "\t\t.l1 = aligned(l1),\n"
		       "\t\t.l1_bytes = %s_L1_BYTES,\n"
		       "\t\t.l2 = aligned(l2),\n"
		       "\t\t.l2_bytes = %s_L2_BYTES,\n\t};\n"
		       "\tint status = %s_init(&context, hal, &memory);\n\n"
		       "\tWATCH(&context);\n"
		       "\treturn status ? status\n\t\t      : "
		       "%s_program(&context, IMC_RT_CHECK_CRC);\n}\n",
		       n, u, u, n, n);
	imc_buf_printf(b,
		       "\nstatic int run(struct imc_hal *hal)\n{\n"
		       "\tconst struct %s_inputs in = {",
		       n);
	for (size_t k = 0; k < e->g->n_input; k++)
		imc_buf_printf(b, "%s.%s = in_%s", k ? ", " : "", e->input[k],
			       e->input[k]);
	imc_buf_printf(b, "};\n\tconst struct %s_outputs out = {", n);
	for (size_t k = 0; k < e->g->n_output; k++)
		imc_buf_printf(b, "%s.%s = out_%s", k ? ", " : "", e->output[k],
			       e->output[k]);
	imc_buf_printf(b,
		       "};\n\n\t(void)hal; /* the context has it */\n"
		       "\treturn %s_run(&context, &in, &out);\n}\n",
		       n);
}

static void emit_device_net(const struct imc_emit *e, struct imc_buf *b)
{
	const char *u = e->upper;

	imc_buf_printf(b,
		       "\nconst struct imc_device_net imc_device_net = {\n"
		       "\t.name = %s,\n\t.n_input = %zu,\n"
		       "\t.n_output = %zu,\n\t.input = inputs,\n"
		       "\t.output = outputs,\n",
		       imc_emit_c_string(e->a, e->name), e->g->n_input,
		       e->g->n_output);
	if (imc_emit_models_float(e))
		imc_buf_text(b, "\t.adc = &adc,\n");
	imc_buf_printf(b,
		       "\t.n_array = %s_NUM_XBARS,\n\t.rows = %s_XBAR_ROWS,\n"
		       "\t.cols = %s_XBAR_COLS,\n\t.n_core = %lld,\n%s"
		       "\t.program = program,\n\t.run = run,\n};\n",
		       u, u, u, (long long)e->m->hw->cluster_cores,
		       imc_port_models_arrays(e->port)
			       ? "\t.cells = cells,\n\t.sums = sums,\n"
			       : "");
}

static void emit_network(struct imc_emit *e)
{
	struct imc_buf b = {.arena = e->a};

	imc_buf_printf(&b,
		       "/* network.c: network '%s' for the program that runs "
		       "it on the device, and\n * its memory. */\n"
		       "#include \"%s.h\"\n#include \"imc_device.h\"\n%s\n",
		       e->name, e->name,
		       imc_emit_models_float(e)
			       ? "#include \"imc_model_adc.h\"\n"
			       : "");
	emit_arrays(e, &b, true, " IMC_DEVICE_L2");
	emit_arrays(e, &b, false, " IMC_DEVICE_L2");
	emit_memory(e, &b);
	emit_adc(e, &b);
	emit_device_tensors(e, &b, true);
	emit_device_tensors(e, &b, false);
	emit_watch(&b);
	emit_calls(e, &b);
	emit_device_net(e, &b);
	imc_emit_add_buf(e, "test/network.c", &b);
}

/* ---- test/tensors.c ---- */

static void emit_tensors(struct imc_emit *e, struct imc_buf *b, bool in)
{
	struct side s = side_of(e, in);

	imc_buf_printf(b, "\nstatic struct imc_run_tensor %sputs[] = {\n",
		       s.lower);
	for (size_t k = 0; k < s.n; k++) {
		const struct imc_value *v = imc_value_at(e->g, s.value[k]);
		const char *p = imc_arena_printf(e->a, "%s_%s_%s", e->upper,
						 s.upper, s.member_upper[k]);

		imc_buf_printf(b,
			       "\t{.name = %s,\n\t .rank = %d,\n"
			       "\t .dim = %s_SHAPE,\n\t .channel_last = %d,\n"
			       "\t .scale = %s_SCALE,\n\t .zero = %s_ZERO,\n"
			       "\t .data = %s_%s},\n",
			       imc_emit_c_string(e->a, v->name), v->t.rank, p,
			       v->t.rank == 4 && e->g->layout == IMC_NHWC, p, p,
			       s.lower, s.member[k]);
	}
	imc_buf_text(b, "};\n");
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

static void emit_tool(struct imc_emit *e, struct imc_buf *b)
{
	const struct imc_preprocess *p = &e->m->pre;

	imc_buf_printf(b,
		       "\nint main(int argc, char **argv)\n{\n"
		       "\tconst struct imc_run_net net = {\n\t\t.name = %s,\n"
		       "\t\t.n_input = %zu,\n\t\t.n_output = %zu,\n"
		       "\t\t.input = inputs,\n\t\t.output = outputs,\n",
		       imc_emit_c_string(e->a, e->name), e->g->n_input,
		       e->g->n_output);
	imc_buf_printf(b, "\t\t.scale = %a,\n",
		       p->given && p->scale > 0 ? p->scale : 1.0);
	if (p->given) {
		emit_numbers(b, "mean", p->mean, p->n_mean);
		emit_numbers(b, "std", p->std, p->n_std);
	}
	imc_buf_text(b, "\t};\n\n\treturn imc_run_main(argc, argv, &net);\n"
			"}\n");
}

static void emit_tensors_c(struct imc_emit *e)
{
	struct imc_buf b = {.arena = e->a};

	imc_buf_printf(&b,
		       "/* tensors.c: turns .npy files into samples of '%s', "
		       "and its outputs back. */\n"
		       "#include \"%s.h\"\n#include \"imc_run.h\"\n\n",
		       e->name, e->name);
	emit_arrays(e, &b, true, "");
	emit_arrays(e, &b, false, "");
	emit_tensors(e, &b, true);
	emit_tensors(e, &b, false);
	emit_tool(e, &b);
	imc_emit_add_buf(e, "test/tensors.c", &b);
}

void imc_emit_main(struct imc_emit *e)
{
	emit_network(e);
	emit_tensors_c(e);
}
