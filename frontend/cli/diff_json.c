#include <math.h>

#include "backend/report/json.h"
#include "frontend/cli/diff_print.h"
#include "ir/op.h"

static void write_sums(struct imc_json *j, const struct diff_sums *s,
		       double scale)
{
	imc_json_number(j, "sqnr_db", diff_db(s));
	imc_json_bool(j, "exact", s->n > 0 && !(s->noise > 0));
	imc_json_number(j, "max", s->max);
	imc_json_number(j, "max_codes", s->max / scale);
	imc_json_number(j, "cosine", diff_cosine(s));
	imc_json_number(j, "at_lo", diff_share(s->at_lo, s->n));
	imc_json_number(j, "at_hi", diff_share(s->at_hi, s->n));
	imc_json_number(j, "clipped_lo", diff_share(s->cut_lo, s->n));
	imc_json_number(j, "clipped_hi", diff_share(s->cut_hi, s->n));
}

static void write_own(struct imc_json *j, const struct diff_report *r, size_t i)
{
	const struct diff_local *o = &r->f[i].local;
	double scale = r->net->code[r->net->layer[i].value.i].scale;

	imc_json_open_row(j, "own", '{');
	write_sums(j, &o->sums, scale);
	imc_json_number(j, "share", diff_own_share(&r->f[i]));
	imc_json_number(j, "adc_clipped",
			o->n_read ? diff_share(o->n_cut, o->n_read) : NAN);
	if (r->n_level > DIFF_NOISY)
		imc_json_number(j, "noise_db", diff_db(&r->f[i].devices));
	if (o->explained) {
		imc_json_open(j, "from", '{');
		for (int c = 0; c < DIFF_N_CAUSE; c++)
			imc_json_number(
				j, diff_cause_name((enum diff_cause)c),
				diff_cause_share(o, (enum diff_cause)c));
		imc_json_close(j, '}');
	}
	imc_json_close(j, '}');
}

static void write_levels(struct imc_json *j, const struct diff_report *r,
			 size_t i)
{
	const struct diff_figures *f = &r->f[i];
	double scale = r->net->code[r->net->layer[i].value.i].scale;

	for (int l = 0; l < r->n_level; l++) {
		imc_json_open_row(j, diff_level_name((enum diff_level)l), '{');
		write_sums(j, &f->level[l], scale);
		if (l != DIFF_QUANTISED) {
			imc_json_number(
				j, "other_codes",
				diff_share(f->n_other[l], f->level[l].n));
			imc_json_int(j, "other_samples", f->n_other_sample[l]);
		}
		imc_json_close(j, '}');
	}
}

static void write_node(struct imc_json *j, const struct diff_report *r,
		       const struct diff_layer *l)
{
	const struct imc_node *q = diff_node(r->net, l);
	const struct imc_assign *as = diff_assign(r->net, l);
	int32_t bits = diff_weight_bits(r->net, l);

	imc_json_text(j, "op", q ? imc_op_info(q->op)->name : "input");
	imc_json_open_row(j, "origin", '[');
	for (int k = 0; q && k < q->n_origin; k++)
		imc_json_text(j, NULL, q->origin[k]);
	imc_json_close(j, ']');
	imc_json_text(j, "engine", as ? imc_engine_name(as->engine) : NULL);
	if (bits) {
		imc_json_int(j, "weight_bits", bits);
		imc_json_int(j, "slices", diff_slices(r->net, l));
		imc_json_number(j, "weight_crest", l->crest);
		imc_json_bool(j, "one_scale", l->one_scale);
		imc_json_text(j, "post",
			      !q->a.adc[0]   ? NULL
			      : q->a.post[0] ? "adc"
					     : "digital");
	}
	if (l->act_bits)
		imc_json_int(j, "act_bits", l->act_bits);
}

static void write_layer(struct imc_json *j, const struct diff_report *r,
			size_t i)
{
	const struct diff_layer *l = &r->net->layer[i];
	const struct diff_code *c = &r->net->code[l->value.i];

	imc_json_open(j, NULL, '{');
	imc_json_text(j, "name", l->name);
	imc_json_bool(j, "first", (int64_t)i == r->v->first);
	write_node(j, r, l);
	imc_json_number(j, "scale", c->scale);
	imc_json_int(j, "zero", c->zero);
	imc_json_int(j, "lo", c->lo);
	imc_json_int(j, "hi", c->hi);
	write_own(j, r, i);
	write_levels(j, r, i);
	imc_json_close(j, '}');
}

static const char *name_at(const struct diff_report *r, int64_t i)
{
	return i < 0 ? NULL : r->net->layer[i].name;
}

/* Why layer i adds what it adds; -1: null. */
static void write_reason(struct imc_json *j, const struct diff_report *r,
			 const char *key, int64_t i)
{
	struct imc_buf why = {.arena = j->out->arena};

	if (i >= 0)
		diff_reason(r->net, &r->net->layer[i], &r->f[i], &why);
	imc_json_text(j, key, why.n ? why.p : NULL);
}

static void write_verdict(struct imc_json *j, const struct diff_report *r)
{
	const struct diff_verdict *v = r->v;

	imc_json_open(j, "verdict", '{');
	imc_json_number(j, "threshold_db", v->threshold);
	imc_json_text(j, "first", name_at(r, v->first));
	imc_json_text(j, "from", name_at(r, v->from));
	write_reason(j, r, "reason", v->from);
	imc_json_text(j, "worst", name_at(r, v->worst));
	write_reason(j, r, "worst_reason", v->worst);
	imc_json_open(j, "other_from", '{');
	for (int l = DIFF_QUANTISED + 1; l < r->n_level; l++)
		imc_json_text(j, diff_level_name((enum diff_level)l),
			      name_at(r, v->other[l]));
	imc_json_close(j, '}');
	if (r->n_level > DIFF_NOISY) {
		imc_json_text(j, "noisy_first", name_at(r, v->noisy));
		imc_json_text(j, "devices_worst", name_at(r, v->devices));
	}
	imc_json_close(j, '}');
}

void diff_report_json(const struct diff_report *r, struct imc_buf *out)
{
	struct imc_json j = {.out = out};

	imc_json_open(&j, NULL, '{');
	imc_json_int(&j, "n", r->n);
	write_verdict(&j, r);
	imc_json_open(&j, "layers", '[');
	for (size_t i = 0; i < r->net->n_layer; i++)
		if (r->shown[i])
			write_layer(&j, r, i);
	imc_json_close(&j, ']');
	imc_json_close(&j, '}');
}
