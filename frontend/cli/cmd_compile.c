#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend/bundle/bundle.h"
#include "frontend/cli/driver.h"

static bool needs(const struct cli_options *o, enum cli_option id,
		  const char *text)
{
	return cli_given(o, id) ||
	       imc_diag(o->d, IMC_NOWHERE, IMC_D_USAGE_NEEDS, text);
}

static bool check_usage(const struct cli_options *o, int *port)
{
	if (!cli_check_target(o) || !cli_word(o, CLI_OPT_PORT, port))
		return false;
	return needs(o, CLI_OPT_OUTPUT, "-o DIR") &&
	       (*cli_text(o, CLI_OPT_OUTPUT, "") ||
		cli_bad_value(o, CLI_OPT_OUTPUT, "a folder"));
}

static bool cannot_write(const char *dir, int error, struct imc_diags *d)
{
	return imc_diag(d, IMC_NOWHERE, IMC_D_CANNOT_WRITE, dir,
			strerror(error));
}

/* A folder can be made beside dir: the only sure way to know is to do it. */
static bool check_parent(const char *dir, struct imc_arena *a,
			 struct imc_diags *d)
{
	size_t n = strlen(dir);
	char *probe;

	while (n > 1 && dir[n - 1] == '/')
		n--;
	probe = imc_arena_printf(a, "%.*s.XXXXXX", (int)n, dir);
	if (!mkdtemp(probe))
		return cannot_write(dir, errno, d);
	rmdir(probe);
	return true;
}

/* Before the long work: can the result be written? */
static bool check_folder(const char *dir, bool bundle, struct imc_diags *d)
{
	if (access(dir, F_OK) != 0)
		return check_parent(dir, d->arena, d);
	if (!cli_is_dir(dir))
		return cannot_write(dir, ENOTDIR, d);
	if (!bundle)
		return access(dir, W_OK) == 0 || cannot_write(dir, errno, d);
	return imc_bundle_may_write(dir, d->arena, d) &&
	       check_parent(dir, d->arena, d);
}

static const char *without_slash(const char *dir, struct imc_arena *a)
{
	size_t n = strlen(dir);

	while (n > 1 && dir[n - 1] == '/')
		n--;
	return imc_arena_strndup(a, dir, n);
}

static void print_summary(const struct imc_module *m, const char *dir)
{
	struct imc_cost total = imc_plan_total(&m->plan, NULL);
	int n_warning = 0;

	for (size_t i = 0; i < m->diags->n; i++)
		n_warning += m->diags->v[i].severity == IMC_WARNING;
	printf("%s on %s\n", m->model_name, m->hw->name);
	printf("  arrays    %d of %d\n", m->map.n_used, m->map.n_array);
	printf("  latency   %.4g ms (modelled)\n", total.ns * 1e-6);
	printf("  energy    %.4g uJ (modelled)\n", total.pj * 1e-6);
	printf("  warnings  %d\n", n_warning);
	printf("  bundle    %s\n", dir);
	printf("  report    %s/report.txt\n", dir);
}

static bool compile(const struct cli_settings *s, const char *dir,
		    enum imc_port port)
{
	const struct cli_options *o = s->o;
	struct cli_run how = {
		.stop_after = cli_text(o, CLI_OPT_STOP_AFTER, NULL),
	};
	struct imc_module *m;
	bool ok;

	if (!check_folder(dir, !how.stop_after, o->d))
		return false;
	if (how.stop_after)
		how.dump_dir = dir;
	else if (cli_given(o, CLI_OPT_DUMP))
		how.dump_dir = imc_arena_printf(o->arena, "%s-dump", dir);
	m = cli_module_open(s, o->operand.v[0]);
	ok = m && cli_module_run(m, s, &how);
	if (ok && !how.stop_after) {
		ok = imc_bundle_write(m, dir, port);
		if (ok)
			print_summary(m, dir);
	}
	imc_module_free(m);
	return ok;
}

int cli_compile(const struct cli_options *o, struct cli_ui *ui)
{
	struct cli_settings s;
	int port = IMC_PORT_HOST;

	if (!check_usage(o, &port) || !cli_settings_read(o, ui, &s))
		return CLI_USAGE;
	if (!compile(&s,
		     without_slash(cli_text(o, CLI_OPT_OUTPUT, ""), o->arena),
		     (enum imc_port)port))
		return CLI_FAULT;
	return CLI_OK;
}
