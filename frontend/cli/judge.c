/* What networks are measured by while bits are chosen. */
#include <stdio.h>

#include "frontend/cli/driver.h"
#include "frontend/data/data.h"

bool cli_labels_read(const struct cli_settings *s, int64_t n_sample,
		     struct imc_arena *a, int64_t **out)
{
	const char *path = cli_text(s->o, CLI_OPT_LABELS, NULL);
	int64_t n = 0;

	*out = NULL;
	if (!path)
		return true;
	if (!imc_data_labels(path, imc_onnx_read_tensor, a, s->o->d, &n, out))
		return false;
	return n == n_sample || (s->limit && n > n_sample) ||
	       imc_diag(s->o->d, IMC_IN_FILE(path), IMC_D_LABEL_COUNT,
			(long long)n, (long long)n_sample);
}

bool cli_judge_read(const struct imc_module *m, const struct cli_settings *s,
		    struct imc_arena *a, struct imc_judge *out)
{
	const char *path = cli_text(s->o, CLI_OPT_DATA, "");
	struct imc_samples *x = imc_arena_alloc(a, sizeof *x);
	struct imc_preprocess pre = s->pre;
	int64_t most = s->limit ? s->skip + s->limit : 0;
	int64_t *labels;

	if (!pre.given) {
		pre = m->pre;
		pre.given = false;
	}
	if (!imc_data_samples(path, m->g, imc_onnx_read_tensor, &pre, most, a,
			      s->o->d, x) ||
	    !cli_labels_read(s, x->n, a, &labels))
		return false;
	*out = (struct imc_judge){.samples = x,
				  .first = s->skip,
				  .n = x->n - s->skip,
				  .labels = labels,
				  .label_offset = s->label_offset};
	return out->n > 0 ||
	       imc_diag(s->o->d, IMC_IN_FILE(path), IMC_D_SKIP_ALL,
			(long long)s->skip, (long long)x->n);
}

/* The objective's value with its unit. */
static void print_value(const struct imc_module *m, double v)
{
	switch ((enum imc_objective)m->opt.objective) {
	case IMC_OBJECTIVE_LATENCY:
		fprintf(stderr, "latency %.4g ms", v * 1e-6);
		break;
	case IMC_OBJECTIVE_THROUGHPUT:
		fprintf(stderr, "%.4g images/s", v > 0 ? 1e9 / v : 0);
		break;
	case IMC_OBJECTIVE_ENERGY:
		fprintf(stderr, "energy %.4g uJ", v * 1e-6);
		break;
	case IMC_OBJECTIVE_EDP:
		fprintf(stderr, "%.4g uJ ms", v * 1e-12);
		break;
	case IMC_OBJECTIVE_ARRAYS:
	case IMC_N_OBJECTIVE:
		fprintf(stderr, "%.0f arrays", v);
		break;
	}
}

void cli_print_trial(const struct imc_module *m, struct cli_ui *ui)
{
	const struct imc_trial *t = &m->trial[m->n_trial - 1];

	cli_ui_clear(ui);
	fprintf(stderr, "trial %zu: ", m->n_trial);
	if (m->opt.search) {
		fprintf(stderr, "wanted ");
		print_value(m, t->budget);
		fprintf(stderr, "; error %.3g; ", t->error);
	} else {
		fprintf(stderr,
			"error at most %.3g, predicted %.3g, "
			"measured %.3g; ",
			t->budget, t->predicted, t->error);
	}
	fprintf(stderr, "drop %.2f %%; ", t->drop);
	if (m->robust.model)
		fprintf(stderr, "std %.2f %%, largest %.2f %%; ", t->std,
			m->robust.float_right - t->worst);
	print_value(m, t->value);
	fprintf(stderr, ", gap %.2f %%; %.1f s\n", 100 * t->gap,
		cli_ui_lap(ui));
}
