/* The picture of memory.h. */
#include <stdlib.h>
#include <string.h>

#include "backend/report/memory.h"
#include "backend/report/plot.h"
#include "backend/report/report.h"
#include "ir/support/checked.h"

/* Sizes in pixels; rectangles at most. */
enum {
	WIDTH = 1180,
	LEFT = 70,
	WIDE = WIDTH - LEFT - 20,
	TOP = 66,
	HIGH = 420,
	LANE = 18,  /* from one to the next */
	BELOW = 44, /* to the first of them */
	LETTER = 7,
	MOST = 2500
};

/* Pixels that nobody sees. */
#define THIN 0.15

enum kind { WHOLE, RING, CONSTANTS, SCRATCH, N_KIND };

static const char *const kind_name[N_KIND] = {
	"values, whole", "rings and blocks", "constants", "scratch"};
static const char *const kind_colour[N_KIND] = {"#5b8fd1", "#58b368", "#e0a030",
						"#a58ad6"};

struct drawing {
	const struct imc_module *m;
	const struct imc_plan *p;
	struct imc_arena *a;
	struct imc_buf *out;
	struct imc_plot_panel panel;
	double *begin;	 /* by step: when its slot begins; one more: the end */
	double total;	 /* ns */
	double unit;	 /* ns of a unit of the x axis */
	double x0, x_ns; /* pixel of time 0, pixels of a ns */
};

static double x_of(const struct drawing *d, double ns)
{
	return d->x0 + ns * d->x_ns;
}

/* ---- when ---- */

/* The time of the slot of steps i .. end. */
static double slot_ns(const struct imc_plan *p, size_t i, size_t end)
{
	double dma = 0, longest = 0;

	for (; i < end; i++) {
		double ns = p->step[i].cost.ns;

		if (p->step[i].kind != IMC_STEP_RUN)
			dma += ns;
		else if (ns > longest)
			longest = ns;
	}
	return dma > longest ? dma : longest;
}

static void set_times(struct drawing *d)
{
	const struct imc_plan *p = d->p;
	double now = 0;

	d->begin = imc_arena_array(d->a, p->n_step + 1, sizeof *d->begin);
	for (size_t i = 0, end; i < p->n_step; i = end) {
		end = imc_plan_slot_end(p, i);
		for (size_t k = i; k < end; k++)
			d->begin[k] = now;
		now += slot_ns(p, i, end);
	}
	d->begin[p->n_step] = now;
	d->total = now;
	d->unit = now < 1e6 ? 1e3 : 1e6;
}

/* ---- buffers ---- */

/* A buffer, or some that hold the same in turn at the same place. */
struct box {
	enum kind kind;
	const struct imc_buffer *b; /* the first one */
	double from, to;	    /* ns */
	int32_t n;
};

static enum kind kind_of(const struct imc_graph *g, const struct imc_buffer *b)
{
	if (!imc_val_ok(b->val))
		return b->node.i == UINT32_MAX ? SCRATCH : CONSTANTS;
	return b->n_chan || b->lines < imc_plan_n_row(
					       &imc_value_at(g, b->val)->t)
		       ? RING
		       : WHOLE;
}

static int by_place(const void *pa, const void *pb)
{
	const struct box *a = pa, *b = pb;

	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	if (a->b->offset != b->b->offset)
		return a->b->offset < b->b->offset ? -1 : 1;
	if (a->b->size_bytes != b->b->size_bytes)
		return a->b->size_bytes < b->b->size_bytes ? -1 : 1;
	if (a->b->first != b->b->first)
		return a->b->first < b->b->first ? -1 : 1;
	return (a->b > b->b) - (a->b < b->b); /* of one array */
}

static int by_area(const void *pa, const void *pb)
{
	const struct box *a = pa, *b = pb;
	double x = (a->to - a->from) * (double)a->b->size_bytes;
	double y = (b->to - b->from) * (double)b->b->size_bytes;

	if (x > y || x < y)
		return x > y ? -1 : 1;
	return (a->b > b->b) - (a->b < b->b);
}

static int by_time(const void *pa, const void *pb)
{
	const struct box *a = pa, *b = pb;

	if (a->b->first != b->b->first)
		return a->b->first < b->b->first ? -1 : 1;
	return (a->b > b->b) - (a->b < b->b);
}

/* Boxes of a kind and place that are less than gap_ns apart become one. */
static size_t merge(struct box *v, size_t n, double gap_ns)
{
	size_t out = 0;

	for (size_t i = 0; i < n; i++) {
		struct box *last = out ? &v[out - 1] : NULL;

		if (last && last->kind == v[i].kind &&
		    last->b->offset == v[i].b->offset &&
		    last->b->size_bytes == v[i].b->size_bytes &&
		    (v[i].from - last->to < gap_ns) &&
		    (v[i].to - v[i].from < 4 * gap_ns ||
		     last->to - last->from < 4 * gap_ns)) {
			last->to = v[i].to > last->to ? v[i].to : last->to;
			last->n += v[i].n;
		} else {
			v[out++] = v[i];
		}
	}
	return out;
}

static struct box *find_boxes(const struct drawing *d, size_t *n)
{
	const struct imc_plan *p = d->p;
	struct box *v = imc_arena_array(d->a, p->n_buffer + 1, sizeof *v);
	double gap_ns = d->x_ns > 0 ? 0.5 / d->x_ns : 0;

	*n = 0;
	for (size_t i = 0; i < p->n_buffer; i++) {
		const struct imc_buffer *b = &p->buffer[i];
		size_t end;

		if (b->mem != IMC_MEM_L1 || b->first > b->last ||
		    b->first < 0 || (size_t)b->last >= p->n_step)
			continue;
		end = imc_plan_slot_end(p, (size_t)b->last);
		v[(*n)++] = (struct box){kind_of(d->m->g, b), b,
					 d->begin[b->first], d->begin[end], 1};
	}
	if (*n)
		qsort(v, *n, sizeof *v, by_place);
	*n = merge(v, *n, gap_ns);
	while (*n > MOST && gap_ns > 0 && gap_ns < d->total)
		*n = merge(v, *n, gap_ns *= 2);
	if (*n > MOST) { /* what shows most */
		qsort(v, *n, sizeof *v, by_area);
		*n = MOST;
	}
	if (*n)
		qsort(v, *n, sizeof *v, by_time);
	return v;
}

static const char *box_name(const struct drawing *d, const struct box *x)
{
	const struct imc_graph *g = d->m->g;
	const struct imc_value *v;

	switch (x->kind) {
	case CONSTANTS:
		return imc_report_node_name(d->m, x->b->node, 40, d->a);
	case SCRATCH:
		return "scratch";
	case WHOLE:
	case RING:
	case N_KIND:
		break;
	}
	v = imc_value_at(g, x->b->val);
	if (v->def.i == UINT32_MAX)
		return imc_report_cleaned(v->name, d->a);
	return imc_report_node_name(d->m, v->def, 40, d->a);
}

static const char *box_text(const struct drawing *d, const struct box *x)
{
	struct imc_buf t = {.arena = d->a};
	const struct imc_buffer *b = x->b;

	imc_buf_printf(&t, "%s", box_name(d, x));
	if (x->kind == CONSTANTS)
		imc_buf_text(&t, ": constants");
	if (x->n > 1)
		imc_buf_printf(&t, " and %d more", (int)x->n - 1);
	imc_buf_printf(&t, ": %lld bytes at %lld", (long long)b->size_bytes,
		       (long long)b->offset);
	if (b->n_chan)
		imc_buf_printf(&t, ", %d x %d channels", (int)b->lines,
			       (int)b->n_chan);
	else if (x->kind == RING)
		imc_buf_printf(&t, ", %d of %lld rows", (int)b->lines,
			       (long long)imc_plan_n_row(
				       &imc_value_at(d->m->g, b->val)->t));
	imc_buf_printf(&t, ", %.4g to %.4g us", x->from * 1e-3, x->to * 1e-3);
	return t.p;
}

static void draw_box(const struct drawing *d, const struct box *x)
{
	double y1 = imc_plot_y(&d->panel, (double)x->b->offset / 1024);
	double y2 = imc_plot_y(
		&d->panel, (double)(x->b->offset + x->b->size_bytes) / 1024);
	double left = x_of(d, x->from), w = x_of(d, x->to) - left;
	const char *name = box_name(d, x);

	imc_buf_printf(d->out,
		       "<rect class=\"k%d\" x=\"%.2f\" y=\"%.2f\" "
		       "width=\"%.2f\" height=\"%.2f\"><title>%s</title>"
		       "</rect>\n",
		       (int)x->kind, left, y2, w > THIN ? w : THIN, y1 - y2,
		       imc_plot_escaped(d->a, box_text(d, x)));
	if (y1 - y2 >= 13 && w >= LETTER * (double)strlen(name) + 6)
		imc_plot_text(d->out, left + w / 2, (y1 + y2) / 2 + 4, "middle",
			      "black", name);
}

static void draw_boxes(const struct drawing *d)
{
	size_t n;
	struct box *v = find_boxes(d, &n);

	for (size_t i = 0; i < n; i++)
		draw_box(d, &v[i]);
}

/* ---- layers and engines below ---- */

static void begin_lane(const struct drawing *d, const char *name, double y)
{
	imc_plot_text(d->out, LEFT - 8, y + LANE - 6, "end", "black", name);
}

static void draw_layer(const struct drawing *d, const char *name, double from,
		       double to, int shade, double y)
{
	double left = x_of(d, from), w = x_of(d, to) - left;

	if (w < THIN)
		return;
	imc_buf_printf(d->out,
		       "<rect fill=\"%s\" x=\"%.2f\" y=\"%.1f\" "
		       "width=\"%.2f\" height=\"%d\"><title>%s, %.4g us"
		       "</title></rect>\n",
		       shade ? "#d8d8d8" : "#b8b8b8", left, y, w, LANE - 3,
		       imc_plot_escaped(d->a, name), (to - from) * 1e-3);
	if (w >= LETTER * (double)strlen(name) + 6)
		imc_plot_text(d->out, left + w / 2, y + LANE - 6, "middle",
			      "black", name);
}

/* Groups of layers, and layers that run alone. */
static void draw_layers(const struct drawing *d, double y)
{
	struct imc_report_memory r = imc_report_memory(d->m, d->a);
	size_t k = 0;
	int shade = 0;

	begin_lane(d, "layers", y);
	for (size_t i = 0, end; i < d->p->n_step; i = end) {
		const struct imc_step *s = &d->p->step[i];
		const struct imc_report_group *g =
			k < r.n_group ? &r.group[k] : NULL;
		const char *name;

		end = i + 1;
		if (g && i >= g->first_step) {
			end = g->end_step > end ? g->end_step : end;
			name = imc_arena_printf(
				d->a, "%s .. %s",
				imc_report_node_name(d->m, g->first, 28, d->a),
				imc_report_node_name(d->m, g->last, 28, d->a));
			k++;
		} else if (s->kind == IMC_STEP_RUN) {
			name = imc_report_node_name(d->m, s->node, 28, d->a);
		} else {
			continue;
		}
		shade = !shade;
		draw_layer(d, name, d->begin[i],
			   d->begin[imc_plan_slot_end(d->p, end - 1)], shade,
			   y);
	}
}

/* A stretch of time in which a lane is busy; what is closer than a part of a
 * pixel becomes one. */
struct busy {
	double from, to; /* pixels */
	double sum;	 /* ns */
	bool any;
};

static void flush(const struct drawing *d, struct busy *b)
{
	if (b->any)
		imc_buf_printf(d->out, "M%.1f 0H%.1f", b->from, b->to);
	b->any = false;
}

static void add_busy(const struct drawing *d, struct busy *b, double from,
		     double ns)
{
	double left = x_of(d, from), right = x_of(d, from + ns);

	if (!(ns > 0))
		return;
	b->sum += ns;
	if (b->any && left - b->to < 2 * THIN) {
		b->to = right > b->to ? right : b->to;
		return;
	}
	flush(d, b);
	*b = (struct busy){left, right, b->sum, true};
}

/* What lane `bit` does in step i. A crossbar step with post digital keeps the
 * cores busy at its end only. */
static void add_step(const struct drawing *d, size_t i, unsigned bit,
		     double *dma_ns, struct busy *b)
{
	const struct imc_step *s = &d->p->step[i];
	unsigned lanes = imc_step_lanes(&d->m->map, s);
	double ns = s->cost.ns, core = s->cost.core_ns;

	if (!(lanes & bit))
		return;
	if (bit == IMC_LANE_DMA) {
		add_busy(d, b, d->begin[i] + *dma_ns, ns);
		*dma_ns += ns;
	} else if (bit == IMC_LANE_CORES && lanes != bit && core < ns) {
		add_busy(d, b, d->begin[i] + ns - core, core);
	} else {
		add_busy(d, b, d->begin[i], ns);
	}
}

/* True if the lane does anything. */
static bool draw_lane(const struct drawing *d, const char *name, unsigned bit,
		      double y)
{
	struct imc_buf path = {.arena = d->a};
	struct drawing to = *d;
	struct busy b = {0};

	to.out = &path;
	imc_buf_text(&path, "");
	for (size_t i = 0, end; i < d->p->n_step; i = end) {
		double dma_ns = 0;

		end = imc_plan_slot_end(d->p, i);
		for (size_t k = i; k < end; k++)
			add_step(&to, k, bit, &dma_ns, &b);
	}
	flush(&to, &b);
	if (path.n == 0)
		return false;
	begin_lane(d, name, y);
	imc_buf_printf(d->out,
		       "<path transform=\"translate(0 %.1f)\" stroke=\"%s\" "
		       "stroke-width=\"%d\" d=\"%s\"><title>%s: busy %.1f %%"
		       "</title></path>\n",
		       y + (LANE - 3) / 2.0,
		       imc_plot_colour(bit == IMC_LANE_DMA ? 1 : 0), LANE - 3,
		       path.p, name, d->total > 0 ? b.sum * 100 / d->total : 0);
	return true;
}

static const struct {
	const char *name;
	unsigned bit;
} lane[] = {{"DMA", IMC_LANE_DMA},
	    {"arrays", IMC_LANE_PORT},
	    {"digital", IMC_LANE_PE},
	    {"cores", IMC_LANE_CORES}};

#define N_LANE ((int)(sizeof lane / sizeof lane[0]))

static void draw_below(const struct drawing *d)
{
	double y = TOP + HIGH + BELOW;

	draw_layers(d, y);
	y += LANE;
	for (int i = 0; i < N_LANE; i++)
		y += draw_lane(d, lane[i].name, lane[i].bit, y) ? LANE : 0;
}

/* ---- all of it ---- */

/* The line of what L1 holds, and names of the kinds. */
static void draw_panel(struct drawing *d)
{
	double kb = (double)d->m->hw->l1_bytes / 1024;
	bool far = d->m->hw->l1_bytes > 2 * d->p->l1_bytes; /* up */
	double end = d->total / d->unit;
	struct imc_plot_point *top = imc_arena_array(d->a, 4, sizeof *top);
	struct imc_plot_series *v =
		imc_arena_array(d->a, N_KIND + 2, sizeof *v);

	top[0] = (struct imc_plot_point){.x = 0, .y = kb};
	top[1] = (struct imc_plot_point){.x = end, .y = kb};
	top[2] = top[3] = top[1];
	top[2].y = top[3].y = (double)d->p->l1_bytes / 1024;
	for (int k = 0; k < N_KIND; k++)
		v[k] = (struct imc_plot_series){.name = kind_name[k],
						.colour = kind_colour[k],
						.dashed = true};
	v[N_KIND] = (struct imc_plot_series){far ? "size of L1: above"
						 : "size of L1",
					     "#c0392b", true, far ? 0 : 2, top};
	/* nothing to see, but it belongs to the axes */
	v[N_KIND + 1] = (struct imc_plot_series){"", "none", true, 2, top + 2};
	d->panel = (struct imc_plot_panel){
		.left = LEFT,
		.top = TOP,
		.width = WIDE,
		.height = HIGH,
		.title = "L1, kB",
		.x_title = d->unit < 1e6 ? "time, us" : "time, ms",
		.x_zero = true,
		.names_above = true,
		.n = N_KIND + 2,
		.series = v};
	imc_plot_add(d->out, &d->panel);
	d->x0 = imc_plot_x(&d->panel, 0);
	if (d->total > 0)
		d->x_ns = (imc_plot_x(&d->panel, end) - d->x0) / d->total;
}

static void draw_style(struct imc_buf *out)
{
	imc_buf_text(out, "<style>rect:hover{fill-opacity:.5}");
	for (int k = 0; k < N_KIND; k++)
		imc_buf_printf(out,
			       ".k%d{fill:%s;fill-opacity:.85;stroke:white;"
			       "stroke-width:.3}",
			       k, kind_colour[k]);
	imc_buf_text(out, "</style>\n");
}

void imc_memory_svg(const struct imc_module *m, struct imc_buf *out)
{
	struct drawing d = {
		.m = m, .p = &m->plan, .a = imc_arena_new(), .out = out};

	set_times(&d);
	imc_plot_open(
		out, WIDTH, TOP + HIGH + BELOW + 10 + (N_LANE + 1) * LANE,
		imc_arena_printf(
			d.a,
			"%s on %s: buffers in L1, %lld of %lld bytes (at "
			"least %lld), %.4g ms",
			m->model_name, m->hw->name, (long long)m->plan.l1_bytes,
			(long long)m->hw->l1_bytes,
			(long long)m->plan.l1_lower_bound, d.total * 1e-6));
	draw_style(out);
	draw_panel(&d);
	draw_boxes(&d);
	draw_below(&d);
	imc_plot_close(out);
	imc_arena_free(d.a);
}
