#include "frontend/cli/diff_print.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "ir/op.h"

#define WIDTH 100

/* ---- cells of the table ---- */

/* The columns behind the name. Those of noise stand where the largest errors
 * are without it. */
#define NAME_WIDTH (WIDTH - 81)

/* What exporters repeat is left out: "/res3/res3.1/conv1/Conv" is
 * res3.1/conv1. */
static const char *short_of(const char *name, struct imc_arena *a)
{
	struct imc_buf b = {.arena = a};

	imc_buf_text(&b, "");
	while (*name) {
		size_t n = strcspn(name, "/");
		const char *next = name + n + (name[n] == '/');
		bool again = !strncmp(name, next, n) && next[n] == '.';
		bool is_op = !*next && b.n && imc_op_by_onnx(name) != IMC_N_OP;

		if (n && !again && !is_op) {
			imc_buf_text(&b, b.n ? "/" : "");
			imc_buf_bytes(&b, name, n);
		}
		name = next;
	}
	return b.p;
}

/* Of a name that is too long the end is what tells layers apart. */
static void put_name(const char *whole, struct imc_buf *out)
{
	const char *name = short_of(whole, out->arena);
	size_t width = NAME_WIDTH, n = strlen(name);

	if (n > width)
		imc_buf_printf(out, "..%s", name + n - (width - 2));
	else
		imc_buf_printf(out, "%-*s", (int)width, name);
}

static void put_db(double db, struct imc_buf *out)
{
	if (isnan(db))
		imc_buf_printf(out, " %5s", "-");
	else if (isinf(db))
		imc_buf_printf(out, " %5s", db > 0 ? "exact" : "none");
	else
		imc_buf_printf(out, " %5.1f", db);
}

/* Percent; so little that it would be 0.00 is <.01. */
static void put_share(double share, int width, struct imc_buf *out)
{
	double percent = share * 100;

	if (!(percent > 0))
		imc_buf_printf(out, " %*s", width, "-");
	else if (percent < 0.005)
		imc_buf_printf(out, " %*s", width, "<.01");
	else
		imc_buf_printf(out, " %*.*f", width, percent < 9.995 ? 2 : 1,
			       percent);
}

static const char *engine_of(const struct diff_net *n,
			     const struct diff_layer *l)
{
	const struct imc_assign *as = diff_assign(n, l);

	if (!imc_node_ok(l->node))
		return "input";
	return as ? imc_engine_name(as->engine) : "-";
}

static void put_weights(const struct diff_net *n, const struct diff_layer *l,
			struct imc_buf *out)
{
	int32_t bits = diff_weight_bits(n, l), slices = diff_slices(n, l);
	char text[16] = "-";

	if (slices > 1)
		snprintf(text, sizeof text, "%d/%d", (int)bits, (int)slices);
	else if (bits)
		snprintf(text, sizeof text, "%d", (int)bits);
	imc_buf_printf(out, " %3s", text);
}

/* Who makes the activation of the sums; "-": there is no ADC. */
static const char *post_of(const struct diff_net *n, const struct diff_layer *l)
{
	const struct imc_node *q = diff_node(n, l);

	if (!q || q->op != IMC_OP_Q_CONV2D || !q->a.adc[0])
		return "-";
	return q->a.post[0] ? "adc" : "dig";
}

static void put_codes(double n, struct imc_buf *out)
{
	imc_buf_printf(out, " %5.*f", n < 9.95 ? 1 : 0, n);
}

static void put_cosine(double c, struct imc_buf *out)
{
	if (isnan(c))
		imc_buf_printf(out, " %6s", "-");
	else
		imc_buf_printf(out, " %6.4f", c);
}

static void put_bundle(const struct diff_figures *f, struct imc_buf *out)
{
	int64_t other = f->n_other[DIFF_BUNDLE];

	if (!other)
		imc_buf_printf(out, " %6s", "=");
	else
		put_share(diff_share(other, f->level[DIFF_BUNDLE].n), 6, out);
}

/* Errors of the quantised network, or what noise makes of it. */
static void put_errors(const struct diff_report *r, size_t i,
		       struct imc_buf *out)
{
	const struct diff_figures *f = &r->f[i];
	double most = f->level[DIFF_QUANTISED].max;

	if (r->n_level > DIFF_NOISY) {
		put_db(diff_db(&f->devices), out);
		put_db(diff_db(&f->level[DIFF_NOISY]), out);
		imc_buf_text(out, "  ");
		return;
	}
	imc_buf_printf(out, " %7.3g", most);
	put_codes(most / r->net->code[r->net->layer[i].value.i].scale, out);
}

static void put_line(const struct diff_report *r, size_t i, struct imc_buf *out)
{
	const struct diff_layer *l = &r->net->layer[i];
	const struct diff_figures *f = &r->f[i];
	const struct diff_sums *s = &f->level[DIFF_QUANTISED];
	enum diff_cause c = diff_cause_of(&f->local);

	imc_buf_text(out, (int64_t)i == r->v->first ? ">" : " ");
	put_name(l->name, out);
	imc_buf_printf(out, " %-9s", engine_of(r->net, l));
	put_weights(r->net, l, out);
	imc_buf_printf(out, " %-4s", post_of(r->net, l));
	put_db(diff_db(&f->local.sums), out);
	imc_buf_printf(out, " %-7s",
		       c == DIFF_N_CAUSE ? "-" : diff_cause_name(c));
	put_db(diff_db(s), out);
	put_errors(r, i, out);
	put_cosine(diff_cosine(s), out);
	put_share(diff_share(s->cut_lo + s->cut_hi, s->n), 5, out);
	put_share(diff_share(f->local.n_cut, f->local.n_read), 4, out);
	put_bundle(f, out);
	imc_buf_text(out, "\n");
}

static void put_head(const struct diff_report *r, struct imc_buf *out)
{
	bool noisy = r->n_level > DIFF_NOISY;

	imc_buf_printf(
		out, " %-*s %-9s %3s %-4s %5s %-7s %5s %s %6s %5s %4s %6s\n",
		NAME_WIDTH, "layer", "engine", "w", "post", "adds", "mostly",
		"total", noisy ? "noise noisy  " : "max err codes", "cosine",
		"clip", "ADC", diff_level_name(DIFF_BUNDLE));
}

/* ---- what it comes to ---- */

/* Words joined by blanks, broken into lines of WIDTH. */
static void put_wrapped(const char *text, struct imc_buf *out)
{
	size_t at = 0;

	while (*text) {
		size_t n = strcspn(text, " ");

		if (at && at + 1 + n > WIDTH) {
			imc_buf_text(out, "\n  ");
			at = 2;
		} else if (at) {
			imc_buf_text(out, " ");
			at++;
		}
		imc_buf_bytes(out, text, n);
		at += n;
		text += n + strspn(text + n, " ");
	}
	imc_buf_text(out, "\n");
}

static void tell_own(const struct diff_report *r, int64_t i,
		     struct imc_buf *out)
{
	imc_buf_printf(out, "%.1f dB", diff_db(&r->f[i].local.sums));
	if (r->f[i].local.explained) {
		imc_buf_text(out, ", ");
		diff_reason(r->net, &r->net->layer[i], &r->f[i], out);
	}
}

/* What leads from the first layer to the one that is to blame. */
static void tell_from(const struct diff_report *r, struct imc_buf *out)
{
	const struct diff_verdict *v = r->v;

	if (v->from == v->first)
		imc_buf_printf(out, "; it adds most of that itself: ");
	else
		imc_buf_printf(out,
			       "; only %.0f %% of that noise is its own; "
			       "before it '%s' adds most: ",
			       100 * diff_own_share(&r->f[v->first]),
			       r->net->layer[v->from].name);
}

static void tell_first(const struct diff_report *r, struct imc_buf *out)
{
	const struct diff_verdict *v = r->v;

	if (v->first < 0) {
		imc_buf_printf(out, "no layer falls below %g dB", v->threshold);
		return;
	}
	imc_buf_printf(out,
		       "'%s' is the first below %g dB, with %.1f dB in total",
		       r->net->layer[v->first].name, v->threshold,
		       diff_db(&r->f[v->first].level[DIFF_QUANTISED]));
	if (v->from < 0)
		return;
	tell_from(r, out);
	tell_own(r, v->from, out);
}

static void tell_worst(const struct diff_report *r, struct imc_buf *out)
{
	int64_t i = r->v->worst;

	imc_buf_printf(out,
		       "of all layers '%s' adds most: ", r->net->layer[i].name);
	tell_own(r, i, out);
}

static void tell_bundle(const struct diff_report *r, struct imc_buf *out)
{
	int64_t i = r->v->other[DIFF_BUNDLE];

	if (i < 0)
		imc_buf_text(out, "the bundle gives the quantised network's "
				  "codes, bit for bit");
	else
		imc_buf_printf(
			out,
			"the bundle differs from the quantised network from "
			"'%s' on, in %lld of %lld samples",
			r->net->layer[i].name,
			(long long)r->f[i].n_other_sample[DIFF_BUNDLE],
			(long long)r->n);
}

static void tell_noise(const struct diff_report *r, struct imc_buf *out)
{
	const struct diff_verdict *v = r->v;

	if (v->noisy < 0)
		imc_buf_printf(out, "with noise no layer falls below %g dB",
			       v->threshold);
	else
		imc_buf_printf(
			out,
			"with noise '%s' is the first below %g dB, with %.1f "
			"dB in total",
			r->net->layer[v->noisy].name, v->threshold,
			diff_db(&r->f[v->noisy].level[DIFF_NOISY]));
	if (v->devices >= 0 && r->f[v->devices].devices.noise > 0)
		imc_buf_printf(out, "; devices of '%s' add most: %.1f dB",
			       r->net->layer[v->devices].name,
			       diff_db(&r->f[v->devices].devices));
}

static void put_verdict(const struct diff_report *r, struct imc_buf *out)
{
	struct imc_buf b = {.arena = out->arena};

	tell_first(r, &b);
	put_wrapped(b.p, out);
	if (r->v->worst >= 0 && r->v->worst != r->v->from) {
		b.n = 0;
		tell_worst(r, &b);
		put_wrapped(b.p, out);
	}
	b.n = 0;
	tell_bundle(r, &b);
	put_wrapped(b.p, out);
	if (r->n_level > DIFF_NOISY) {
		b.n = 0;
		tell_noise(r, &b);
		put_wrapped(b.p, out);
	}
}

static const char legend[] =
	"w: bits of weights/slices; post: activations are made by the adc, or "
	"digitally behind it\n"
	"adds: signal to noise, in dB, of what the layer makes of float's "
	"inputs; mostly: what that is from:\n"
	"  input codes, rounded weights, too small a range, steps of the "
	"output, "
	"inexact sums, ADCs that clip\n"
	"total: signal to noise of the quantised network up to here";

static const char errors_legend[] = "; max err, codes: its largest error\n";
static const char noise_legend[] =
	"; noisy: the same with noise\n"
	"noise: signal to noise of what the layer's devices make of the "
	"quantised network's inputs\n";

static const char columns_legend[] =
	"clip: outputs that a wider range would keep; ADC: outputs that "
	"clipping in ADCs changes; in percent\n"
	"bundle: codes that are not the quantised network's, in percent; "
	"=: none\n";

void diff_report_text(const struct diff_report *r, struct imc_buf *out)
{
	imc_buf_printf(out, "%lld samples\n\n", (long long)r->n);
	put_head(r, out);
	for (size_t i = 0; i < r->net->n_layer; i++)
		if (r->shown[i])
			put_line(r, i, out);
	imc_buf_text(out, "\n");
	put_verdict(r, out);
	imc_buf_text(out, "\n");
	imc_buf_text(out, legend);
	imc_buf_text(out,
		     r->n_level > DIFF_NOISY ? noise_legend : errors_legend);
	imc_buf_text(out, columns_legend);
}
