#include <stdio.h>
#include <string.h>

#include "frontend/cli/options.h"
#include "frontend/cli/ui.h"

/* A wrong command line: the message, and where the right one is. */
static int usage_fault(struct cli_ui *ui, const struct imc_diags *d,
		       const char *command)
{
	cli_ui_diags(ui, d);
	fprintf(stderr, "try 'imcc %s%s--help'\n", command,
		*command ? " " : "");
	return CLI_USAGE;
}

static int run_command(enum cli_command c, int argc, char **argv,
		       struct imc_diags *d, struct cli_ui *ui)
{
	struct cli_options o = {.arena = d->arena, .d = d, .command = c};
	int status;

	if (!cli_options_parse(&o, argc, argv))
		return usage_fault(ui, d, cli_command_name(c));
	if (cli_given(&o, CLI_OPT_HELP)) {
		cli_help_command(c, stdout);
		return CLI_OK;
	}
	if (!cli_options_check(&o))
		return usage_fault(ui, d, cli_command_name(c));
	ui->verbose = cli_given(&o, CLI_OPT_VERBOSE);
	status = cli_command_fn(c)(&o, ui);
	if (status == CLI_USAGE)
		return usage_fault(ui, d, cli_command_name(c));
	cli_ui_diags(ui, d);
	return status;
}

static int run(int argc, char **argv, struct imc_diags *d, struct cli_ui *ui)
{
	const char *first = argc > 1 ? argv[1] : NULL;
	enum cli_command c;

	if (!first) {
		cli_help_all(stderr);
		return CLI_USAGE;
	}
	if (!strcmp(first, "--help") || !strcmp(first, "-h")) {
		cli_help_all(stdout);
		return CLI_OK;
	}
	if (!strcmp(first, "--version")) {
		printf("imcc %s\n", IMCC_VERSION);
		return CLI_OK;
	}
	c = cli_command_find(first, d);
	if (c == CLI_N_COMMAND)
		return usage_fault(ui, d, "");
	return run_command(c, argc - 2, argv + 2, d, ui);
}

int main(int argc, char **argv)
{
	struct imc_arena *a = imc_arena_new();
	struct imc_diags d = {.arena = a};
	struct cli_ui ui;
	int status;

	imc_arena_keep_memory();
	cli_ui_begin(&ui);
	status = run(argc, argv, &d, &ui);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		fputs("imcc: error: cannot write to standard output\n", stderr);
		status = CLI_FAULT;
	}
	imc_arena_free(a);
	return status;
}
