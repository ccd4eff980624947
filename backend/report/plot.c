#include "backend/report/plot.h"

#include <math.h>
#include <string.h>

/* Steps of the grid at most, about; pixels of a letter. */
enum { STEPS = 6, LETTER = 7 };

/* Values at the ends of the axes. */
struct axes {
	const struct imc_plot_panel *p;
	double x_first, x_last, y_top;
};

static double x_at(const struct axes *a, double x)
{
	double range = a->x_last - a->x_first;

	if (!(range > 0))
		return a->p->left + a->p->width / 2;
	return a->p->left + (x - a->x_first) / range * a->p->width;
}

static double y_at(const struct axes *a, double y)
{
	return a->p->top + a->p->height * (1 - y / a->y_top);
}

/* 1, 2 or 5 times a power of ten: about n steps to v > 0. */
static double step_to(double v, int n)
{
	double raw = v / n, ten = pow(10, floor(log10(raw)));

	if (raw <= ten)
		return ten;
	return raw <= 2 * ten ? 2 * ten : raw <= 5 * ten ? 5 * ten : 10 * ten;
}

const char *imc_plot_escaped(struct imc_arena *a, const char *s)
{
	struct imc_buf b = {.arena = a};

	imc_buf_text(&b, "");
	for (; s && *s; s++)
		if (*s == '<' || *s == '&' || *s == '>')
			imc_buf_printf(&b, "&#%d;", *s);
		else
			imc_buf_bytes(&b, s, 1);
	return b.p;
}

void imc_plot_text(struct imc_buf *out, double x, double y, const char *anchor,
		   const char *colour, const char *what)
{
	imc_buf_printf(out,
		       "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\" "
		       "fill=\"%s\">%s</text>\n",
		       x, y, anchor, colour,
		       imc_plot_escaped(out->arena, what));
}

static void line(struct imc_buf *out, double x1, double y1, double x2,
		 double y2)
{
	imc_buf_printf(out,
		       "<line class=\"grid\" x1=\"%.1f\" y1=\"%.1f\" "
		       "x2=\"%.1f\" y2=\"%.1f\"/>\n",
		       x1, y1, x2, y2);
}

static struct axes axes_of(const struct imc_plot_panel *p)
{
	struct axes a = {p, INFINITY, -INFINITY, 0};
	double step;

	for (size_t i = 0; i < p->n; i++)
		for (size_t k = 0; k < p->series[i].n; k++) {
			a.x_first = fmin(a.x_first, p->series[i].point[k].x);
			a.x_last = fmax(a.x_last, p->series[i].point[k].x);
			a.y_top = fmax(a.y_top, p->series[i].point[k].y);
		}
	if (a.x_first > a.x_last)
		a.x_first = a.x_last = 0; /* no points */
	if (p->x_zero)
		a.x_first = 0;
	if (!(a.y_top > 0))
		a.y_top = 1;
	step = step_to(a.y_top, STEPS);
	a.y_top = ceil(a.y_top / step) * step;
	return a;
}

static void x_line(struct imc_buf *out, const struct axes *a, double x,
		   const char *label)
{
	const struct imc_plot_panel *p = a->p;

	line(out, x_at(a, x), p->top, x_at(a, x), p->top + p->height);
	imc_plot_text(out, x_at(a, x), p->top + p->height + 18, "middle",
		      "black", label);
}

static void grid(struct imc_buf *out, const struct axes *a)
{
	const struct imc_plot_panel *p = a->p;
	double dy = step_to(a->y_top, STEPS), range = a->x_last - a->x_first;
	double dx = range > 0 ? step_to(range, STEPS) : 1;

	for (double v = 0; v <= a->y_top * 1.0001; v += dy) {
		line(out, p->left, y_at(a, v), p->left + p->width, y_at(a, v));
		imc_plot_text(out, p->left - 8, y_at(a, v) + 4, "end", "black",
			      imc_arena_printf(out->arena, "%g", v));
	}
	for (size_t i = 0; i < p->n_tick; i++)
		x_line(out, a, p->tick[i].x, p->tick[i].label);
	for (double v = ceil(a->x_first / dx) * dx;
	     !p->n_tick && v <= a->x_last + range * 1e-9; v += dx)
		x_line(out, a, v, imc_arena_printf(out->arena, "%g", v));
	imc_plot_text(out, p->left, p->top - 10, "start", "black", p->title);
	if (p->x_title)
		imc_plot_text(out, p->left + p->width, p->top + p->height + 34,
			      "end", "black", p->x_title);
}

static void curve(struct imc_buf *out, const struct axes *a,
		  const struct imc_plot_series *s)
{
	imc_buf_printf(out,
		       "<polyline fill=\"none\" stroke=\"%s\" "
		       "stroke-width=\"1.5\"%s points=\"",
		       s->colour, s->dashed ? " stroke-dasharray=\"5 4\"" : "");
	for (size_t i = 0; i < s->n; i++)
		imc_buf_printf(out, "%.1f,%.1f ", x_at(a, s->point[i].x),
			       y_at(a, s->point[i].y));
	imc_buf_text(out, "\"/>\n");
	for (size_t i = 0; i < s->n && !s->dashed; i++)
		imc_buf_printf(out,
			       "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3\" "
			       "stroke=\"%s\" fill=\"%s\"><title>%s</title>"
			       "</circle>\n",
			       x_at(a, s->point[i].x), y_at(a, s->point[i].y),
			       s->colour,
			       s->point[i].filled ? s->colour : "white",
			       imc_plot_escaped(out->arena, s->point[i].hint));
}

/* Names of the series side by side, above the panel. */
static void legend_above(struct imc_buf *out, const struct imc_plot_panel *p)
{
	double x = p->left + p->width;

	for (size_t i = p->n; i-- > 0;) {
		const struct imc_plot_series *s = &p->series[i];

		imc_plot_text(out, x, p->top - 10, "end", s->colour, s->name);
		x -= LETTER * (double)strlen(s->name) + 20;
	}
}

/* Names of the series, in their colours, one below another. */
static void legend(struct imc_buf *out, const struct imc_plot_panel *p)
{
	double y = p->top + 14;

	for (size_t i = 0; i < p->n; i++) {
		if (!p->series[i].name || !*p->series[i].name)
			continue;
		imc_plot_text(out, p->left + p->width - 6, y, "end",
			      p->series[i].colour, p->series[i].name);
		y += 15;
	}
}

void imc_plot_open(struct imc_buf *out, int width, int height,
		   const char *title)
{
	imc_buf_printf(out,
		       "<svg xmlns=\"http://www.w3.org/2000/svg\" "
		       "width=\"%d\" height=\"%d\" font-family=\"sans-serif\" "
		       "font-size=\"12\">\n"
		       "<style>.grid{stroke:#ddd}</style>\n"
		       "<rect width=\"100%%\" height=\"100%%\" "
		       "fill=\"white\"/>\n",
		       width, height);
	imc_plot_text(out, 70, 18, "start", "black", title);
}

void imc_plot_add(struct imc_buf *out, const struct imc_plot_panel *p)
{
	struct axes a = axes_of(p);

	grid(out, &a);
	for (size_t i = 0; i < p->n; i++)
		curve(out, &a, &p->series[i]);
	if (p->names_above)
		legend_above(out, p);
	else
		legend(out, p);
}

void imc_plot_close(struct imc_buf *out)
{
	imc_buf_text(out, "</svg>\n");
}

double imc_plot_x(const struct imc_plot_panel *p, double x)
{
	struct axes a = axes_of(p);

	return x_at(&a, x);
}

double imc_plot_y(const struct imc_plot_panel *p, double y)
{
	struct axes a = axes_of(p);

	return y_at(&a, y);
}

const char *imc_plot_colour(size_t i)
{
	static const char *const colour[] = {"#1f4e8c", "#c0392b", "#2e7d32",
					     "#b7791f", "#6b46c1", "#00838f"};

	return colour[i % (sizeof colour / sizeof colour[0])];
}
