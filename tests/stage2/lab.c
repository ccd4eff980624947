#include "tests/stage2/lab.h"

#include <math.h>
#include <string.h>

#include "ir/eval.h"
#include "ir/support/checked.h"
#include "passes/2-quant/map_options.h"
#include "tests/check.h"

#define N_SAMPLE 16

void lab_open(struct lab *l, const char *name, int arrays)
{
	*l = (struct lab){.name = name, .a = imc_arena_new()};
	l->d.arena = l->a;
	l->m = imc_module_new(&l->d);
	l->m->model_path = "net.onnx";
	l->m->hw = imc_hw_new(l->m->arena);
	l->m->hw->name = "small";
	l->m->hw->ima_arrays = arrays;
	l->m->hw->ima_rows = l->m->hw->ima_cols = 64;
	l->m->hw->ima_cell_bits = 8;
	l->m->hw->ima_mvm_ns = 1; /* the cores never win */
	l->m->hw->core_conv_macs_per_cycle = 0.1;
	l->m->hw->core_dw_macs_per_cycle = 0.1;
	l->m->opt.percentile = 100;
	l->b = (struct build){imc_graph_new(l->m->arena, name), 11};
	l->m->g = l->b.g;
}

void lab_open_bits(struct lab *l, const char *name, int arrays)
{
	struct imc_hw *hw;

	lab_open(l, name, arrays);
	hw = l->m->hw;
	hw->ima_tiles = hw->ima_slices = 1;
	hw->ima_cell_bits = hw->ima_pulse_bits = 1;
	hw->ima_rows_at_once = 9;
	hw->ima_adc_bits = 4;
	hw->ima_dac_zero = 1;
	hw->ima_active_arrays = arrays;
}

void lab_close(struct lab *l)
{
	imc_module_free(l->m);
	imc_arena_free(l->a);
}

static void show_messages(const struct lab *l)
{
	for (size_t i = 0; i < l->d.n; i++)
		fprintf(stderr, "%s\n", l->d.v[i].text);
}

/* Input k of sample s, as the network had it before quantisation. */
static struct imc_tensor *sample(const struct lab *l, size_t s)
{
	const struct imc_graph *g = l->m->g;
	struct imc_tensor *in = imc_arena_array(l->a, g->n_input, sizeof *in);

	for (size_t k = 0; k < g->n_input; k++) {
		in[k] = imc_value_at(g, g->input[k])->t;
		in[k].dtype = IMC_F32;
		in[k].data = l->calib.x[k] + (int64_t)s * l->calib.size[k];
	}
	return in;
}

static struct imc_tensor output_of(const struct lab *l, size_t s)
{
	struct imc_tensor *out = t_eval(l->m->g, sample(l, s), l->a);

	return out[0];
}

bool lab_calibrate(struct lab *l)
{
	struct imc_pass_run how = {.stop_after = "to_nhwc", .verify = true};

	if (!imc_passes_run(l->m, &how))
		return false;
	l->calib = imc_samples_make(l->m->g, N_SAMPLE, 3, l->a);
	l->want = imc_arena_array(l->a, N_SAMPLE, sizeof *l->want);
	for (size_t s = 0; s < N_SAMPLE; s++)
		l->want[s] = output_of(l, s).data;
	how.calib = &l->calib;
	how.stop_after = "measure_errors";
	return imc_passes_run(l->m, &how);
}

/* The whole of a layer, with as many bits as there are, in one tile a slice
 * and block. */
static struct imc_assign on_arrays(const struct lab *l,
				   const struct imc_node *n)
{
	struct imc_matrix mx = imc_matrix_of(l->m->g, n);
	struct imc_assign as = imc_map_plain(l->m, IMC_ENGINE_CROSSBAR);

	as.slices = 8;
	as.tile_slices = 1;
	as.block_rows = (int32_t)imc_min_i64(mx.rows, l->m->hw->ima_rows);
	return as;
}

void lab_all_arrays(struct lab *l)
{
	const struct imc_graph *g = l->m->g;
	struct imc_map *map = &l->m->map;

	imc_assign_grow(l->m);
	for (size_t i = 0; i < g->n_order; i++) {
		const struct imc_node *n = imc_node_at(g, g->order[i]);

		map->assign[g->order[i].i] =
			imc_map_is_matrix(g, n)
				? on_arrays(l, n)
				: imc_map_plain(l->m, IMC_ENGINE_CORES);
	}
	l->m->facts |= 1u << IMC_FACT_ASSIGNED;
}

void lab_set_bits(struct lab *l, int layer, int weight_bits, int act_bits)
{
	const struct imc_graph *g = l->m->g;

	for (size_t i = 0; i < g->n_order; i++) {
		struct imc_assign *as = &l->m->map.assign[g->order[i].i];

		if (as->engine != IMC_ENGINE_CROSSBAR || layer-- > 0)
			continue;
		as->weight_bits = as->slices = weight_bits;
		as->act_bits = act_bits;
		return;
	}
}

bool lab_run(struct lab *l, bool fails)
{
	struct imc_pass_run how = {.calib = &l->calib, .verify = true};
	bool ok = lab_calibrate(l);

	CHECK(ok || fails, "%s: stage 1 and calibration", l->name);
	if (ok) {
		if (l->assign)
			l->assign(l);
		ok = imc_passes_run(l->m, &how);
		CHECK(ok != fails, "%s", l->name);
	}
	if (ok == fails)
		show_messages(l);
	return ok;
}

/* graph = map = plan on one sample, every output. */
static void check_levels(const struct lab *l, size_t s)
{
	const struct imc_graph *g = l->m->g;
	struct imc_images img = imc_map_images(g, &l->m->map, l->a);
	struct imc_map_eval me = {.g = g, .m = &l->m->map, .img = &img};
	struct imc_eval_how how = {.compute = imc_map_compute, .cx = &me};
	struct imc_tensor *real = sample(l, s);
	struct imc_tensor *in = imc_arena_array(l->a, g->n_input, sizeof *in);
	struct imc_tensor *out[3];

	for (int i = 0; i < 3; i++)
		out[i] = imc_arena_array(l->a, g->n_output, sizeof *out[i]);
	for (size_t k = 0; k < g->n_input; k++)
		imc_real_to_device(g, g->input[k], real[k].data, &in[k], l->a);
	imc_eval_graph(g, in, out[0], NULL, l->a);
	imc_eval_graph(g, in, out[1], &how, l->a);
	imc_eval_plan(&me, &l->m->plan, in, out[2], l->a);
	for (size_t k = 0; k < g->n_output; k++)
		for (int i = 1; i < 3; i++)
			CHECK(!memcmp(out[0][k].data, out[i][k].data,
				      imc_tensor_bytes(&out[0][k])),
			      "%s: %s differs, output %zu", l->name,
			      i == 1 ? "map" : "plan", k);
}

void lab_check(struct lab *l, double most, double mean)
{
	double worst = 0, sum = 0, step;
	int64_t n = 0;

	if (!lab_run(l, false))
		return;
	step = (double)imc_value_at(l->m->g, l->m->g->output[0])->scale;
	for (size_t s = 0; s < N_SAMPLE; s++) {
		struct imc_tensor is = output_of(l, s);
		const float *x = is.data;

		for (int64_t i = 0; i < imc_tensor_count(&is); i++, n++) {
			double d = fabs((double)x[i] - (double)l->want[s][i]);

			worst = fmax(worst, d / step);
			sum += d / step;
		}
		check_levels(l, s);
	}
	CHECK(worst <= most && sum <= mean * (double)n,
	      "%s: %g steps at most, %g on average", l->name, worst,
	      sum / (double)n);
}

static size_t index_of(const struct lab *l, enum imc_op op)
{
	const struct imc_graph *g = l->m->g;

	for (size_t i = 0; i < g->n_order; i++)
		if (imc_node_at(g, g->order[i])->op == op)
			return g->order[i].i;
	return SIZE_MAX;
}

struct imc_node *lab_node(struct lab *l, enum imc_op op)
{
	size_t i = index_of(l, op);

	return i == SIZE_MAX ? NULL : &l->m->g->node[i];
}

struct imc_assign *lab_assign(struct lab *l, enum imc_op op)
{
	size_t i = index_of(l, op);

	return i == SIZE_MAX ? NULL : &l->m->map.assign[i];
}

bool lab_said(const struct lab *l, enum imc_diag_id id)
{
	for (size_t i = 0; i < l->d.n; i++)
		if (l->d.v[i].id == id)
			return true;
	return false;
}

int lab_result(void)
{
	return check_result();
}
