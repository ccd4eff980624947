/* ui.h: what the user sees while a command works. All of it on stderr. */
#ifndef IMC_CLI_UI_H
#define IMC_CLI_UI_H

#include <time.h>

#include "ir/support/diag.h"

struct cli_ui {
	bool terminal, colour, verbose;
	bool bar;	  /* a progress bar stands on the last line */
	const char *what; /* the step that the clock began for */
	struct timespec begin, lap;
};

void cli_ui_begin(struct cli_ui *ui);

/* Prints every diagnostic, one line each. */
void cli_ui_diags(struct cli_ui *ui, const struct imc_diags *d);

/* Shows how far a step is, on a terminal, once it has run for a second. ui is
 * a struct cli_ui; the type is that of struct imc_pass_run. */
void cli_ui_progress(void *ui, const char *what, int64_t done, int64_t total);

/* Seconds since the last call, or since cli_ui_begin. */
double cli_ui_lap(struct cli_ui *ui);

/* Takes the progress bar away. */
void cli_ui_clear(struct cli_ui *ui);

#endif
