/* The pictures of a curve. */
#include "backend/report/curve.h"
#include "backend/report/plot.h"

/* Sizes in pixels. */
enum {
	WIDTH = 760,
	HIGH = 240,
	LEFT = 70,
	TOP = 50,
	GAP = 70,
	WIDE = 1180,
	HALF = 480
};

/* A coordinate of a point. */
typedef double quantity(const struct imc_curve_point *p);

static double arrays(const struct imc_curve_point *p)
{
	return p->arrays;
}

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

static double images(const struct imc_curve_point *p)
{
	return p->images_per_s;
}

/* What the user gives away: samples if they were counted. */
static double loss(const struct imc_curve_point *p)
{
	return p->measured ? p->lost : p->error;
}

/* What is drawn of some points. */
struct drawn {
	const struct imc_curve *c;
	struct imc_arena *a;
	quantity *x, *y;
};

static const char *hint(const struct drawn *d, const struct imc_curve_point *p)
{
	if (d->c->traded)
		return imc_arena_printf(
			d->a,
			"%.4g ms, %.4g uJ, %.4g %% lost: %d adc, %d digital",
			p->latency_ms, p->energy_uj, loss(p), (int)p->n_adc,
			(int)p->n_digital);
	if (!d->c->spatial)
		return imc_arena_printf(d->a, "%d arrays: %.4g", (int)p->arrays,
					d->y(p));
	return imc_arena_printf(d->a,
				"%d arrays: %.4g ms, %.4g images/s, %s %.3g",
				(int)p->arrays, p->latency_ms, p->images_per_s,
				p->measured ? "drop %" : "error", loss(p));
}

/* The found points for which keep is true (keep: of each point, or NULL). */
static struct imc_plot_series series(const struct drawn *d, const bool *keep)
{
	struct imc_plot_point *v =
		imc_arena_array(d->a, d->c->n + 1, sizeof *v);
	struct imc_plot_series s = {.point = v};

	for (size_t i = 0; i < d->c->n; i++) {
		const struct imc_curve_point *p = &d->c->point[i];

		if (p->found && (!keep || keep[i]))
			v[s.n++] = (struct imc_plot_point){
				d->x(p), d->y(p), p->pareto, hint(d, p)};
	}
	return s;
}

static bool has_bound(const struct imc_curve *c)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->point[i].found && c->point[i].bound_ms > 0)
			return true;
	return false;
}

/* Latency and energy over the arrays. */
static void draw_arrays(const struct imc_curve *c, struct imc_buf *out)
{
	struct drawn d = {c, out->arena, arrays, bound};
	struct imc_plot_series time[2] = {series(&d, NULL)}, joule;
	struct imc_plot_panel p = {.left = LEFT,
				   .top = TOP,
				   .width = WIDTH - LEFT - 20,
				   .height = HIGH,
				   .title = "latency, ms"};
	size_t first = has_bound(c) ? 0 : 1;

	d.y = latency;
	time[1] = series(&d, NULL);
	d.y = energy;
	joule = series(&d, NULL);
	time[0].name = "proven lower bound";
	time[1].name = "found (filled: Pareto)";
	time[0].dashed = true;
	time[0].colour = imc_plot_colour(1);
	time[1].colour = imc_plot_colour(0);
	joule.colour = imc_plot_colour(2);
	imc_plot_open(out, WIDTH, TOP + 2 * HIGH + 2 * GAP,
		      imc_arena_printf(d.a, "%s on %s, by number of arrays",
				       c->model, c->target));
	p.series = time + first;
	p.n = 2 - first;
	imc_plot_add(out, &p);
	p.top += HIGH + GAP;
	p.title = "energy, uJ";
	p.series = &joule;
	p.n = 1;
	imc_plot_add(out, &p);
	imc_plot_close(out);
}

/* What a series of points has in common. */
static const char *name_of(const struct imc_curve_point *p, bool with_arrays,
			   struct imc_arena *a)
{
	const char *n =
		with_arrays ? imc_arena_printf(a, "%d arrays, ", (int)p->arrays)
			    : "";

	if (p->has_drop)
		return imc_arena_printf(a, "%sdrop of %g %% at most", n,
					p->drop);
	if (p->budget_bits > 0)
		return imc_arena_printf(a, "%serror of %g bits", n,
					p->budget_bits);
	return imc_arena_printf(a, "%sbits as given", n);
}

/* The points of i's series; false: it was drawn before. by_arrays: points on
 * as many arrays; else those with i's objective and no images asked for. */
static bool mark_series(const struct imc_curve *c, size_t i, bool by_arrays,
			bool *keep)
{
	const struct imc_curve_point *p = &c->point[i];

	for (size_t k = 0; k < c->n; k++) {
		const struct imc_curve_point *q = &c->point[k];

		keep[k] = imc_curve_same(p, q, by_arrays) &&
			  (by_arrays || (q->objective == p->objective &&
					 !(q->min_images > 0)));
		if (keep[k] && k < i)
			return false;
	}
	return true;
}

/* A panel of one series for each thing asked for. objective: of the points
 * that are taken, when not by_arrays. */
static void draw_panel(const struct drawn *d, struct imc_plot_panel p,
		       bool by_arrays, enum imc_objective objective,
		       struct imc_buf *out)
{
	const struct imc_curve *c = d->c;
	struct imc_plot_series *v = imc_arena_array(d->a, c->n + 1, sizeof *v);
	bool *keep = imc_arena_array(d->a, c->n + 1, sizeof *keep);

	p.series = v;
	for (size_t i = 0; i < c->n; i++) {
		const struct imc_curve_point *q = &c->point[i];

		if (!by_arrays &&
		    (q->objective != objective || q->min_images > 0))
			continue;
		if (!mark_series(c, i, by_arrays, keep))
			continue;
		v[p.n] = series(d, keep);
		v[p.n].name = name_of(q, by_arrays, d->a);
		v[p.n].colour = imc_plot_colour(p.n);
		p.n++;
	}
	imc_plot_add(out, &p);
}

/* Latency against images a second; both over the arrays; what they cost. */
static void draw_spatial(const struct imc_curve *c, struct imc_buf *out)
{
	struct imc_arena *a = out->arena;
	struct imc_plot_panel p = {.left = LEFT,
				   .top = TOP,
				   .width = HALF,
				   .height = HIGH,
				   .title = "images/s",
				   .x_title = "latency, ms",
				   .x_zero = true};

	imc_plot_open(out, WIDE, TOP + 2 * HIGH + 2 * GAP,
		      imc_arena_printf(a, "%s on %s (filled: Pareto)", c->model,
				       c->target));
	draw_panel(&(struct drawn){c, a, latency, images}, p, true,
		   IMC_OBJECTIVE_LATENCY, out);
	p.left += HALF + 110;
	p.title = c->n && c->point[0].measured
			  ? "samples lost, % (measured)"
			  : "error of the output (sum of its layers')";
	draw_panel(&(struct drawn){c, a, latency, loss}, p, true,
		   IMC_OBJECTIVE_LATENCY, out);
	p.x_zero = false;
	p.x_title = "arrays";
	p.title = "most images/s";
	p.top += HIGH + GAP;
	draw_panel(&(struct drawn){c, a, arrays, images}, p, false,
		   IMC_OBJECTIVE_THROUGHPUT, out);
	p.left = LEFT;
	p.title = "least latency, ms";
	draw_panel(&(struct drawn){c, a, arrays, latency}, p, false,
		   IMC_OBJECTIVE_LATENCY, out);
	imc_plot_close(out);
}

/* What is chosen on as many arrays as point i, or one end; false: it was drawn
 * before, or is not there. */
static bool mark_traded(const struct imc_curve *c, size_t i, bool *keep)
{
	const struct imc_curve_point *p = &c->point[i];

	for (size_t k = 0; k < c->n; k++) {
		const struct imc_curve_point *q = &c->point[k];

		keep[k] = q->post == p->post && q->arrays == p->arrays;
		if (keep[k] && k < i)
			return false;
	}
	return true;
}

static const char *traded_name(const struct imc_curve_point *p,
			       struct imc_arena *a)
{
	static const char *const name[] = {"chosen (filled: Pareto)",
					   "all digital", "all adc"};

	return imc_arena_printf(a, "%d arrays, %s", (int)p->arrays,
				name[p->post]);
}

static void traded_panel(const struct drawn *d, struct imc_plot_panel p,
			 struct imc_buf *out)
{
	const struct imc_curve *c = d->c;
	struct imc_plot_series *v = imc_arena_array(d->a, c->n + 1, sizeof *v);
	bool *keep = imc_arena_array(d->a, c->n + 1, sizeof *keep);

	p.series = v;
	for (size_t i = 0; i < c->n; i++) {
		if (!mark_traded(c, i, keep))
			continue;
		v[p.n] = series(d, keep);
		v[p.n].name = traded_name(&c->point[i], d->a);
		v[p.n].colour = imc_plot_colour(p.n);
		p.n++;
	}
	imc_plot_add(out, &p);
}

/* Samples lost, and energy, over the latency. */
static void draw_traded(const struct imc_curve *c, struct imc_buf *out)
{
	struct imc_arena *a = out->arena;
	struct imc_plot_panel p = {.left = LEFT,
				   .top = TOP,
				   .width = WIDTH - LEFT - 20,
				   .height = HIGH,
				   .title = "samples lost, % (measured)",
				   .x_title = "latency, ms"};

	imc_plot_open(out, WIDTH, TOP + 2 * HIGH + 2 * GAP,
		      imc_arena_printf(a, "%s on %s, accuracy against latency",
				       c->model, c->target));
	traded_panel(&(struct drawn){c, a, latency, loss}, p, out);
	p.top += HIGH + GAP;
	p.title = "energy, uJ";
	traded_panel(&(struct drawn){c, a, latency, energy}, p, out);
	imc_plot_close(out);
}

void imc_curve_svg(const struct imc_curve *c, struct imc_buf *out)
{
	if (c->spatial)
		draw_spatial(c, out);
	else if (c->traded)
		draw_traded(c, out);
	else
		draw_arrays(c, out);
}
