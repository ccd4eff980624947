#include "frontend/cli/ui.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BAR_WIDTH 30

void cli_ui_begin(struct cli_ui *ui)
{
	const char *no_colour = getenv("NO_COLOR");

	*ui = (struct cli_ui){.terminal = isatty(STDERR_FILENO)};
	clock_gettime(CLOCK_MONOTONIC, &ui->lap);
	ui->colour = ui->terminal && !(no_colour && *no_colour);
}

static const char *const severity_colour[] = {
	[IMC_NOTE] = "\033[36m",
	[IMC_WARNING] = "\033[33m",
	[IMC_ERROR] = "\033[31m",
};

void cli_ui_diags(struct cli_ui *ui, const struct imc_diags *d)
{
	cli_ui_clear(ui);
	for (size_t i = 0; i < d->n; i++) {
		const struct imc_diag *p = &d->v[i];

		if (ui->colour)
			fprintf(stderr, "%s%s\033[0m\n",
				severity_colour[p->severity], p->text);
		else
			fprintf(stderr, "%s\n", p->text);
	}
}

static double seconds_since(const struct timespec *t)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - t->tv_sec) +
	       (double)(now.tv_nsec - t->tv_nsec) * 1e-9;
}

double cli_ui_lap(struct cli_ui *ui)
{
	double s = seconds_since(&ui->lap);

	clock_gettime(CLOCK_MONOTONIC, &ui->lap);
	return s;
}

void cli_ui_progress(void *p, const char *what, int64_t done, int64_t total)
{
	struct cli_ui *ui = p;
	int filled;

	if (!ui->terminal || total <= 0)
		return;
	if (!ui->what || strcmp(ui->what, what) != 0) {
		cli_ui_clear(ui);
		ui->what = what;
		clock_gettime(CLOCK_MONOTONIC, &ui->begin);
	}
	if (done >= total) {
		cli_ui_clear(ui);
		return;
	}
	if (seconds_since(&ui->begin) < 1)
		return;
	filled = (int)(done * BAR_WIDTH / total);
	fprintf(stderr, "\r%-14.14s [%.*s%*s] %" PRId64 "/%" PRId64 "\033[K",
		what, filled, "##############################",
		BAR_WIDTH - filled, "", done, total);
	ui->bar = true;
}

void cli_ui_clear(struct cli_ui *ui)
{
	if (ui->bar)
		fputs("\r\033[K", stderr);
	ui->bar = false;
	ui->what = NULL;
}
