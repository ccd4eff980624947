#include "frontend/cli/diff_verdict.h"

#include <math.h>

#include "ir/op.h"

/* Weights so many times larger than the mean take the bits from all others;
 * the largest of 10^5 normal ones is 6 times the mean magnitude. */
#define CREST 15

/* Parts of an error that are worth a word. */
#define WORTH 0.2

static bool adds_more(const struct diff_sums *s, const struct diff_sums *than)
{
	double db = diff_db(s);

	return !isnan(db) && (!than || db < diff_db(than));
}

/* The worst of those marked; NULL: of all. */
static int64_t worst_of(const struct diff_net *n, const struct diff_figures *f,
			const bool *marked)
{
	int64_t worst = -1;

	for (size_t i = 0; i < n->n_layer; i++)
		if ((!marked || marked[i]) &&
		    adds_more(&f[i].local.sums,
			      worst < 0 ? NULL : &f[worst].local.sums))
			worst = (int64_t)i;
	return worst;
}

static int64_t worst_devices(const struct diff_net *n,
			     const struct diff_figures *f)
{
	int64_t worst = -1;

	for (size_t i = 0; i < n->n_layer; i++)
		if (adds_more(&f[i].devices,
			      worst < 0 ? NULL : &f[worst].devices))
			worst = (int64_t)i;
	return worst;
}

/* The first layer below the threshold at a level; -1: there is none. A level
 * that did not run has no signal and no noise. */
static int64_t first_below(const struct diff_net *n,
			   const struct diff_figures *f, enum diff_level level,
			   double threshold)
{
	for (size_t i = 0; i < n->n_layer; i++)
		if (diff_db(&f[i].level[level]) < threshold)
			return (int64_t)i;
	return -1;
}

/* Marks the layers that layer `of` depends on. */
static void mark_before(const struct diff_net *n, size_t of, bool *marked,
			struct imc_arena *a)
{
	const struct imc_graph *g = n->g;
	bool *needed = imc_arena_array(a, g->n_value, sizeof *needed);

	needed[n->layer[of].value.i] = true;
	for (size_t i = g->n_order; i-- > 0;) {
		const struct imc_node *x = imc_node_at(g, g->order[i]);
		bool is_needed = false;

		for (int k = 0; k < x->n_out; k++)
			if (imc_val_ok(x->out[k]))
				is_needed |= needed[x->out[k].i];
		for (int k = 0; is_needed && k < x->n_in; k++)
			if (imc_val_ok(x->in[k]))
				needed[x->in[k].i] = true;
	}
	for (size_t i = 0; i < n->n_layer; i++)
		marked[i] = i != of && needed[n->layer[i].value.i];
}

double diff_own_share(const struct diff_figures *f)
{
	double all = f->level[DIFF_QUANTISED].noise;

	return all > 0 ? fmin(1, f->local.sums.noise / all) : 0;
}

/* What is to blame for layer `first`; -1: there is none. */
static int64_t find_cause(const struct diff_net *n,
			  const struct diff_figures *f, int64_t first)
{
	struct imc_arena *a;
	bool *marked;
	int64_t from;

	if (first < 0 || diff_own_share(&f[first]) >= 0.5)
		return first;
	a = imc_arena_new();
	marked = imc_arena_array(a, n->n_layer, sizeof *marked);
	mark_before(n, (size_t)first, marked, a);
	from = worst_of(n, f, marked);
	imc_arena_free(a);
	return from;
}

static int64_t first_other(const struct diff_net *n,
			   const struct diff_figures *f, int level)
{
	for (size_t i = 0; i < n->n_layer; i++)
		if (f[i].n_other[level])
			return (int64_t)i;
	return -1;
}

struct diff_verdict diff_verdict_of(const struct diff_net *n,
				    const struct diff_figures *f,
				    double threshold)
{
	struct diff_verdict v = {.threshold = threshold};

	v.first = first_below(n, f, DIFF_QUANTISED, threshold);
	v.noisy = first_below(n, f, DIFF_NOISY, threshold);
	v.devices = worst_devices(n, f);
	v.worst = worst_of(n, f, NULL);
	v.from = find_cause(n, f, v.first);
	for (int l = 0; l < DIFF_N_LEVEL; l++)
		v.other[l] = first_other(n, f, l);
	return v;
}

int32_t diff_weight_bits(const struct diff_net *n, const struct diff_layer *l)
{
	const struct imc_node *q = diff_node(n, l);
	const struct imc_assign *as = diff_assign(n, l);

	if (!q || q->op != IMC_OP_Q_CONV2D)
		return 0;
	return as && as->engine == IMC_ENGINE_CROSSBAR ? as->weight_bits : 8;
}

int32_t diff_slices(const struct diff_net *n, const struct diff_layer *l)
{
	const struct imc_node *q = diff_node(n, l);

	return q && q->op == IMC_OP_Q_CONV2D ? (int32_t)q->a.slices[0] : 0;
}

static void tell_weights(const struct diff_net *n, const struct diff_layer *l,
			 struct imc_buf *out)
{
	imc_buf_printf(out, "weights of %d bits", (int)diff_weight_bits(n, l));
	if (l->one_scale)
		imc_buf_text(out, " with one scale for all outputs");
	if (l->crest > CREST)
		imc_buf_printf(out, " (the largest is %.0f times their mean)",
			       l->crest);
}

static void tell_range(const struct diff_figures *f, struct imc_buf *out)
{
	const struct diff_sums *s = &f->local.sums;
	double lo = diff_share(s->cut_lo, s->n),
	       hi = diff_share(s->cut_hi, s->n);

	imc_buf_text(out, "outputs beyond the range:");
	if (hi > 0)
		imc_buf_printf(out, " %.2g %% clipped at hi", hi * 100);
	if (lo > 0)
		imc_buf_printf(out, "%s %.2g %% clipped at lo",
			       hi > 0 ? "," : "", lo * 100);
	if (!(hi > 0) && !(lo > 0))
		imc_buf_text(out, " those of rounded weights");
}

static void tell_sums(const struct diff_net *n, const struct diff_layer *l,
		      struct imc_buf *out)
{
	const struct imc_node *q = diff_node(n, l);

	imc_buf_text(out, q && q->op == IMC_OP_Q_CONV2D && q->a.adc[0]
				  ? "the ADC's steps"
				  : "rounding in integer arithmetic");
}

static void tell(const struct diff_net *n, const struct diff_layer *l,
		 const struct diff_figures *f, enum diff_cause c,
		 struct imc_buf *out)
{
	const struct diff_code *code = &n->code[l->value.i];

	switch (c) {
	case DIFF_BY_INPUT:
		imc_buf_printf(out, "what it reads, in %d bits",
			       (int)l->act_bits);
		break;
	case DIFF_BY_WEIGHTS:
		tell_weights(n, l, out);
		break;
	case DIFF_BY_RANGE:
		tell_range(f, out);
		break;
	case DIFF_BY_STEP:
		imc_buf_printf(out, "the step of its output codes (%.3g)",
			       code->scale);
		break;
	case DIFF_BY_SUMS:
		tell_sums(n, l, out);
		break;
	case DIFF_BY_ADC:
		imc_buf_printf(
			out, "sums that its ADC clips (%.2g %% of outputs)",
			100 * diff_share(f->local.n_cut, f->local.n_read));
		break;
	case DIFF_N_CAUSE:
		break;
	}
}

/* The largest cause that is not told yet; -1: none is worth a word. */
static int next_cause(const struct diff_local *l, const bool *told)
{
	double most = WORTH;
	int best = -1;

	for (int c = 0; c < DIFF_N_CAUSE; c++) {
		double share = diff_cause_share(l, (enum diff_cause)c);

		if (!told[c] && share >= most) {
			most = share;
			best = c;
		}
	}
	return best;
}

void diff_reason(const struct diff_net *n, const struct diff_layer *l,
		 const struct diff_figures *f, struct imc_buf *out)
{
	bool told[DIFF_N_CAUSE] = {false}, any = false;

	for (int i; (i = next_cause(&f->local, told)) >= 0; any = true) {
		enum diff_cause c = (enum diff_cause)i;

		imc_buf_printf(out, "%s%.0f %%%s from ", any ? ", " : "",
			       100 * diff_cause_share(&f->local, c),
			       any ? "" : " of it");
		tell(n, l, f, c, out);
		told[i] = true;
	}
}
