#include "backend/bundle/bundle.h"

#include <string.h>

#include "backend/bundle/emit.h"
#include "backend/bundle/read_images.h"
#include "backend/report/facts.h"
#include "backend/report/report.h"
#include "hwdesc/adc_check.h"
#include "ir/support/embed.h"

/* Cells of an array where a port has some (hal/pulp/imc_hal_pulp.h). */
enum { PORT_ROWS = 256, PORT_COLS = 256 };

/* Floats are only where the arrays that are modelled have them. */
static bool is_needed(const struct imc_emit *e, const char *path)
{
	return imc_port_takes(e->port, path) &&
	       (strcmp(path, "models/model_ima_float.c") != 0 ||
		imc_emit_models_float(e));
}

static void add_runtime(struct imc_emit *e)
{
	for (size_t k = 0; k < imc_runtime_files_count; k++) {
		const struct imc_embedded *f = &imc_runtime_files[k];

		if (!is_needed(e, f->path))
			continue;
		imc_emit_add(e, imc_arena_printf(e->a, "runtime/%s", f->path),
			     f->bytes, f->size);
	}
}

static void add_data(struct imc_emit *e)
{
	imc_emit_images(e);
	imc_emit_add_buf(e, imc_arena_printf(e->a, "data/%s_l2.bin", e->name),
			 &e->l2);
}

static void warn_of_l2(struct imc_emit *e, const struct imc_report_sizes *s)
{
	const struct imc_hw *hw = e->m->hw;
	int64_t need = imc_report_facts(e->m, s, e->a).l2_peak_bytes;

	if (need > hw->l2_bytes && !imc_hw_is_spatial(hw))
		imc_diag(e->d, IMC_IN_FILE(e->m->model_path), IMC_D_L2_IMAGES,
			 (long long)need, (long long)hw->l2_bytes);
}

/* Called while the files are images, l2 and source only. */
static void add_reports(struct imc_emit *e)
{
	struct imc_report_sizes sizes = {0};
	struct imc_buf json = {.arena = e->a}, text = {.arena = e->a};
	struct imc_buf svg = {.arena = e->a};

	for (size_t k = 0; k < e->n_file; k++)
		sizes.code_data_bytes += (int64_t)e->file[k].size;
	for (int32_t k = 0; k < e->images.n; k++) {
		const char *path =
			imc_image_path(e->a, e->name, k, e->images.n);

		for (size_t i = 0; i < e->n_file; i++)
			if (!strcmp(e->file[i].path, path))
				sizes.image_bytes += (int64_t)e->file[i].size;
	}
	sizes.code_data_bytes -= sizes.image_bytes;
	warn_of_l2(e, &sizes);
	imc_report_json(e->m, &sizes, &json);
	imc_report_text(e->m, &sizes, &text);
	imc_emit_add_buf(e, "report.json", &json);
	imc_emit_add_buf(e, "report.txt", &text);
	imc_memory_svg(e->m, &svg);
	imc_emit_add_buf(e, "memory.svg", &svg);
}

/* The module itself, so that it can be evaluated and reported again. */
static void add_module(struct imc_emit *e)
{
	struct imc_buf text = {.arena = e->a}, blob = {.arena = e->a};
	const char *bin = imc_arena_printf(e->a, "%s.bin", e->name);

	imc_buf_text(&blob, "");
	imc_text_print(e->m, &imc_hw_text, bin, &text, &blob);
	imc_emit_add_buf(e, imc_arena_printf(e->a, "module/%s.imc", e->name),
			 &text);
	imc_emit_add_buf(e, imc_arena_printf(e->a, "module/%s", bin), &blob);
}

static bool check_tensor(struct imc_emit *e, imc_val id)
{
	const struct imc_value *v = imc_value_at(e->g, id);
	return (v->t.dtype == IMC_I8 && v->scale > 0) ||
	       imc_diag(e->d, IMC_IN_FILE(e->m->model_path), IMC_D_BUNDLE_OP,
			imc_arena_printf(e->d->arena, "tensor '%s'", v->name),
			"it is not int8");
}

/* Where the port has arrays of its own, which are not models: they are those
 * of target pulp-ima. */
static bool check_arrays(struct imc_emit *e)
{
	const struct imc_hw *hw = e->m->hw;
	bool good = hw->ima_adc_ends && hw->ima_dac_zero == 0 &&
		    hw->ima_rows <= PORT_ROWS && hw->ima_cols <= PORT_COLS;

	if (good || e->images.n == 0 || imc_port_models_arrays(e->port))
		return true;
	return imc_diag(
		e->d, IMC_IN_FILE(e->m->model_path), IMC_D_BUNDLE_OP,
		imc_arena_printf(e->a, "what lies on arrays of '%s'", hw->name),
		imc_arena_printf(e->a,
				 "those of port %s have %d x %d cells, ADCs "
				 "with whole ends (ima.adc_ends) and no zero "
				 "point (ima.dac_zero), as target pulp-ima",
				 imc_port_name(e->port), PORT_ROWS, PORT_COLS));
}

static bool check_module(struct imc_emit *e)
{
	bool ok = check_arrays(e);

	for (size_t k = 0; k < e->g->n_input; k++)
		ok = check_tensor(e, e->g->input[k]) && ok;
	for (size_t k = 0; k < e->g->n_output; k++)
		ok = check_tensor(e, e->g->output[k]) && ok;
	if (e->m->map.array_rows > UINT16_MAX ||
	    e->m->map.array_cols > UINT16_MAX)
		ok = imc_diag(e->d, IMC_IN_FILE(e->m->model_path),
			      IMC_D_BUNDLE_OP, "these arrays",
			      "images hold up to 65535 rows and columns");
	return ok;
}

static bool emit_all(struct imc_emit *e)
{
	e->name = imc_c_name(e->m->model_name, e->a);
	e->upper = imc_emit_upper(e->a, e->name);
	e->images = imc_map_images(e->g, &e->m->map, e->a);
	imc_emit_members(e);
	imc_emit_start_l2(e);
	if (!check_module(e) || !imc_adc_check(e->m, &e->images) ||
	    !imc_emit_source(e))
		return false;
	imc_emit_header(e);
	add_data(e);
	add_reports(e);
	imc_emit_data(e);
	imc_emit_golden(e);
	imc_emit_main(e);
	add_runtime(e);
	add_module(e);
	imc_emit_build(e);
	imc_emit_readme(e);
	imc_emit_manifest(e);
	return true;
}

bool imc_bundle_write(const struct imc_module *m, const char *dir,
		      enum imc_port port)
{
	struct imc_emit e = {.m = m,
			     .g = m->g,
			     .a = imc_arena_new(),
			     .d = m->diags,
			     .port = port};
	bool ok = imc_bundle_may_write(dir, e.a, e.d) && emit_all(&e) &&
		  imc_bundle_replace(&e, dir);

	imc_arena_free(e.a);
	return ok;
}
