#include "frontend/cli/options.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "backend/bundle/ports.h"

static const struct {
	const char *name, *operands;
	size_t least, most;
	cli_fn *fn;
	const char *text;
} commands[CLI_N_COMMAND] = {
#define COMMAND(id, name, operands, least, most, text)                         \
	[CLI_##id] = {#name, operands, least, most, cli_##name, text},
#include "frontend/cli/commands.def"
};

static const struct option {
	const char *name;
	char letter;
	const char *arg;
	unsigned who;
	const char *text;
} options[CLI_N_OPTION] = {
#define OPTION(id, name, letter, arg, who, text)                               \
	[CLI_OPT_##id] = {name, letter, arg, who, text},
#include "frontend/cli/options.def"
};

const char *cli_option_name(enum cli_option id)
{
	return options[id].name;
}

const char *cli_command_name(enum cli_command c)
{
	return commands[c].name;
}

cli_fn *cli_command_fn(enum cli_command c)
{
	return commands[c].fn;
}

/* ": did you mean '--calib'?", or nothing. */
static const char *hint(struct imc_arena *a, const char *before,
			const char *nearest)
{
	if (!nearest)
		return "";
	return imc_arena_printf(a, ": did you mean '%s%s'?", before, nearest);
}

enum cli_command cli_command_find(const char *name, struct imc_diags *d)
{
	const char *names[CLI_N_COMMAND];

	for (int c = 0; c < CLI_N_COMMAND; c++) {
		names[c] = commands[c].name;
		if (!strcmp(name, names[c]))
			return (enum cli_command)c;
	}
	imc_diag(d, IMC_NOWHERE, IMC_D_USAGE_COMMAND, name,
		 hint(d->arena, "", imc_nearest(name, names, CLI_N_COMMAND)));
	return CLI_N_COMMAND;
}

static bool takes(const struct cli_options *o, int id)
{
	return options[id].who >> o->command & 1;
}

static bool unknown(const struct cli_options *o, const char *before,
		    const char *name)
{
	const char *names[CLI_N_OPTION];
	size_t n = 0;

	for (int i = 0; i < CLI_N_OPTION; i++)
		if (takes(o, i))
			names[n++] = options[i].name;
	return imc_diag(
		o->d, IMC_NOWHERE, IMC_D_USAGE_OPTION, before, name,
		hint(o->arena, "--",
		     strlen(name) > 1 ? imc_nearest(name, names, n) : NULL));
}

static void push(struct imc_arena *a, struct cli_values *v, const char *text)
{
	*IMC_PUSH(a, v->v, v->n, v->cap) = text;
}

/* Stores option id; value: what stood after '=' or the letter, or NULL.
 * next: the argument behind it, or NULL; *used tells if it was taken. */
static bool store(struct cli_options *o, int id, const char *value,
		  const char *next, bool *used)
{
	const struct option *p = &options[id];

	*used = false;
	if (!*p->arg && value)
		return imc_diag(o->d, IMC_NOWHERE, IMC_D_USAGE_SWITCH, p->name);
	if (*p->arg && !value) {
		if (!next)
			return imc_diag(o->d, IMC_NOWHERE, IMC_D_USAGE_VALUE,
					p->name, p->arg);
		value = next;
		*used = true;
	}
	if (id == CLI_OPT_TILES) /* another name */
		id = CLI_OPT_ARRAYS;
	push(o->arena, &o->value[id], *p->arg ? value : "");
	return true;
}

static bool parse_long(struct cli_options *o, const char *arg, const char *next,
		       bool *used)
{
	const char *equals = strchr(arg, '=');
	size_t n = equals ? (size_t)(equals - arg) : strlen(arg);
	const char *name = imc_arena_strndup(o->arena, arg, n);

	for (int i = 0; i < CLI_N_OPTION; i++)
		if (takes(o, i) && !strcmp(options[i].name, name))
			return store(o, i, equals ? equals + 1 : NULL, next,
				     used);
	return unknown(o, "--", name);
}

static bool parse_short(struct cli_options *o, const char *arg,
			const char *next, bool *used)
{
	for (int i = 0; i < CLI_N_OPTION; i++)
		if (takes(o, i) && options[i].letter == arg[0])
			return store(o, i, arg[1] ? arg + 1 : NULL, next, used);
	return unknown(o, "-", imc_arena_strndup(o->arena, arg, 1));
}

bool cli_options_parse(struct cli_options *o, int argc, char **argv)
{
	bool only_operands = false;

	for (int i = 0; i < argc; i++) {
		const char *arg = argv[i];
		const char *next = i + 1 < argc ? argv[i + 1] : NULL;
		bool used = false, ok = true;

		if (only_operands || arg[0] != '-' || !arg[1])
			push(o->arena, &o->operand, arg);
		else if (!strcmp(arg, "--"))
			only_operands = true;
		else if (arg[1] == '-')
			ok = parse_long(o, arg + 2, next, &used);
		else
			ok = parse_short(o, arg + 1, next, &used);
		if (!ok)
			return false;
		i += used;
	}
	return true;
}

bool cli_options_check(const struct cli_options *o)
{
	if (o->operand.n > commands[o->command].most)
		return imc_diag(o->d, IMC_NOWHERE, IMC_D_USAGE_SURPLUS,
				o->operand.v[commands[o->command].most]);
	if (o->operand.n < commands[o->command].least)
		return imc_diag(o->d, IMC_NOWHERE, IMC_D_USAGE_MISSING,
				commands[o->command].operands);
	return true;
}

const char *cli_text(const struct cli_options *o, enum cli_option id,
		     const char *none)
{
	const struct cli_values *v = &o->value[id];

	return v->n ? v->v[v->n - 1] : none;
}

bool cli_bad_value(const struct cli_options *o, enum cli_option id,
		   const char *wanted)
{
	return imc_diag(o->d, IMC_NOWHERE, IMC_D_USAGE_BAD_VALUE,
			options[id].name, cli_text(o, id, ""), wanted);
}

bool cli_int(const struct cli_options *o, enum cli_option id, int64_t lo,
	     int64_t hi, int64_t *out)
{
	const char *text = cli_text(o, id, NULL);
	char *end;
	long long v;

	if (!text)
		return true;
	errno = 0;
	v = strtoll(text, &end, 10);
	if (end == text || *end || errno || v < lo || v > hi)
		return cli_bad_value(
			o, id,
			imc_arena_printf(o->arena, "an integer of %lld to %lld",
					 (long long)lo, (long long)hi));
	*out = v;
	return true;
}

bool cli_number(const struct cli_options *o, enum cli_option id, double lo,
		double hi, double *out)
{
	const char *text = cli_text(o, id, NULL);
	char *end;
	double v;

	if (!text)
		return true;
	v = strtod(text, &end);
	if (end == text || *end || !(v >= lo) || !(v <= hi))
		return cli_bad_value(o, id,
				     imc_arena_printf(o->arena,
						      "a number of %g to %g",
						      lo, hi));
	*out = v;
	return true;
}

bool cli_word(const struct cli_options *o, enum cli_option id, int *out)
{
	const char *text = cli_text(o, id, NULL), *word = options[id].arg;

	for (int i = 0; text && *word; i++) {
		size_t n = strcspn(word, "|");

		if (strlen(text) == n && !strncmp(text, word, n)) {
			*out = i;
			return true;
		}
		word += n + (word[n] == '|');
	}
	return !text || cli_bad_value(o, id, options[id].arg);
}

void cli_help_all(FILE *out)
{
	fputs("imcc maps neural networks onto in-memory-computing hardware\n\n"
	      "usage: imcc COMMAND [OPTION]...\n\n",
	      out);
	for (int c = 0; c < CLI_N_COMMAND; c++)
		fprintf(out, "  %-8s %s\n", commands[c].name, commands[c].text);
	fputs("\n  --help, -h     print this help; 'imcc COMMAND --help' has "
	      "the options\n"
	      "  --version      print the version\n\n"
	      "Exit status: 0 done, 1 fault in the input, 2 wrong usage.\n"
	      "Environment: NO_COLOR: no colour; IMC_THREADS: processors to "
	      "use.\n",
	      out);
}

#define HELP_INDENT 34
#define HELP_WIDTH 79

/* Breaks text at spaces so that lines end before HELP_WIDTH. */
static void print_wrapped(const char *text, FILE *out)
{
	int col = HELP_INDENT;

	while (*text) {
		int n = (int)strcspn(text, " ");

		if (col > HELP_INDENT && col + 1 + n > HELP_WIDTH) {
			fprintf(out, "\n%*s", HELP_INDENT, "");
			col = HELP_INDENT;
		}
		if (col > HELP_INDENT) {
			fputc(' ', out);
			col++;
		}
		fprintf(out, "%.*s", n, text);
		col += n;
		text += n + (text[n] == ' ');
	}
	fputc('\n', out);
}

static void print_option(const struct option *p, FILE *out)
{
	char left[64];
	int n;

	n = snprintf(left, sizeof left, "  %s--%s%s%s",
		     p->letter ? (char[]){'-', p->letter, ',', ' ', 0} : "    ",
		     p->name, *p->arg ? "=" : "", p->arg);
	fputs(left, out);
	if (n > HELP_INDENT - 2)
		fprintf(out, "\n%*s", HELP_INDENT, "");
	else
		fprintf(out, "%*s", HELP_INDENT - n, "");
	print_wrapped(p->text, out);
}

void cli_help_command(enum cli_command c, FILE *out)
{
	fprintf(out, "imcc %s: %s\n\nusage: imcc %s%s%s%s [OPTION]...\n\n",
		commands[c].name, commands[c].text, commands[c].name,
		*commands[c].operands ? " " : "", commands[c].operands,
		c == CLI_COMPILE   ? " -t TARGET -o DIR"
		: c == CLI_EXPLORE ? " -t TARGET --arrays=A..B -o DIR"
				   : "");
	for (int i = 0; i < CLI_N_OPTION; i++)
		if (options[i].who >> c & 1)
			print_option(&options[i], out);
}
