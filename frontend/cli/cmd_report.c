#include <stdio.h>
#include <unistd.h>

#include "frontend/cli/driver.h"
#include "frontend/data/data.h"

int cli_report(const struct cli_options *o, struct cli_ui *ui)
{
	const char *dir = o->operand.v[0], *path, *bytes;
	size_t size = 0;
	int format = 0;

	(void)ui;
	if (!cli_word(o, CLI_OPT_FORMAT, &format))
		return CLI_USAGE;
	path = imc_arena_printf(o->arena, "%s/report.%s", dir,
				format ? "json" : "txt");
	if (cli_is_dir(dir) && access(path, F_OK) != 0) {
		imc_diag(o->d, IMC_IN_FILE(dir), IMC_D_NOT_A_BUNDLE,
			 format ? "report.json" : "report.txt");
		return CLI_FAULT;
	}
	bytes = imc_file_read(path, o->arena, o->d, &size);
	if (!bytes)
		return CLI_FAULT;
	fwrite(bytes, 1, size, stdout);
	return CLI_OK;
}
