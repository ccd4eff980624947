#include "backend/report/curve.h"

#include <math.h>

#include "backend/report/json.h"

void imc_curve_mark(struct imc_curve *c)
{
	double best = INFINITY;

	for (size_t i = 0; i < c->n; i++) {
		struct imc_curve_point *p = &c->point[i];

		p->pareto = p->found && p->latency_ms < best;
		if (p->pareto)
			best = p->latency_ms;
	}
}

void imc_curve_csv(const struct imc_curve *c, struct imc_buf *out)
{
	imc_buf_text(out, "arrays,latency_ms,energy_uj,bound_ms,used,pareto\n");
	for (size_t i = 0; i < c->n; i++) {
		const struct imc_curve_point *p = &c->point[i];

		if (p->found)
			imc_buf_printf(out, "%d,%.6g,%.6g,%.6g,%d,%d\n",
				       (int)p->arrays, p->latency_ms,
				       p->energy_uj, p->bound_ms, (int)p->used,
				       p->pareto);
		else
			imc_buf_printf(out, "%d,,,,,\n", (int)p->arrays);
	}
}

static void json_point(struct imc_json *j, const struct imc_curve_point *p)
{
	imc_json_open_row(j, NULL, '{');
	imc_json_int(j, "arrays", p->arrays);
	imc_json_bool(j, "found", p->found);
	if (p->found) {
		imc_json_number(j, "latency_ms", p->latency_ms);
		imc_json_number(j, "energy_uj", p->energy_uj);
		imc_json_number(j, "bound_ms", p->bound_ms);
		imc_json_int(j, "used", p->used);
		imc_json_bool(j, "pareto", p->pareto);
	}
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
		json_point(&j, &c->point[i]);
	imc_json_close(&j, ']');
	imc_json_close(&j, '}');
}
