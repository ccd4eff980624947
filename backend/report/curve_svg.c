#include <math.h>

#include "backend/report/curve.h"

/* Sizes in pixels: two panels, one above the other. */
enum {
	WIDTH = 760,
	PANEL = 240,
	LEFT = 70,
	RIGHT = 20,
	TOP = 50,
	GAP = 60,
	HEIGHT = TOP + 2 * PANEL + 2 * GAP
};

/* A quantity over the arrays: pixel = what it is at. */
struct axes {
	double x_first, x_last, y_top; /* values; y begins at 0 */
	double top;		       /* pixel of y_top */
};

struct series {
	double (*value)(const struct imc_curve_point *p);
	const char *colour, *name;
	bool dots;
};

static double latency(const struct imc_curve_point *p)
{
	return p->latency_ms;
}

static double bound(const struct imc_curve_point *p)
{
	return p->bound_ms;
}

static double energy(const struct imc_curve_point *p)
{
	return p->energy_uj;
}

static double x_at(const struct axes *a, double arrays)
{
	double range = fmax(a->x_last - a->x_first, 1);

	return LEFT + (arrays - a->x_first) / range * (WIDTH - LEFT - RIGHT);
}

static double y_at(const struct axes *a, double v)
{
	return a->top + PANEL * (1 - v / a->y_top);
}

/* 1, 2 or 5 times a power of ten: about n steps to v. */
static double step_to(double v, int n)
{
	double raw = v / n, ten = pow(10, floor(log10(raw)));

	if (raw <= ten)
		return ten;
	return raw <= 2 * ten ? 2 * ten : raw <= 5 * ten ? 5 * ten : 10 * ten;
}

static double largest(const struct imc_curve *c,
		      double (*value)(const struct imc_curve_point *p))
{
	double most = 0;

	for (size_t i = 0; i < c->n; i++)
		if (c->point[i].found)
			most = fmax(most, value(&c->point[i]));
	return most > 0 ? most : 1;
}

static void text(struct imc_buf *out, double x, double y, const char *anchor,
		 const char *what)
{
	imc_buf_printf(out,
		       "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%s"
		       "</text>\n",
		       x, y, anchor, what);
}

static void line(struct imc_buf *out, double x1, double y1, double x2,
		 double y2)
{
	imc_buf_printf(out,
		       "<line class=\"grid\" x1=\"%.1f\" y1=\"%.1f\" "
		       "x2=\"%.1f\" y2=\"%.1f\"/>\n",
		       x1, y1, x2, y2);
}

static void grid(struct imc_buf *out, const struct axes *a, const char *title)
{
	double dy = step_to(a->y_top, 5);
	double dx = fmax(1, step_to(fmax(a->x_last - a->x_first, 1), 9));

	for (double v = 0; v <= a->y_top * 1.0001; v += dy) {
		line(out, LEFT, y_at(a, v), WIDTH - RIGHT, y_at(a, v));
		text(out, LEFT - 8, y_at(a, v) + 4, "end",
		     imc_arena_printf(out->arena, "%g", v));
	}
	for (double v = ceil(a->x_first / dx) * dx; v <= a->x_last; v += dx) {
		line(out, x_at(a, v), a->top, x_at(a, v), a->top + PANEL);
		text(out, x_at(a, v), a->top + PANEL + 18, "middle",
		     imc_arena_printf(out->arena, "%g", v));
	}
	text(out, LEFT, a->top - 10, "start", title);
}

static void curve(struct imc_buf *out, const struct imc_curve *c,
		  const struct axes *a, const struct series *s)
{
	imc_buf_printf(out,
		       "<polyline fill=\"none\" stroke=\"%s\" "
		       "stroke-width=\"1.5\"%s points=\"",
		       s->colour, s->dots ? "" : " stroke-dasharray=\"5 4\"");
	for (size_t i = 0; i < c->n; i++)
		if (c->point[i].found)
			imc_buf_printf(out, "%.1f,%.1f ",
				       x_at(a, c->point[i].arrays),
				       y_at(a, s->value(&c->point[i])));
	imc_buf_text(out, "\"/>\n");
	for (size_t i = 0; i < c->n && s->dots; i++) {
		const struct imc_curve_point *p = &c->point[i];

		if (p->found)
			imc_buf_printf(out,
				       "<circle cx=\"%.1f\" cy=\"%.1f\" "
				       "r=\"3\" stroke=\"%s\" fill=\"%s\">"
				       "<title>%d arrays: %.4g</title>"
				       "</circle>\n",
				       x_at(a, p->arrays), y_at(a, s->value(p)),
				       s->colour,
				       p->pareto ? s->colour : "white",
				       (int)p->arrays, s->value(p));
	}
}

static void legend(struct imc_buf *out, double y, const struct series *s,
		   size_t n)
{
	double x = WIDTH - RIGHT;

	for (size_t i = n; i-- > 0;) {
		imc_buf_printf(out,
			       "<text x=\"%.1f\" y=\"%.1f\" "
			       "text-anchor=\"end\" fill=\"%s\">%s</text>\n",
			       x, y, s[i].colour, s[i].name);
		x -= 190;
	}
}

static void panel(struct imc_buf *out, const struct imc_curve *c, double top,
		  const char *title, const struct series *s, size_t n)
{
	struct axes a = {.top = top};

	if (c->n) {
		a.x_first = c->point[0].arrays;
		a.x_last = c->point[c->n - 1].arrays;
	}
	for (size_t i = 0; i < n; i++)
		a.y_top = fmax(a.y_top, largest(c, s[i].value));
	a.y_top = ceil(a.y_top / step_to(a.y_top, 5)) * step_to(a.y_top, 5);
	grid(out, &a, title);
	for (size_t i = 0; i < n; i++)
		curve(out, c, &a, &s[i]);
	legend(out, top - 10, s, n);
}

/* Text with the characters that XML gives a meaning replaced. */
static const char *escaped(struct imc_arena *a, const char *s)
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

static bool has_bound(const struct imc_curve *c)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->point[i].found && bound(&c->point[i]) > 0)
			return true;
	return false;
}

void imc_curve_svg(const struct imc_curve *c, struct imc_buf *out)
{
	static const struct series time[] = {
		{bound, "#c0392b", "proven lower bound", false},
		{latency, "#1f4e8c", "found (filled: Pareto)", true},
	};
	static const struct series joule[] = {{energy, "#2e7d32", "", true}};
	struct imc_arena *a = out->arena;
	size_t first = has_bound(c) ? 0 : 1;

	imc_buf_printf(out,
		       "<svg xmlns=\"http://www.w3.org/2000/svg\" "
		       "width=\"%d\" height=\"%d\" font-family=\"sans-serif\" "
		       "font-size=\"12\">\n"
		       "<style>.grid{stroke:#ddd}</style>\n"
		       "<rect width=\"100%%\" height=\"100%%\" "
		       "fill=\"white\"/>\n",
		       WIDTH, HEIGHT);
	text(out, LEFT, 18, "start",
	     imc_arena_printf(a, "%s on %s, by number of arrays",
			      escaped(a, c->model), escaped(a, c->target)));
	panel(out, c, TOP, "latency, ms", time + first, 2 - first);
	panel(out, c, TOP + PANEL + GAP, "energy, uJ", joule, 1);
	imc_buf_text(out, "</svg>\n");
}
