#include "backend/bundle/emit.h"
#include "ir/residual.h"
#include "ir/support/checked.h"

/* One q_conv2d on its engine. */

static void emit_zeros(struct imc_emit *e, const struct imc_emit_layer *l)
{
	imc_buf_printf(&e->layers,
		       "\t.zero_x = %d, .zero_y = %d, .lo = %d, .hi = %d,\n",
		       (int)l->x->zero, (int)l->y->zero, (int)l->n->a.lo[0],
		       (int)l->n->a.hi[0]);
}

/* Settings of the ADCs, which stay in L2. */
static void emit_field(struct imc_emit *e, const struct imc_emit_layer *l,
		       const char *field, int k, const char *macro)
{
	imc_buf_printf(&e->layers, "\t.%s = %s,\n", field,
		       imc_emit_table(e, l->n, k, macro));
}

static void begin(struct imc_emit *e, const struct imc_emit_layer *l,
		  const char *type)
{
	imc_buf_printf(&e->layers, "static const struct %s %s = {\n", type,
		       l->name);
	imc_emit_window(e, "\t.window = ", l, l->n->a.dilation);
	imc_buf_text(&e->layers, ",\n");
}

/* .weights = 0: the place of input k among the constants. */
static void emit_place(struct imc_emit *e, const struct imc_emit_layer *l,
		       const char *field, int k)
{
	int64_t at = imc_emit_part(l, k);

	if (at >= 0)
		imc_buf_printf(&e->layers, "\t.%s = %lld,\n", field,
			       (long long)at);
}

static bool has_parts(const struct imc_emit_layer *l, int first, int last)
{
	for (int k = first; k <= last; k++)
		if (imc_emit_part(l, k) < 0)
			return false;
	return true;
}

/* Rows that a step which names none computes. */
static int64_t all_rows(const struct imc_emit_layer *l)
{
	return l->y->t.dim[0] * l->y->t.dim[1];
}

/* "&name, constants, x, y" of the block from channel chan on. */
static const char *operands(struct imc_emit *e, const struct imc_emit_layer *l,
			    int64_t chan)
{
	return imc_arena_printf(e->a, "&%s, %s, %s, %s", l->name,
				imc_emit_constants(e, l->step, chan),
				imc_emit_operand(e, l->n->in[0]),
				imc_emit_operand(e, l->n->out[0]));
}

/* FUNCTION, or what starts it and leaves `unit` running. */
static void call(struct imc_emit *e, const struct imc_emit_layer *l,
		 const char *function, const char *job, unsigned unit)
{
	const char *arguments = operands(e, l, 0);

	if (e->start) {
		function = imc_arena_printf(e->a, "%s_start", function);
		arguments = imc_arena_printf(e->a, "&%s, %s", job, arguments);
	}
	imc_emit_rows(e, l, function, arguments, all_rows(l));
	e->call[e->n_call - 1].units = e->start ? unit : 0;
}

/* The same for blocks of channels: one if the step names it, else all that the
 * constants are cut into. */
static void call_blocks(struct imc_emit *e, const struct imc_emit_layer *l,
			const char *function)
{
	int64_t all = l->y->t.dim[3], block = imc_emit_block_of(e, l->step);
	int64_t first = l->step->n_chan ? l->step->chan : 0;
	int64_t end = l->step->n_chan ? first + l->step->n_chan : all;
	bool start = e->start && (!block || end - first <= block);

	if (start)
		function = imc_arena_printf(e->a, "%s_start", function);
	for (int64_t c = first, n; c < end; c += n) {
		struct imc_emit_call *last;

		n = imc_min_i64(block ? block : end, end - c);
		imc_emit_rows(e, l, function,
			      imc_arena_printf(e->a, "%s%s",
					       start ? "&pe_job, " : "",
					       operands(e, l, c)),
			      all_rows(l));
		last = &e->call[e->n_call - 1];
		last->units = start ? IMC_EMIT_PE : 0;
		last->arguments = imc_arena_printf(
			e->a, "%s, %s, %s", last->arguments,
			imc_emit_number(e, c), imc_emit_number(e, n));
	}
}

/* kernel: imc_rt_conv, on the cores, or imc_rt_pe, on the digital array. */
static bool emit_conv(struct imc_emit *e, const struct imc_emit_layer *l,
		      const char *kernel)
{
	if (l->n->a.adc[0])
		return imc_emit_refuse(e, l, "it has ADC codes without ADC");
	if (!has_parts(l, 1, 4))
		return imc_emit_refuse(e, l, "its tables are computed");
	begin(e, l, "imc_rt_conv");
	imc_buf_printf(&e->layers, "\t.group = %d,\n", (int)l->n->a.group[0]);
	emit_place(e, l, "weights", 1);
	emit_place(e, l, "bias", 2);
	emit_place(e, l, "mult", 3);
	emit_place(e, l, "shift", 4);
	emit_zeros(e, l);
	imc_buf_text(&e->layers, "};\n\n");
	call_blocks(e, l, kernel);
	return true;
}

static bool all_ones(const struct imc_value *v)
{
	const int32_t *p = v->t.data;

	for (int64_t i = 0; i < imc_tensor_count(&v->t); i++)
		if (p[i] != 1)
			return false;
	return true;
}

static bool emit_depthwise(struct imc_emit *e, const struct imc_emit_layer *l)
{
	if (l->n->a.adc[0] || l->n->a.group[0] != l->x->t.dim[3] ||
	    !all_ones(imc_node_in(e->g, l->n, 3)))
		return imc_emit_refuse(e, l, "the depth-wise engine cannot");
	begin(e, l, "imc_rt_depthwise");
	emit_place(e, l, "weights", 1);
	emit_place(e, l, "bias", 2);
	emit_place(e, l, "shift", 4);
	emit_zeros(e, l);
	imc_buf_text(&e->layers, "};\n\n");
	call(e, l, "imc_rt_depthwise", "dw_job", IMC_EMIT_PORT);
	return true;
}

/* ---- crossbar ---- */

/* Channels and columns of a tile in the whole layer. */
struct reach {
	int32_t c0, n_channel, k0;
};

static struct reach reach_of(const struct imc_emit_layer *l,
			     const struct imc_assign *as,
			     const struct imc_tile *t)
{
	int32_t group = (int32_t)l->n->a.group[0];
	int32_t bundle = as->bundle > 0 ? as->bundle : 1;
	int32_t first = t->bundle * bundle;
	int32_t n = (int32_t)imc_min_i64(bundle, group - first);
	int32_t c = (int32_t)l->x->t.dim[3] / group;
	int32_t k = (int32_t)l->y->t.dim[3] / group;

	return (struct reach){first * c, n * c, first * k + t->col0};
}

static void emit_tiles(struct imc_emit *e, const struct imc_emit_layer *l,
		       const struct imc_assign *as)
{
	int64_t copies = imc_max_i64(as->copies, 1);

	imc_buf_printf(&e->layers,
		       "static const struct imc_hal_tile %s_tiles[] = {\n"
		       "\t/* array, x, y, w, h, bias rows, first row, first "
		       "channel, channels,\n\t * first output channel, output "
		       "channels, patch_h, patch_w,\n\t * first slice, copy, "
		       "copies */\n",
		       l->name);
	for (int32_t i = 0; i < as->n_tile; i++) {
		const struct imc_tile *t = &e->m->map.tile[as->first_tile + i];
		struct reach r = reach_of(l, as, t);

		imc_buf_printf(&e->layers,
			       "\t{%d, %d, %d, %d, %d, %d, %d, %d, %d, %d, %d, "
			       "%d, %d, %d, %d, %d},\n",
			       (int)t->array, (int)t->x, (int)t->y, (int)t->w,
			       (int)t->h, (int)t->n_bias, (int)t->row0,
			       (int)r.c0, (int)r.n_channel, (int)r.k0,
			       (int)t->n_col, (int)t->patch_h, (int)t->patch_w,
			       (int)t->slice0, (int)t->copy, (int)copies);
	}
	imc_buf_text(&e->layers, "};\n\n");
}

static void emit_drive(struct imc_emit *e, const struct imc_emit_layer *l)
{
	const struct imc_ints *drive = &l->n->a.drive;

	if (!drive->n)
		return;
	imc_buf_printf(&e->layers, "static const int8_t %s_drive[] = {",
		       l->name);
	for (int i = 0; i < drive->n; i++)
		imc_buf_printf(&e->layers, "%s%d", i ? ", " : "",
			       (int)drive->v[i]);
	imc_buf_text(&e->layers, "};\n\n");
}

/* True if the n values of table k from k0 on are one. */
static bool constant_in(const struct imc_emit *e, const struct imc_node *n,
			int k, int32_t k0, int32_t count)
{
	const int32_t *v = imc_node_in(e->g, n, k)->t.data;

	for (int32_t i = 1; i < count; i++)
		if (v[k0 + i] != v[k0])
			return false;
	return true;
}

static bool per_column(const struct imc_emit *e, const struct imc_emit_layer *l,
		       const struct imc_assign *as)
{
	for (int32_t i = 0; i < as->n_tile; i++) {
		const struct imc_tile *t = &e->m->map.tile[as->first_tile + i];
		int32_t k0 = reach_of(l, as, t).k0;

		for (int k = 5; k <= 7; k++)
			if (!constant_in(e, l->n, k, k0, t->n_col))
				return true;
	}
	return false;
}

static void emit_adc(struct imc_emit *e, const struct imc_emit_layer *l,
		     const struct imc_assign *as)
{
	const struct imc_attrs *a = &l->n->a;

	if (!a->adc[0])
		return;
	emit_field(e, l, "adc_mult", 5, "I32");
	emit_field(e, l, "adc_shift", 6, "I32");
	emit_field(e, l, "adc_zero", 7, "I32");
	imc_buf_printf(&e->layers,
		       "\t.adc_per_column = %d, .adc_lo = %d, .adc_hi = %d,\n",
		       per_column(e, l, as), (int)a->adc_lo[0],
		       (int)a->adc_hi[0]);
	if (a->adc_low[0] || a->adc_high[0])
		imc_buf_printf(&e->layers, "\t.adc_low = %d, .adc_high = %d,\n",
			       (int)a->adc_low[0], (int)a->adc_high[0]);
}

/* Exact weights beside the arrays. */
static void emit_residual(struct imc_emit *e, const struct imc_emit_layer *l)
{
	int32_t groups = (int32_t)l->n->a.group[0];
	struct imc_emit_known *known = &e->known[l->id.i];
	struct imc_residual r;

	if (!imc_node_in(e->g, l->n, 9))
		return;
	r = imc_residual_pack(e->g, l->n, e->a);
	if (known->first < 0) {
		known->first = imc_emit_bytes(
			e, r.first, ((size_t)r.k + 1) * sizeof *r.first);
		known->record = imc_emit_bytes(
			e, r.record,
			(size_t)(r.n_group *
				 imc_residual_record_bytes(r.group, r.bits)));
	}
	imc_buf_printf(
		&e->layers,
		"/* %lld of %lld groups */\n"
		"static const struct imc_rt_residual %s_residual = {\n"
		"\t.channels = %d, .outputs = %d, .group = %d, .bits = %d, "
		".shift = %d,\n\t.first = I32(%lld), .record = I8(%lld),\n"
		"};\n\n",
		(long long)r.n_group,
		(long long)imc_residual_places(&imc_node_in(e->g, l->n, 9)->t,
					       r.group),
		l->name, (int)r.c, (int)(r.k / groups), (int)r.group,
		(int)r.bits, (int)r.shift, (long long)known->first,
		(long long)known->record);
}

static bool check_crossbar(struct imc_emit *e, const struct imc_emit_layer *l,
			   const struct imc_assign *as)
{
	const struct imc_attrs *a = &l->n->a;

	if (a->adc[0] && (a->adc_lo[0] < -128 || a->adc_hi[0] > 127))
		return imc_emit_refuse(
			e, l,
			"ADC codes of more than 8 bits do not fit; "
			"use ima.adc_bits of 8 or less");
	for (int32_t i = 0; i < as->n_tile; i++)
		if (e->m->map.tile[as->first_tile + i].array < 0)
			return imc_emit_refuse(e, l, "a tile has no place");
	if (a->post[0] && !a->adc[0])
		return imc_emit_refuse(e, l, "post adc without ADC");
	return as->n_tile > 0 || imc_emit_refuse(e, l, "it has no tiles");
}

static void call_crossbar(struct imc_emit *e, const struct imc_emit_layer *l)
{
	const char *scratch = "0";

	if (e->start) {
		imc_emit_rows(
			e, l, "imc_rt_crossbar_start",
			imc_arena_printf(e->a, "&job, &%s, %s, %s", l->name,
					 imc_emit_operand(e, l->n->in[0]),
					 imc_emit_operand(e, l->n->out[0])),
			all_rows(l));
		e->call[e->n_call - 1].units = IMC_EMIT_PORT;
		return;
	}
	if (l->step->scratch >= 0)
		scratch = imc_arena_printf(
			e->a, "l1 + %lld",
			(long long)e->m->plan.buffer[l->step->scratch].offset);
	imc_emit_rows(
		e, l, "imc_rt_crossbar",
		imc_arena_printf(e->a, "%s, %s", operands(e, l, 0), scratch),
		all_rows(l));
}

static bool emit_crossbar(struct imc_emit *e, const struct imc_emit_layer *l)
{
	const struct imc_assign *as = &e->m->map.assign[l->id.i];

	if (!check_crossbar(e, l, as))
		return false;
	emit_tiles(e, l, as);
	emit_drive(e, l);
	emit_residual(e, l);
	begin(e, l, "imc_rt_crossbar");
	imc_buf_printf(&e->layers, "\t.tile = %s_tiles, .n_tile = %d,\n",
		       l->name, (int)as->n_tile);
	if (l->n->a.drive.n)
		imc_buf_printf(&e->layers, "\t.drive = %s_drive,\n", l->name);
	if (imc_node_in(e->g, l->n, 9))
		imc_buf_printf(&e->layers, "\t.residual = &%s_residual,\n",
			       l->name);
	emit_adc(e, l, as);
	imc_buf_printf(&e->layers,
		       "\t.slices = %d, .slice_bits = %d, .strip_rows = %d,\n",
		       (int)l->n->a.slices[0], (int)l->n->a.slice_bits[0],
		       (int)l->step->strip_rows);
	if (as->overlap && l->step->strip_rows)
		imc_buf_text(&e->layers, "\t.overlap = 1,\n");
	emit_place(e, l, "bias", 2);
	emit_place(e, l, "mult", 3);
	emit_place(e, l, "shift", 4);
	emit_place(e, l, "zero", 7);
	emit_zeros(e, l);
	imc_buf_text(&e->layers, "};\n\n");
	call_crossbar(e, l);
	return true;
}

bool imc_emit_matrix(struct imc_emit *e, const struct imc_emit_layer *l)
{
	const struct imc_node *n = l->n;

	if (!n->a.post[0] &&
	    !(imc_node_in(e->g, n, 2) && imc_node_in(e->g, n, 3) &&
	      imc_node_in(e->g, n, 4)))
		return imc_emit_refuse(e, l, "its requantisation is missing");
	if (imc_node_in(e->g, n, 9) &&
	    e->m->map.assign[l->id.i].engine != IMC_ENGINE_CROSSBAR)
		return imc_emit_refuse(e, l,
				       "residual weights beside no array");
	switch (e->m->map.assign[l->id.i].engine) {
	case IMC_ENGINE_CORES:
		return emit_conv(e, l, "imc_rt_conv");
	case IMC_ENGINE_PE:
		return emit_conv(e, l, "imc_rt_pe");
	case IMC_ENGINE_DEPTHWISE:
		return emit_depthwise(e, l);
	case IMC_ENGINE_CROSSBAR:
		return emit_crossbar(e, l);
	case IMC_ENGINE_NONE:
	case IMC_N_ENGINE:
		break;
	}
	return imc_emit_refuse(e, l, "it has no engine");
}
