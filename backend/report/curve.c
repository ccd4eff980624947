#include "backend/report/curve.h"

#include "backend/report/json.h"

bool imc_curve_same(const struct imc_curve_point *p,
		    const struct imc_curve_point *q, bool arrays)
{
	return p->has_drop == q->has_drop && p->post == q->post &&
	       !(p->drop < q->drop) && !(p->drop > q->drop) &&
	       !(p->budget_bits < q->budget_bits) &&
	       !(p->budget_bits > q->budget_bits) &&
	       (!arrays || p->arrays == q->arrays);
}

static double loss(const struct imc_curve_point *p)
{
	return p->measured ? p->lost : p->error;
}

/* q is as good as p in everything, and better in something, or the first of
 * two that are equal. */
static bool beats(const struct imc_curve_point *q,
		  const struct imc_curve_point *p)
{
	if (q == p || !q->found || q->arrays > p->arrays ||
	    q->latency_ms > p->latency_ms ||
	    q->images_per_s < p->images_per_s || loss(q) > loss(p))
		return false;
	return q < p || q->arrays < p->arrays ||
	       q->latency_ms < p->latency_ms ||
	       q->images_per_s > p->images_per_s || loss(q) < loss(p);
}

void imc_curve_mark(struct imc_curve *c)
{
	for (size_t i = 0; i < c->n; i++) {
		struct imc_curve_point *p = &c->point[i];

		p->pareto = p->found;
		for (size_t k = 0; k < c->n && p->pareto; k++)
			p->pareto = !beats(&c->point[k], p);
	}
}

/* Empty: nothing was asked for, or is known. */
static const char *number(struct imc_arena *a, bool given, double v)
{
	return given ? imc_arena_printf(a, "%.6g", v) : "";
}

/* The columns that only spatial machines have. */
static void csv_spatial(const struct imc_curve_point *p, struct imc_buf *out)
{
	struct imc_arena *a = out->arena;

	imc_buf_printf(out, ",%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s",
		       imc_objective_name(p->objective),
		       number(a, p->has_drop, p->drop),
		       number(a, p->budget_bits > 0, p->budget_bits),
		       number(a, p->min_images > 0, p->min_images),
		       number(a, p->found, p->images_per_s),
		       number(a, p->found, p->error),
		       number(a, p->found && p->measured, p->lost),
		       number(a, p->found, p->weight_bits),
		       number(a, p->found, p->act_bits),
		       number(a, p->found, p->gap),
		       number(a, p->found && p->seconds > 0, p->seconds));
}

static const char *post_name(const struct imc_curve_point *p)
{
	static const char *const name[] = {"auto", "digital", "adc"};

	return name[p->post];
}

/* The columns of accuracy against latency. */
static void csv_traded(const struct imc_curve_point *p, struct imc_buf *out)
{
	struct imc_arena *a = out->arena;

	imc_buf_printf(out, ",%s,%s,%s,%s,%s", post_name(p),
		       number(a, p->has_drop, p->drop),
		       number(a, p->found && p->measured, p->right),
		       number(a, p->found && p->measured, p->lost),
		       number(a, p->found, p->error));
	if (p->found)
		imc_buf_printf(out, ",%d,%d,%d", (int)p->n_adc,
			       (int)p->n_digital, (int)p->n_sliced);
	else
		imc_buf_text(out, ",,,");
}

void imc_curve_csv(const struct imc_curve *c, struct imc_buf *out)
{
	imc_buf_text(out, "arrays,latency_ms,energy_uj,bound_ms,used,pareto");
	if (c->spatial)
		imc_buf_text(out,
			     ",objective,max_drop,budget_bits,min_images,"
			     "images_per_s,error,drop,weight_bits,act_bits,gap,"
			     "seconds");
	if (c->traded)
		imc_buf_text(out, ",post,max_drop,accuracy,drop,error,"
				  "adc_layers,digital_layers,sliced_layers");
	imc_buf_text(out, "\n");
	for (size_t i = 0; i < c->n; i++) {
		const struct imc_curve_point *p = &c->point[i];

		if (p->found)
			imc_buf_printf(out, "%d,%.6g,%.6g,%.6g,%d,%d",
				       (int)p->arrays, p->latency_ms,
				       p->energy_uj, p->bound_ms, (int)p->used,
				       p->pareto);
		else
			imc_buf_printf(out, "%d,,,,,", (int)p->arrays);
		if (c->spatial)
			csv_spatial(p, out);
		if (c->traded)
			csv_traded(p, out);
		imc_buf_text(out, "\n");
	}
}

static void json_asked(struct imc_json *j, const struct imc_curve_point *p)
{
	imc_json_text(j, "objective", imc_objective_name(p->objective));
	if (p->has_drop)
		imc_json_number(j, "max_drop", p->drop);
	if (p->budget_bits > 0)
		imc_json_number(j, "budget_bits", p->budget_bits);
	if (p->min_images > 0)
		imc_json_number(j, "min_images", p->min_images);
}

static void json_traded(struct imc_json *j, const struct imc_curve_point *p)
{
	imc_json_number(j, "error", p->error);
	imc_json_int(j, "adc_layers", p->n_adc);
	imc_json_int(j, "digital_layers", p->n_digital);
	imc_json_int(j, "sliced_layers", p->n_sliced);
	if (p->measured) {
		imc_json_number(j, "accuracy", p->right);
		imc_json_number(j, "drop", p->lost);
	}
}

static void json_point(struct imc_json *j, const struct imc_curve *c,
		       const struct imc_curve_point *p)
{
	imc_json_open_row(j, NULL, '{');
	imc_json_int(j, "arrays", p->arrays);
	if (c->spatial)
		json_asked(j, p);
	if (c->traded) {
		imc_json_text(j, "post", post_name(p));
		imc_json_number(j, "max_drop", p->drop);
	}
	imc_json_bool(j, "found", p->found);
	if (p->found) {
		imc_json_number(j, "latency_ms", p->latency_ms);
		imc_json_number(j, "energy_uj", p->energy_uj);
		imc_json_number(j, "bound_ms", p->bound_ms);
		imc_json_int(j, "used", p->used);
		imc_json_bool(j, "pareto", p->pareto);
	}
	if (p->found && c->spatial) {
		imc_json_number(j, "images_per_s", p->images_per_s);
		imc_json_number(j, "error", p->error);
		imc_json_number(j, "weight_bits", p->weight_bits);
		imc_json_number(j, "act_bits", p->act_bits);
		imc_json_number(j, "gap", p->gap);
		if (p->measured)
			imc_json_number(j, "drop", p->lost);
	}
	if (p->found && c->traded)
		json_traded(j, p);
	imc_json_close(j, '}');
}

void imc_curve_json(const struct imc_curve *c, struct imc_buf *out)
{
	struct imc_json j = {.out = out};

	imc_json_open(&j, NULL, '{');
	imc_json_text(&j, "model", c->model);
	imc_json_text(&j, "target", c->target);
	imc_json_open(&j, "points", '[');
	for (size_t i = 0; i < c->n; i++)
		json_point(&j, c, &c->point[i]);
	imc_json_close(&j, ']');
	imc_json_close(&j, '}');
}
