#include "frontend/cli/driver.h"

#include <sha256.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "frontend/cli/ask_robust.h"
#include "frontend/data/data.h"
#include "ir/op.h"
#include "ir/support/checked.h"
#include "ir/text.h"
#include "passes/2-quant/choose_bits.h"
#include "passes/2-quant/given_numbers.h"
#include "passes/pass.h"

/* Synthetic samples, and the elements they may have in all. */
#define N_SYNTHETIC 32
#define MOST_SYNTHETIC (INT64_C(1) << 26)

/* Samples of the evaluation data that set the ranges without --calib. */
#define N_FROM_DATA 50

const char *cli_sha256(const void *bytes, size_t size, struct imc_arena *a)
{
	char hex[SHA256_DIGEST_STRING_LENGTH];

	SHA256_Data(bytes, size, hex);
	return imc_arena_strdup(a, hex);
}

/* Path without its last part: "a/b" of "a/b/c.onnx"; NULL: it has one part. */
static const char *folder_of(const char *path, struct imc_arena *a)
{
	const char *slash = strrchr(path, '/');

	while (slash && slash > path && slash[-1] == '/')
		slash--;
	return slash ? imc_arena_strndup(a, path, (size_t)(slash - path))
		     : NULL;
}

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* "nets/resnet8.onnx" and "resnet8/model.onnx" -> "resnet8" */
static const char *name_of(const char *path, struct imc_arena *a)
{
	const char *base = last_part(path), *dot = strrchr(base, '.');
	const char *folder = folder_of(path, a);
	const char *above = folder ? last_part(folder) : "";
	size_t n = dot && dot != base ? (size_t)(dot - base) : strlen(base);

	if (!strcmp(base, "model.onnx") && *above && strcmp(above, ".") != 0 &&
	    strcmp(above, "..") != 0)
		return imc_arena_strdup(a, above);
	return n ? imc_arena_strndup(a, base, n) : "network";
}

static bool ends_with(const char *s, const char *end)
{
	size_t n = strlen(s), m = strlen(end);

	return n >= m && !strcmp(s + n - m, end);
}

/* Moves the text of info to an arena that outlives a module that failed. */
static void keep_info(struct imc_onnx_info *info, struct imc_arena *a)
{
	const char **domain =
		imc_arena_array(a, info->n_domain + 1, sizeof *domain);

	info->producer = imc_arena_strdup(a, info->producer);
	info->producer_version = imc_arena_strdup(a, info->producer_version);
	info->graph_name = imc_arena_strdup(a, info->graph_name);
	for (size_t i = 0; i < info->n_domain; i++)
		domain[i] = imc_arena_strdup(a, info->domain[i]);
	info->domain = domain;
}

struct imc_module *cli_module_import(const char *path, struct imc_diags *d,
				     struct imc_onnx_info *info)
{
	struct imc_arena *file = imc_arena_new();
	struct imc_module *m = imc_module_new(d);
	size_t size = 0;
	const void *bytes = imc_file_read(path, file, d, &size);

	if (bytes) {
		m->model_path = imc_arena_strdup(m->arena, path);
		m->model_name = name_of(path, m->arena);
		m->model_sha256 = cli_sha256(bytes, size, m->arena);
		m->g = imc_onnx_read_bytes(m->model_path, bytes, size, m->arena,
					   d, info);
	}
	imc_arena_free(file);
	if (m->g)
		return m;
	if (info && info->n_node)
		keep_info(info, d->arena);
	imc_module_free(m);
	return NULL;
}

struct imc_module *cli_module_parse(const char *path, struct imc_diags *d)
{
	struct imc_arena *file = imc_arena_new();
	struct imc_module *m = NULL;
	size_t size = 0, blob_size = 0;
	const char *blob_path =
		imc_arena_printf(file, "%.*s.bin", (int)strlen(path) - 4, path);
	const void *text = imc_file_read(path, file, d, &size), *blob = NULL;
	bool ok = text != NULL;

	if (ok && !access(blob_path, F_OK)) {
		blob = imc_file_read(blob_path, file, d, &blob_size);
		ok = blob != NULL;
	}
	if (ok)
		m = imc_text_parse(path, text, size, blob, blob_size,
				   &imc_hw_text, d);
	/* written by hand, or before there was that pass */
	if (m && imc_module_has(m, IMC_FACT_RANGED))
		m->facts |= 1u << IMC_FACT_EQUALISED;
	imc_arena_free(file);
	return m;
}

bool cli_set_arrays(struct imc_hw *hw, const char *arrays, struct imc_loc loc,
		    struct imc_diags *d)
{
	bool all = hw->ima_active_arrays >= hw->ima_arrays;
	int64_t each = imc_max_i64(1, hw->ima_arrays);

	if (!imc_hw_set(hw, "ima.arrays", arrays, loc, d))
		return false;
	if (imc_hw_is_spatial(hw) && hw->chip_clusters > 1) {
		hw->chip_clusters = imc_max_i64(1, hw->ima_arrays / each);
		hw->ima_arrays = each;
	}
	if (imc_hw_is_spatial(hw) && all)
		hw->ima_active_arrays = hw->ima_arrays;
	hw->ima_active_arrays = imc_max_i64(
		1, imc_min_i64(hw->ima_active_arrays, hw->ima_arrays));
	return true;
}

bool cli_set_keys(const struct cli_options *o, struct imc_hw *hw)
{
	const struct cli_values *set = &o->value[CLI_OPT_SET];
	const char *arrays = cli_text(o, CLI_OPT_ARRAYS, NULL);
	struct imc_loc loc = IMC_IN_FILE("--set");

	for (size_t i = 0; i < set->n; i++) {
		const char *equals = strchr(set->v[i], '=');
		const char *key = imc_arena_strndup(
			o->arena, set->v[i], (size_t)(equals - set->v[i]));

		if (!imc_hw_set(hw, key, equals + 1, loc, o->d))
			return false;
	}
	if (arrays && o->command != CLI_EXPLORE &&
	    !cli_set_arrays(hw, arrays, IMC_IN_FILE("--arrays"), o->d))
		return false;
	return imc_hw_check(hw, set->n ? loc : IMC_IN_FILE(hw->source), o->d);
}

/* Options that say nothing to other machines than spatial ones. */
static bool check_spatial(const struct cli_options *o, const struct imc_hw *hw)
{
	static const enum cli_option only[] = {
		CLI_OPT_ACT_BITS, CLI_OPT_BUDGET_BITS, CLI_OPT_ERRORS,
		CLI_OPT_REPLICAS, CLI_OPT_SOLVER_TIME, CLI_OPT_MIN_THROUGHPUT,
		CLI_OPT_SEARCH,
	};
	static const enum cli_option measured[] = {
		CLI_OPT_MAX_DROP, CLI_OPT_DROP, CLI_OPT_TRIALS};
	bool any = imc_hw_is_spatial(hw) || imc_variants_can(hw);

	for (size_t i = 0; i < sizeof measured / sizeof *measured; i++)
		if (cli_given(o, measured[i]) && !any)
			return imc_diag(o->d, IMC_NOWHERE, IMC_D_NO_ERRORS,
					cli_option_name(measured[i]), hw->name);
	for (size_t i = 0; i < sizeof only / sizeof *only; i++)
		if (cli_given(o, only[i]) && !imc_hw_is_spatial(hw))
			return imc_diag(o->d, IMC_NOWHERE, IMC_D_ONLY_SPATIAL,
					cli_option_name(only[i]), hw->name);
	return cli_robust_check(o, hw);
}

static struct imc_module *checked(struct imc_module *m,
				  const struct cli_settings *s)
{
	if (m && cli_set_keys(s->o, m->hw) && check_spatial(s->o, m->hw))
		return m;
	imc_module_free(m);
	return NULL;
}

#define MEMBER(field)                                                          \
	offsetof(struct imc_options, field),                                   \
		sizeof(((struct imc_options *)0)->field)

/* Options that a dumped module can no longer be told once a fact is settled,
 * and the member of imc_options that they set, if any. */
static const struct {
	enum cli_option option;
	enum imc_fact settled;
	size_t offset, size;
} late[] = {
	{CLI_OPT_SET, IMC_FACT_ASSIGNED, 0, 0},
	{CLI_OPT_ARRAYS, IMC_FACT_ASSIGNED, 0, 0},
	{CLI_OPT_WEIGHT_BITS, IMC_FACT_ASSIGNED, MEMBER(weight_bits)},
	{CLI_OPT_POST, IMC_FACT_ASSIGNED, MEMBER(post)},
	{CLI_OPT_RESIDUAL, IMC_FACT_ASSIGNED, MEMBER(residual)},
	{CLI_OPT_COLUMN_CELLS, IMC_FACT_ASSIGNED, MEMBER(column_cells)},
	{CLI_OPT_COLUMN_CELLS, IMC_FACT_ASSIGNED, MEMBER(post)},
	{CLI_OPT_SPILL, IMC_FACT_ASSIGNED, MEMBER(spill)},
	{CLI_OPT_OBJECTIVE, IMC_FACT_ASSIGNED, MEMBER(objective)},
	{CLI_OPT_SLACK, IMC_FACT_ASSIGNED, MEMBER(slack)},
	{CLI_OPT_COPIES, IMC_FACT_ASSIGNED, MEMBER(max_copies)},
	{CLI_OPT_TILING, IMC_FACT_ASSIGNED, MEMBER(tiling)},
	{CLI_OPT_OVERLAP, IMC_FACT_ASSIGNED, MEMBER(no_overlap)},
	{CLI_OPT_CONV_ENGINE, IMC_FACT_ASSIGNED, MEMBER(conv_engine)},
	{CLI_OPT_DW_ENGINE, IMC_FACT_ASSIGNED, MEMBER(dw_engine)},
	{CLI_OPT_DW_JOB, IMC_FACT_ASSIGNED, MEMBER(dw_job)},
	{CLI_OPT_EQUALISE, IMC_FACT_EQUALISED, MEMBER(equalise)},
	{CLI_OPT_CALIB_METHOD, IMC_FACT_RANGED, MEMBER(calib_method)},
	{CLI_OPT_PERCENTILE, IMC_FACT_RANGED, MEMBER(percentile)},
	{CLI_OPT_ACT_BITS, IMC_FACT_ASSIGNED, MEMBER(act_bits)},
	{CLI_OPT_BUDGET_BITS, IMC_FACT_ASSIGNED, MEMBER(budget_bits)},
	{CLI_OPT_ROBUST, IMC_FACT_ASSIGNED, 0, 0},
	{CLI_OPT_MAX_DROP, IMC_FACT_ASSIGNED, MEMBER(has_drop)},
	{CLI_OPT_MAX_DROP, IMC_FACT_ASSIGNED, MEMBER(max_drop)},
	{CLI_OPT_TRIALS, IMC_FACT_ASSIGNED, MEMBER(max_trials)},
	{CLI_OPT_SEARCH, IMC_FACT_ASSIGNED, MEMBER(search)},
	{CLI_OPT_REPLICAS, IMC_FACT_ASSIGNED, MEMBER(max_replicas)},
	{CLI_OPT_MIN_THROUGHPUT, IMC_FACT_ASSIGNED, MEMBER(min_throughput)},
	{CLI_OPT_SOLVER_TIME, IMC_FACT_ASSIGNED, MEMBER(solver_time)},
	{CLI_OPT_ERRORS, IMC_FACT_MEASURED, MEMBER(error_model)},
	{CLI_OPT_ROUNDING, IMC_FACT_ROUNDED, MEMBER(rounding)},
	{CLI_OPT_BIAS_CORRECTION, IMC_FACT_ROUNDED, MEMBER(no_bias_correction)},
	{CLI_OPT_SOLVER, IMC_FACT_PLACED, MEMBER(solver)},
};
#undef MEMBER

static bool check_late(const struct imc_module *m, const struct cli_settings *s,
		       const char *path)
{
	for (size_t i = 0; i < sizeof late / sizeof *late; i++)
		if (cli_given(s->o, late[i].option) &&
		    imc_module_has(m, late[i].settled))
			return imc_diag(s->o->d, IMC_IN_FILE(path),
					IMC_D_OPTION_LATE,
					cli_option_name(late[i].option));
	return true;
}

/* What was given takes the place of what the dump says. */
static void take_options(struct imc_module *m, const struct cli_settings *s)
{
	m->opt.timings = s->opt.timings;
	for (size_t i = 0; i < sizeof late / sizeof *late; i++)
		if (cli_given(s->o, late[i].option) && late[i].size)
			memcpy((char *)&m->opt + late[i].offset,
			       (const char *)&s->opt + late[i].offset,
			       late[i].size);
	if (s->robust.model)
		m->robust = s->robust;
}

/* A dump that was made without a wish for bits, or for --search=rl, knows no
 * errors of them. */
static void measure_again(struct imc_module *m, const struct cli_settings *s)
{
	bool early = !imc_module_has(m, IMC_FACT_ASSIGNED);

	if (early && s->robust.model) {
		m->n_error = 0; /* those were of other noise, or none */
		m->facts &= ~(1u << IMC_FACT_MEASURED);
	}
	if (m->n_error == 0 && early &&
	    (cli_given(s->o, CLI_OPT_BUDGET_BITS) ||
	     cli_given(s->o, CLI_OPT_MAX_DROP) ||
	     cli_given(s->o, CLI_OPT_DROP) || cli_given(s->o, CLI_OPT_SEARCH)))
		m->facts &= ~(1u << IMC_FACT_MEASURED);
}

/* A text that was written by hand is checked as a pass would be: what follows
 * relies on it. */
static struct imc_module *open_text(const struct cli_settings *s,
				    const char *path)
{
	struct imc_module *m = cli_module_parse(path, s->o->d);

	if (!m || !imc_module_verify(m))
		goto fault;
	measure_again(m, s);
	if (!check_late(m, s, path))
		goto fault;
	take_options(m, s);
	if (!m->hw) /* no line is about it: all keys have their defaults */
		m->hw = imc_hw_text.make(m->arena);
	return checked(m, s);
fault:
	imc_module_free(m);
	return NULL;
}

struct imc_module *cli_module_open(const struct cli_settings *s,
				   const char *path)
{
	const char *target = s->target ? s->target : "garofalo-34";
	struct imc_arena *a = s->o->arena;
	struct imc_module *m;
	struct imc_hw *hw;

	if (ends_with(path, ".imc"))
		return open_text(s, path);
	hw = imc_hw_load(target, a, s->o->d);
	if (!hw || !cli_set_keys(s->o, hw) || !check_spatial(s->o, hw))
		return NULL;
	m = cli_module_import(path, s->o->d, NULL);
	if (!m)
		return NULL;
	m->hw = imc_hw_load(target, m->arena, s->o->d);
	m->opt = s->opt;
	m->robust = s->robust;
	return checked(m, s);
}

/* Bits of layers are to be chosen. */
static bool chooses_bits(const struct imc_module *m)
{
	return m->opt.budget_bits > 0 || m->opt.has_drop || m->robust.model;
}

bool cli_is_quantised(const struct imc_graph *g)
{
	for (size_t i = 0; i < g->n_order; i++)
		if (imc_op_info(imc_node_at(g, g->order[i])->op)->eval ==
		    imc_eval_quantize)
			return true;
	return false;
}

/* Ranges come from the model file. */
static bool knows_ranges(const struct imc_module *m)
{
	return imc_module_has(m, IMC_FACT_NHWC) && imc_all_given(m->g);
}

static bool is_no_crossbar(int engine)
{
	return engine && engine != IMC_ENGINE_CROSSBAR;
}

/* An ADC may be between a sum and its code. */
static bool may_have_adc(const struct imc_module *m)
{
	return !imc_hw_sums_exact(m->hw) &&
	       !(is_no_crossbar(m->opt.conv_engine) &&
		 is_no_crossbar(m->opt.dw_engine));
}

/* Weights are still to be rounded by what layers read; those that are given,
 * only if that is asked for or an ADC is there, too. */
static bool may_round(const struct imc_module *m)
{
	if (m->opt.rounding == 2 || imc_module_has(m, IMC_FACT_QUANTISED))
		return false;
	return m->opt.rounding == 1 || !knows_ranges(m) || may_have_adc(m);
}

/* True if a pass that will still run looks at the calibration set. */
static bool needs_calib(const struct imc_module *m, const char *stop_after)
{
	uint32_t facts = 1u << IMC_FACT_EQUALISED | 1u << IMC_FACT_RANGED |
			 1u << IMC_FACT_FITTED;

	if (knows_ranges(m))
		facts = may_have_adc(m) ? 1u << IMC_FACT_FITTED : 0;
	if (chooses_bits(m) && !m->opt.error_model)
		facts |= 1u << IMC_FACT_MEASURED;
	if (may_round(m))
		facts |= 1u << IMC_FACT_ROUNDED;
	if (m->opt.has_drop || m->robust.model)
		facts |= 1u << IMC_FACT_ASSIGNED;
	for (size_t i = 0; i < imc_n_pass; i++) {
		if (imc_passes[i].makes & facts & ~m->facts)
			return true;
		if (stop_after && !strcmp(imc_passes[i].name, stop_after))
			return false;
	}
	return false;
}

/* Preprocessing that goes into the bundle although no integer data was seen. */
static bool settle_pre(struct imc_module *m, const struct cli_settings *s)
{
	struct imc_tensor in = imc_data_input(m->g);

	if (m->pre.given && m->pre.scale == 0)
		return imc_pre_settle(&m->pre, true,
				      in.rank >= 3 ? in.dim[1] : 1, "--mean",
				      s->o->d);
	if (m->pre.scale == 0)
		m->pre.scale = 1;
	return true;
}

/* N_SYNTHETIC, or fewer if the user says so or the inputs are very large. */
static int64_t n_synthetic(const struct imc_graph *g, int64_t limit)
{
	int64_t n = 1,
		most = limit ? imc_min_i64(limit, N_SYNTHETIC) : N_SYNTHETIC;

	for (size_t k = 0; k < g->n_input; k++)
		n += imc_tensor_count(&imc_value_at(g, g->input[k])->t);
	return imc_max_i64(1, imc_min_i64(most, MOST_SYNTHETIC / n));
}

static bool read_samples(struct imc_module *m, const struct cli_settings *s,
			 struct imc_arena *a, struct imc_samples *out)
{
	const char *calib = cli_text(s->o, CLI_OPT_CALIB, NULL);
	const char *data = cli_text(s->o, CLI_OPT_DATA, NULL);
	int64_t limit = s->calib_limit;

	if (!calib && data) { /* better than ranges of noise */
		imc_diag(s->o->d, IMC_NOWHERE, IMC_D_CALIB_FROM_DATA,
			 N_FROM_DATA);
		calib = data;
		limit = N_FROM_DATA;
	}
	if (calib)
		return imc_data_samples(calib, m->g, imc_onnx_read_tensor,
					&m->pre, limit, a, s->o->d, out);
	imc_diag(s->o->d, IMC_NOWHERE, IMC_D_CALIB_SYNTHETIC);
	if (m->opt.has_drop && !imc_module_has(m, IMC_FACT_ASSIGNED))
		imc_diag(s->o->d, IMC_NOWHERE, IMC_D_DROP_SYNTHETIC);
	*out = imc_samples_make(m->g, n_synthetic(m->g, s->calib_limit),
				s->opt.seed, a);
	return true;
}

/* What a dumped module knew of its data holds until something else is said. */
static bool find_samples(struct imc_module *m, const struct cli_settings *s,
			 struct imc_arena *a, struct imc_samples *out)
{
	struct imc_preprocess had = m->pre;

	if (s->pre.given)
		m->pre = s->pre;
	else
		m->pre.given = false;
	if (!read_samples(m, s, a, out))
		return false;
	if (!m->pre.given)
		m->pre = had;
	return settle_pre(m, s);
}

/* Of a network that needs no samples. */
static bool take_pre(struct imc_module *m, const struct cli_settings *s)
{
	if (!knows_ranges(m) || imc_module_has(m, IMC_FACT_RANGED))
		return true;
	if (s->pre.given)
		m->pre = s->pre;
	return settle_pre(m, s);
}

/* What the pass manager's callbacks get. */
struct running {
	const struct cli_settings *s;
	const struct cli_run *how;
	bool dumped; /* false: a dump could not be written */
};

static void progress(void *p, const char *what, int64_t done, int64_t total)
{
	struct running *r = p;

	cli_ui_progress(r->s->ui, what, done, total);
}

/* Children of a sweep tell nothing. */
static void tried(void *p, const struct imc_module *m)
{
	struct running *r = p;

	if (r->s->o->command != CLI_EXPLORE)
		cli_print_trial(m, r->s->ui);
}

static void after_pass(void *p, const struct imc_pass *pass, int ordinal,
		       const struct imc_module *m)
{
	struct running *r = p;
	const struct imc_pass_time *t = &m->pass[m->n_pass - 1];
	bool last =
		r->how->stop_after && !strcmp(r->how->stop_after, pass->name);

	cli_ui_clear(r->s->ui);
	cli_ui_lap(r->s->ui);
	if (r->s->ui->verbose)
		fprintf(stderr, "%02d %-15s %9.1f ms %8lld changes\n", ordinal,
			pass->name, t->ms, (long long)t->n_changed);
	if (r->how->dump_dir && r->dumped &&
	    (last || cli_dump_wanted(r->s->o, pass->name)))
		r->dumped = cli_dump_write(r->how->dump_dir, ordinal,
					   pass->name, m);
}

/* The data of eval are what the outcome is judged by, so not the choice. */
static bool needs_judge(const struct imc_module *m,
			const struct cli_settings *s)
{
	return (m->opt.has_drop || m->robust.model) &&
	       !imc_module_has(m, IMC_FACT_ASSIGNED) &&
	       cli_given(s->o, CLI_OPT_DATA) && s->o->command != CLI_EVAL;
}

static bool may_search(const struct imc_module *m)
{
	return imc_module_has(m, IMC_FACT_ASSIGNED) || imc_search_check(m);
}

/* Stage 1 of a network that others quantised shows whether it needs samples. */
static bool run_first(struct imc_module *m, struct imc_pass_run run)
{
	const struct imc_pass *last =
		run.stop_after ? imc_pass_by_name(run.stop_after) : NULL;

	if (!cli_is_quantised(m->g) ||
	    (last && !strcmp(last->stage, "1-graph")))
		return true;
	run.stop_after = "to_nhwc";
	return imc_passes_run(m, &run);
}

bool cli_module_run(struct imc_module *m, const struct cli_settings *s,
		    const struct cli_run *how)
{
	struct running r = {.s = s, .how = how, .dumped = true};
	struct imc_arena *a = imc_arena_new();
	struct imc_samples calib = {0};
	struct imc_judge judge = {0};
	struct imc_pass_run run = {
		.calib = &calib,
		.stop_after = how->stop_after,
		.verify = s->verify,
		.after = after_pass,
		.progress = progress,
		.tried = tried,
		.ui = &r,
	};
	bool ok = may_search(m) && cli_robust_open(s->o, m, &run.noise) &&
		  run_first(m, run) && r.dumped;

	if (ok && needs_calib(m, how->stop_after))
		ok = find_samples(m, s, a, &calib);
	else
		ok = ok && take_pre(m, s);
	if (ok && needs_judge(m, s)) {
		ok = cli_judge_read(m, s, a, &judge);
		run.judge = &judge;
	}
	ok = ok && imc_passes_run(m, &run) && r.dumped;
	cli_ui_clear(s->ui);
	imc_arena_free(a);
	return ok;
}
