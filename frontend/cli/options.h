/* options.h: the command line, read by the tables commands.def and
 * options.def. */
#ifndef IMC_CLI_OPTIONS_H
#define IMC_CLI_OPTIONS_H

#include <stdio.h>

#include "ir/support/diag.h"

enum cli_command {
#define COMMAND(id, name, operands, least, most, text) CLI_##id,
#include "frontend/cli/commands.def"
	CLI_N_COMMAND
};

#define CLI_BIT(id) (1u << CLI_##id)
#define CLI_ALL (CLI_BIT(N_COMMAND) - 1)

enum cli_option {
#define OPTION(id, name, letter, arg, who, text) CLI_OPT_##id,
#include "frontend/cli/options.def"
	CLI_N_OPTION
};

/* Exit statuses. */
enum { CLI_OK, CLI_FAULT, CLI_USAGE };

/* Every value of an option in the order given; a switch has "". */
struct cli_values {
	size_t n, cap;
	const char **v;
};

struct cli_options {
	struct imc_arena *arena;
	struct imc_diags *d;
	enum cli_command command;
	struct cli_values value[CLI_N_OPTION];
	struct cli_values operand;
};

struct cli_ui;

/* What a sub-command does; its exit status. Diagnostics are printed by the
 * caller. */
typedef int cli_fn(const struct cli_options *o, struct cli_ui *ui);

#define COMMAND(id, name, operands, least, most, text) cli_fn cli_##name;
#include "frontend/cli/commands.def"

const char *cli_command_name(enum cli_command c);
cli_fn *cli_command_fn(enum cli_command c);

/* The command called `name`; CLI_N_COMMAND: reported. */
enum cli_command cli_command_find(const char *name, struct imc_diags *d);

/* Reads argv[0 .. argc), which follow the command's name, into o (arena, d
 * and command are set). False: reported. */
bool cli_options_parse(struct cli_options *o, int argc, char **argv);

/* Checks the number of operands. False: reported. */
bool cli_options_check(const struct cli_options *o);

/* "weight-bits". */
const char *cli_option_name(enum cli_option id);

static inline bool cli_given(const struct cli_options *o, enum cli_option id)
{
	return o->value[id].n > 0;
}

/* The last value given, or `none`. */
const char *cli_text(const struct cli_options *o, enum cli_option id,
		     const char *none);

/* The last value as a number of lo .. hi; *out is untouched when the option
 * is absent. False: reported. */
bool cli_int(const struct cli_options *o, enum cli_option id, int64_t lo,
	     int64_t hi, int64_t *out);
bool cli_number(const struct cli_options *o, enum cli_option id, double lo,
		double hi, double *out);

/* The last value as its position among the words of the option's argument
 * ("text|json"). False: reported. */
bool cli_word(const struct cli_options *o, enum cli_option id, int *out);

/* A usage message about option id: "--post: ...". Returns false. */
bool cli_bad_value(const struct cli_options *o, enum cli_option id,
		   const char *wanted);

void cli_help_all(FILE *out);
void cli_help_command(enum cli_command c, FILE *out);

#endif
