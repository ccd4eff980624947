#include "frontend/cli/eval_print.h"

#include <math.h>

#include "backend/report/json.h"

/* A level that was not evaluated is null, but the bundle's: absent. */
static bool is_shown(const struct cli_scores *s, int l)
{
	return l != CLI_BUNDLE || s->has[l];
}

static void write_levels(struct imc_json *j, const char *key,
			 const struct cli_scores *s, const double *v,
			 enum cli_level first)
{
	imc_json_open(j, key, '{');
	for (int l = first; l < CLI_N_LEVEL; l++)
		if (is_shown(s, l))
			imc_json_number(j, cli_level_name((enum cli_level)l),
					s->has[l] ? v[l] : NAN);
	imc_json_close(j, '}');
}

static void write_identical(struct imc_json *j, const struct cli_scores *s)
{
	imc_json_open(j, "identical", '{');
	for (int l = CLI_MAPPED; l < CLI_N_LEVEL; l++) {
		const char *name = cli_level_name((enum cli_level)l);

		if (s->has[l])
			imc_json_int(j, name, s->identical[l]);
		else if (is_shown(s, l))
			imc_json_number(j, name, NAN);
	}
	imc_json_close(j, '}');
}

void cli_scores_json(const struct cli_scores *s, bool labelled,
		     const struct cli_noise_result *noisy, struct imc_buf *out)
{
	struct imc_json j = {.out = out};
	bool f = s->has[CLI_FLOAT];

	imc_json_open_row(&j, NULL, '{');
	imc_json_int(&j, "n", s->n);
	if (labelled)
		write_levels(&j, "top1", s, s->top1, CLI_FLOAT);
	write_identical(&j, s);
	imc_json_open(&j, "agree", '{');
	imc_json_number(&j, "quantised_float",
			f ? s->agree[CLI_QUANTISED] : NAN);
	imc_json_number(&j, "mapped_quantised", s->agree[CLI_MAPPED]);
	imc_json_close(&j, '}');
	if (f) {
		write_levels(&j, "mse", s, s->mse, CLI_QUANTISED);
		write_levels(&j, "mean_abs", s, s->mean_abs, CLI_QUANTISED);
		write_levels(&j, "relative", s, s->relative, CLI_QUANTISED);
	}
	if (noisy)
		cli_noise_json(noisy, &j);
	imc_json_close(&j, '}');
}

static void print_level(const struct cli_scores *s, enum cli_level l,
			bool labelled, struct imc_buf *out)
{
	imc_buf_printf(out, "%-10s", cli_level_name(l));
	if (labelled)
		imc_buf_printf(out, " %7.2f %%", s->top1[l] * 100);
	if (l > CLI_QUANTISED)
		imc_buf_printf(out, " %10lld", (long long)s->identical[l]);
	else
		imc_buf_printf(out, " %10s", "");
	if (l == CLI_FLOAT || (l == CLI_QUANTISED && !s->has[CLI_FLOAT]))
		imc_buf_printf(out, " %9s", "");
	else
		imc_buf_printf(out, " %7.2f %%", s->agree[l] * 100);
	if (l != CLI_FLOAT && s->has[CLI_FLOAT])
		imc_buf_printf(out, " %10.4g %10.4g", s->mean_abs[l],
			       s->relative[l]);
	while (out->n && out->p[out->n - 1] == ' ')
		out->p[--out->n] = 0;
	imc_buf_text(out, "\n");
}

void cli_scores_text(const struct cli_scores *s, bool labelled,
		     struct imc_buf *out)
{
	imc_buf_printf(out, "%lld samples\n\n", (long long)s->n);
	imc_buf_printf(out, "%-10s", "level");
	if (labelled)
		imc_buf_printf(out, " %9s", "top-1");
	imc_buf_printf(out, " %10s %9s", "identical", "agree");
	if (s->has[CLI_FLOAT])
		imc_buf_printf(out, " %10s %10s", "mean |d|", "relative d");
	imc_buf_text(out, "\n");
	for (int l = 0; l < CLI_N_LEVEL; l++)
		if (s->has[l])
			print_level(s, (enum cli_level)l, labelled, out);
	imc_buf_text(out, "\nidentical: samples whose outputs equal the "
			  "quantised graph's bit for bit\n"
			  "agree: same class as the level above; d: "
			  "difference of the outputs to float's\n");
}
