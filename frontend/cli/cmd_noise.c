#include <stdio.h>

#include "frontend/cli/eval_noise.h"
#include "ir/support/embed.h"

static int explain(const struct cli_options *o, const char *model)
{
	struct imc_buf b = {.arena = o->arena};
	struct imc_noise *n = NULL;

	if (model) {
		n = cli_noise_load(o, model);
		if (!n)
			return CLI_FAULT;
	}
	imc_noise_explain(n, &b);
	fputs(b.p, stdout);
	return CLI_OK;
}

static void print_model(const struct imc_noise *n)
{
	printf("%-8s %g .. %g uS", n->name, n->device_g_min, n->device_g_max);
	if (n->drift_nu_max > 0)
		printf("; drift t^-%g to t^-%g%s", n->drift_nu_min,
		       n->drift_nu_max,
		       n->drift_compensate ? ", compensated" : "");
	if (n->program_log_0 > 0)
		printf("; lognormal %g to %g", n->program_log_3,
		       n->program_log_0);
	if (n->program_c0 > 0)
		printf("; programmed within %g uS at 0, %g uS at most",
		       n->program_c0,
		       n->program_c0 + n->program_c1 + n->program_c2);
	if (n->read_q > 0)
		printf("; 1/f noise");
	putchar('\n');
}

int cli_noise(const struct cli_options *o, struct cli_ui *ui)
{
	const char *model = o->operand.n ? o->operand.v[0] : NULL;

	(void)ui;
	if (!cli_check_pairs(o, CLI_OPT_NOISE_SET) ||
	    (!model && cli_given(o, CLI_OPT_NOISE_SET) &&
	     !cli_bad_value(o, CLI_OPT_NOISE_SET, "a model to change")))
		return CLI_USAGE;
	if (model || cli_given(o, CLI_OPT_EXPLAIN))
		return explain(o, model);
	for (size_t i = 0; i < imc_noise_files_count; i++) {
		const struct imc_embedded *f = &imc_noise_files[i];
		struct imc_noise *n = imc_noise_read(f->path, f->bytes, f->size,
						     o->arena, o->d);

		if (!n)
			return CLI_FAULT;
		print_model(n);
	}
	return CLI_OK;
}
