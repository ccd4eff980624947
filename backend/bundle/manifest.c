#include <sha2.h>
#include <sys/types.h>

#include "backend/bundle/emit.h"
#include "ir/op.h"

/* metadata.json: tensors, memory, layers, options, SHA-256 of every file but
 * itself. One file a line, so that the next bundle in this folder knows which
 * files were ours (bundle_files.c reads them: ORDER MANIFEST). */

#define FORMAT_VERSION 1

static const char *quoted(struct imc_emit *e, const char *s)
{
	return imc_emit_json_string(e->a, s ? s : "");
}

static void put_tensor(struct imc_emit *e, struct imc_buf *b, imc_val id,
		       const char *member)
{
	const struct imc_value *v = imc_value_at(e->g, id);

	imc_buf_printf(b, "    {\"name\": %s, \"member\": %s, \"shape\": [",
		       quoted(e, v->name), quoted(e, member));
	for (int i = 0; i < v->t.rank; i++)
		imc_buf_printf(b, "%s%lld", i ? ", " : "",
			       (long long)v->t.dim[i]);
	imc_buf_printf(b,
		       "], \"layout\": \"%s\", \"dtype\": \"%s\", "
		       "\"scale\": %.9g, \"zero\": %d}",
		       v->t.rank == 4 ? "NHWC" : "row-major",
		       imc_dtype_name(v->t.dtype), (double)v->scale,
		       (int)v->zero);
}

static void put_tensors(struct imc_emit *e, struct imc_buf *b,
			const char *title, const imc_val *v,
			const char **member, size_t n)
{
	imc_buf_printf(b, "  \"%s\": [\n", title);
	for (size_t k = 0; k < n; k++) {
		put_tensor(e, b, v[k], member[k]);
		imc_buf_text(b, k + 1 < n ? ",\n" : "\n");
	}
	imc_buf_text(b, "  ],\n");
}

static void put_memory(struct imc_emit *e, struct imc_buf *b)
{
	imc_buf_printf(b,
		       "  \"memory\": {\"l1_bytes\": %lld, "
		       "\"l1_lower_bound\": %lld, \"l2_bytes\": %lld, "
		       "\"const_bytes\": %zu, \"align\": %d},\n",
		       (long long)e->m->plan.l1_bytes,
		       (long long)e->m->plan.l1_lower_bound,
		       (long long)e->m->plan.l2_bytes, e->l2.n, IMC_EMIT_ALIGN);
	imc_buf_printf(b,
		       "  \"crossbars\": {\"arrays\": %d, \"rows\": %d, "
		       "\"cols\": %d, \"cell_bits\": %d},\n",
		       (int)e->images.n, (int)e->images.rows,
		       (int)e->images.cols, (int)e->m->hw->ima_cell_bits);
}

static void put_layer(struct imc_emit *e, struct imc_buf *b, size_t step)
{
	const struct imc_step *s = &e->m->plan.step[step];
	const struct imc_node *n = imc_node_at(e->g, s->node);
	const struct imc_assign *as = &e->m->map.assign[s->node.i];
	int32_t n_tile = 0; /* off the arrays it means nothing */

	imc_buf_printf(b, "    {\"step\": %zu, \"name\": %s, \"onnx_nodes\": [",
		       step, quoted(e, n->name));
	for (int i = 0; i < n->n_origin; i++)
		imc_buf_printf(b, "%s%s", i ? ", " : "",
			       quoted(e, n->origin[i]));
	imc_buf_printf(b,
		       "], \"op\": \"%s\", \"engine\": \"%s\", "
		       "\"cycles\": %.0f, \"regions\": [",
		       imc_op_info(n->op)->name, imc_engine_name(as->engine),
		       as->cost.cycles);
	if (as->engine == IMC_ENGINE_CROSSBAR)
		n_tile = as->n_tile;
	for (int32_t i = 0; i < n_tile; i++) {
		const struct imc_tile *t = &e->m->map.tile[as->first_tile + i];

		imc_buf_printf(b, "%s[%d, %d, %d, %d, %d]", i ? ", " : "",
			       (int)t->array, (int)t->x, (int)t->y, (int)t->w,
			       (int)t->h);
	}
	imc_buf_text(b, "]}");
}

static void put_layers(struct imc_emit *e, struct imc_buf *b)
{
	const char *between = "\n";

	imc_buf_text(b, "  \"layers\": [");
	for (size_t k = 0; k < e->m->plan.n_step; k++) {
		const struct imc_step *s = &e->m->plan.step[k];

		if (s->kind != IMC_STEP_RUN || s->row > 0 || s->chan > 0)
			continue; /* a layer is listed at its first strip */
		imc_buf_text(b, between);
		put_layer(e, b, k);
		between = ",\n";
	}
	imc_buf_text(b, "\n  ],\n");
}

static void put_options(struct imc_emit *e, struct imc_buf *b)
{
	const struct imc_options *o = &e->m->opt;

	imc_buf_printf(b,
		       "  \"options\": {\"weight_bits\": %d, \"seed\": %llu, "
		       "\"calib_method\": %d, \"percentile\": %.17g, "
		       "\"post\": %d, \"spill\": %s, \"solver\": %d},\n",
		       o->weight_bits, (unsigned long long)o->seed,
		       o->calib_method, o->percentile, o->post,
		       o->spill ? "true" : "false", o->solver);
}

static void put_files(struct imc_emit *e, struct imc_buf *b)
{
	imc_buf_text(b, "  \"files\": {\n");
	for (size_t k = 0; k < e->n_file; k++) {
		const struct imc_emit_file *f = &e->file[k];
		char hash[SHA256_DIGEST_STRING_LENGTH];

		SHA256Data((const uint8_t *)f->bytes, f->size, hash);
		imc_buf_printf(b, "    \"%s\": \"%s\"%s\n", f->path, hash,
			       k + 1 < e->n_file ? "," : "");
	}
	imc_buf_text(b, "  }\n}\n");
}

void imc_emit_manifest(struct imc_emit *e)
{
	const struct imc_module *m = e->m;
	struct imc_buf b = {.arena = e->a};

	imc_buf_printf(&b,
		       "{\n  \"format_version\": %d,\n"
		       "  \"imcc_version\": \"%s\",\n  \"name\": \"%s\",\n"
		       "  \"model\": %s,\n  \"model_sha256\": %s,\n"
		       "  \"target\": %s,\n  \"port\": \"%s\",\n",
		       FORMAT_VERSION, IMCC_VERSION, e->name,
		       quoted(e, m->model_name), quoted(e, m->model_sha256),
		       quoted(e, m->hw->name), imc_port_name(e->port));
	imc_buf_printf(&b,
		       "  \"calibration\": {\"source\": %s, "
		       "\"samples\": %lld},\n",
		       quoted(e, m->calib_source), (long long)m->calib_n);
	put_options(e, &b);
	put_tensors(e, &b, "inputs", e->g->input, e->input, e->g->n_input);
	put_tensors(e, &b, "outputs", e->g->output, e->output, e->g->n_output);
	put_memory(e, &b);
	put_layers(e, &b);
	put_files(e, &b);
	imc_emit_add_buf(e, "metadata.json", &b);
}
