#include <stdlib.h>
#include <string.h>

#include "frontend/cli/ask_robust.h"
#include "frontend/cli/driver.h"
#include "frontend/data/data.h"
#include "passes/pass.h"

#ifdef NDEBUG
static const bool always_verify = false;
#else
static const bool always_verify = true;
#endif

static bool read_list(const struct cli_options *o, enum cli_option id,
		      double v[4], int *n)
{
	const char *text = cli_text(o, id, NULL);

	if (!text)
		return true;
	*n = imc_parse_floats(text, v);
	return *n > 0 || cli_bad_value(o, id, "1 to 4 numbers: A,B,C");
}

static bool read_pre(const struct cli_options *o, struct imc_preprocess *p)
{
	p->given = cli_given(o, CLI_OPT_MEAN) || cli_given(o, CLI_OPT_STD) ||
		   cli_given(o, CLI_OPT_SCALE);
	if (!read_list(o, CLI_OPT_MEAN, p->mean, &p->n_mean) ||
	    !read_list(o, CLI_OPT_STD, p->std, &p->n_std) ||
	    !cli_number(o, CLI_OPT_SCALE, 1e-30, 1e30, &p->scale))
		return false;
	for (int i = 0; i < p->n_std; i++)
		if (!(p->std[i] > 0))
			return cli_bad_value(o, CLI_OPT_STD, "numbers above 0");
	return true;
}

/* A pass by name; NULL is fine where none was named. */
static bool check_pass(const struct cli_options *o, enum cli_option id,
		       const char *name)
{
	struct imc_arena *a = o->arena;
	const char **names = imc_arena_array(a, imc_n_pass, sizeof *names);
	const char *nearest;

	if (!name || imc_pass_by_name(name))
		return true;
	for (size_t i = 0; i < imc_n_pass; i++)
		names[i] = imc_passes[i].name;
	nearest = imc_nearest(name, names, imc_n_pass);
	if (nearest)
		return cli_bad_value(
			o, id,
			imc_arena_printf(a, "a pass, such as '%s'", nearest));
	return cli_bad_value(o, id, "a pass; 'imcc passes' lists them");
}

static bool check_passes(const struct cli_options *o)
{
	const struct cli_values *dump = &o->value[CLI_OPT_DUMP];

	for (size_t i = 0; i < dump->n; i++)
		if (strcmp(dump->v[i], "all") != 0 &&
		    !check_pass(o, CLI_OPT_DUMP, dump->v[i]))
			return false;
	return check_pass(o, CLI_OPT_STOP_AFTER,
			  cli_text(o, CLI_OPT_STOP_AFTER, NULL));
}

bool cli_check_target(const struct cli_options *o)
{
	const char *path = o->operand.v[0];
	size_t n = strlen(path);
	bool module = n >= 4 && !strcmp(path + n - 4, ".imc");

	if (module && cli_given(o, CLI_OPT_TARGET))
		return cli_bad_value(o, CLI_OPT_TARGET,
				     "none: a module has its own");
	return module || cli_given(o, CLI_OPT_TARGET) ||
	       imc_diag(o->d, IMC_NOWHERE, IMC_D_USAGE_NEEDS, "-t TARGET");
}

bool cli_check_sets(const struct cli_options *o)
{
	const struct cli_values *set = &o->value[CLI_OPT_SET];

	for (size_t i = 0; i < set->n; i++)
		if (!strchr(set->v[i], '='))
			return imc_diag(o->d, IMC_NOWHERE,
					IMC_D_USAGE_BAD_VALUE, "set", set->v[i],
					"KEY=VALUE");
	return true;
}

static bool read_mapping(const struct cli_options *o, struct imc_options *opt)
{
	int64_t copies = 0, dw_job = 0;
	int overlap = 0;

	opt->slack = 10;
	if (!cli_number(o, CLI_OPT_SLACK, 0, 1000, &opt->slack) ||
	    !cli_word(o, CLI_OPT_SOLVER, &opt->solver) ||
	    !cli_word(o, CLI_OPT_OBJECTIVE, &opt->objective) ||
	    !cli_word(o, CLI_OPT_TILING, &opt->tiling) ||
	    !cli_word(o, CLI_OPT_OVERLAP, &overlap) ||
	    !cli_word(o, CLI_OPT_CONV_ENGINE, &opt->conv_engine) ||
	    !cli_word(o, CLI_OPT_DW_ENGINE, &opt->dw_engine) ||
	    !cli_int(o, CLI_OPT_COPIES, 1, 65536, &copies) ||
	    !cli_int(o, CLI_OPT_DW_JOB, 1, 65536, &dw_job))
		return false;
	opt->max_copies = (int)copies;
	opt->dw_job = (int)dw_job;
	opt->no_overlap = overlap == 1;
	return true;
}

/* Bits and copies on machines whose tiles have arrays of their own. */
static bool read_choice(const struct cli_options *o, struct imc_options *opt)
{
	int64_t act_bits = 0, replicas = 0, trials = 0;

	if (!cli_int(o, CLI_OPT_ACT_BITS, 2, 8, &act_bits) ||
	    !cli_int(o, CLI_OPT_REPLICAS, 1, 65536, &replicas) ||
	    !cli_int(o, CLI_OPT_TRIALS, 1, 1000, &trials) ||
	    !cli_number(o, CLI_OPT_BUDGET_BITS, 2, 8, &opt->budget_bits) ||
	    !cli_number(o, CLI_OPT_MAX_DROP, 0, 100, &opt->max_drop) ||
	    !cli_word(o, CLI_OPT_ERRORS, &opt->error_model) ||
	    !cli_word(o, CLI_OPT_SEARCH, &opt->search) ||
	    !cli_number(o, CLI_OPT_SOLVER_TIME, 0.001, 1e6,
			&opt->solver_time) ||
	    !cli_number(o, CLI_OPT_MIN_THROUGHPUT, 1e-6, 1e12,
			&opt->min_throughput))
		return false;
	opt->act_bits = (int)act_bits;
	opt->max_replicas = (int)replicas;
	opt->max_trials = (int)trials;
	opt->has_drop = cli_given(o, CLI_OPT_MAX_DROP);
	return true;
}

static bool read_judge(const struct cli_options *o, struct cli_settings *s)
{
	if (cli_given(o, CLI_OPT_LABELS) && !cli_given(o, CLI_OPT_DATA))
		return imc_diag(o->d, IMC_NOWHERE, IMC_D_USAGE_NEEDS,
				"--data=X.npy");
	return cli_int(o, CLI_OPT_LIMIT, 0, INT32_MAX, &s->limit) &&
	       cli_int(o, CLI_OPT_SKIP, 0, INT32_MAX, &s->skip) &&
	       cli_int(o, CLI_OPT_LABEL_OFFSET, -1000000, 1000000,
		       &s->label_offset);
}

/* ADCs that scale their codes to activations read no sum as it is. */
static bool read_cells(const struct cli_options *o, struct imc_options *opt)
{
	const char *text = cli_text(o, CLI_OPT_COLUMN_CELLS, NULL);
	char *end;
	long cells;

	if (!text)
		return true;
	if (!opt->post)
		opt->post = 1;
	if (!strcmp(text, "auto")) {
		opt->column_cells = -1;
		return true;
	}
	cells = strtol(text, &end, 10);
	if (end == text || *end || cells < 1 || cells > 65536)
		return cli_bad_value(o, CLI_OPT_COLUMN_CELLS,
				     "auto, or an integer of 1 to 65536");
	opt->column_cells = (int)cells;
	return true;
}

static bool read_options(const struct cli_options *o, struct imc_options *opt)
{
	int64_t bits = 0, seed = 1;
	int correction = 0;

	opt->percentile = 99.999;
	opt->calib_method = cli_given(o, CLI_OPT_PERCENTILE) ? 0 : 2;
	if (!cli_int(o, CLI_OPT_WEIGHT_BITS, 2, 8, &bits) ||
	    !cli_int(o, CLI_OPT_SEED, 0, INT64_MAX, &seed) ||
	    !cli_word(o, CLI_OPT_EQUALISE, &opt->equalise) ||
	    !cli_word(o, CLI_OPT_CALIB_METHOD, &opt->calib_method) ||
	    !cli_number(o, CLI_OPT_PERCENTILE, 50, 100, &opt->percentile) ||
	    !cli_number(o, CLI_OPT_RESIDUAL, 0, 100, &opt->residual) ||
	    !cli_word(o, CLI_OPT_POST, &opt->post) || !read_cells(o, opt) ||
	    !cli_word(o, CLI_OPT_ROUNDING, &opt->rounding) ||
	    !cli_word(o, CLI_OPT_BIAS_CORRECTION, &correction) ||
	    !read_mapping(o, opt) || !read_choice(o, opt))
		return false;
	opt->weight_bits = (int)bits;
	opt->no_bias_correction = correction == 1;
	opt->seed = (uint64_t)seed;
	opt->spill = cli_given(o, CLI_OPT_SPILL);
	opt->timings = cli_given(o, CLI_OPT_TIMINGS);
	return true;
}

bool cli_settings_read(const struct cli_options *o, struct cli_ui *ui,
		       struct cli_settings *out)
{
	*out = (struct cli_settings){.o = o, .ui = ui};
	out->target = cli_text(o, CLI_OPT_TARGET, NULL);
	out->verify = always_verify || cli_given(o, CLI_OPT_VERIFY);
	return read_options(o, &out->opt) && read_pre(o, &out->pre) &&
	       read_judge(o, out) && cli_robust_usage(o, &out->robust) &&
	       cli_int(o, CLI_OPT_CALIB_LIMIT, 1, INT32_MAX,
		       &out->calib_limit) &&
	       check_passes(o) && cli_check_sets(o);
}
