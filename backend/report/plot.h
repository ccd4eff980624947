/* plot.h: panels of curves as SVG. */
#ifndef IMC_REPORT_PLOT_H
#define IMC_REPORT_PLOT_H

#include <stdbool.h>

#include "ir/support/buf.h"

struct imc_plot_point {
	double x, y;
	bool filled;
	const char *hint; /* what a browser shows beside the pointer */
};

struct imc_plot_series {
	const char *name, *colour;
	bool dashed; /* a line without dots */
	size_t n;
	const struct imc_plot_point *point; /* in the order of the line */
};

/* A number of the x axis that is written in another way. */
struct imc_plot_tick {
	double x;
	const char *label;
};

/* A panel of width x height pixels whose upper left corner, without title and
 * numbers, is at (left, top). y begins at 0, x at the least value unless
 * x_zero. */
struct imc_plot_panel {
	double left, top, width, height;
	const char *title, *x_title;
	bool x_zero;
	bool names_above; /* of the series, in the line of the title */
	size_t n;
	const struct imc_plot_series *series;
	size_t n_tick; /* 0: x has round numbers */
	const struct imc_plot_tick *tick;
};

void imc_plot_open(struct imc_buf *out, int width, int height,
		   const char *title);
void imc_plot_add(struct imc_buf *out, const struct imc_plot_panel *p);
void imc_plot_close(struct imc_buf *out);

/* For what else is drawn in a panel: the pixel of a value of its axes. */
double imc_plot_x(const struct imc_plot_panel *p, double x);
double imc_plot_y(const struct imc_plot_panel *p, double y);

/* Text at a pixel; anchor: start, middle, end. */
void imc_plot_text(struct imc_buf *out, double x, double y, const char *anchor,
		   const char *colour, const char *what);

/* s with the characters that XML gives a meaning replaced. */
const char *imc_plot_escaped(struct imc_arena *a, const char *s);

/* Colour i of a row that can be told apart; they repeat. */
const char *imc_plot_colour(size_t i);

#endif
