#include <math.h>
#include <string.h>

#include "frontend/data/npy.h"
#include "frontend/data/preprocess.h"
#include "ir/support/buf.h"
#include "ir/support/checked.h"

/* A shape without its type. */
struct shape {
	int rank;
	int64_t dim[IMC_MAX_RANK];
};

/* One sample as the network takes it: the input without its batch axis of 1.
 * batch: the first dimension when it is larger than 1 and so belongs to the
 * sample; data then counts in rows of the batch. */
struct unit {
	const char *name;
	struct imc_tensor input; /* as in the ONNX model */
	struct shape s;		 /* C, H, W when rank is 3 */
	int64_t batch, count;	 /* count: elements of s */
};

/* How the data relates to the unit. */
struct fit {
	int64_t n;	   /* units in the data */
	bool channel_last; /* data is H, W, C */
};

struct imc_tensor imc_data_model_tensor(const struct imc_graph *g, imc_val v)
{
	struct imc_tensor t = imc_value_at(g, v)->t;

	t.data = NULL;
	if (g->layout == IMC_NHWC && t.rank == 4) {
		int64_t c = t.dim[3];

		t.dim[3] = t.dim[2];
		t.dim[2] = t.dim[1];
		t.dim[1] = c;
	}
	return t;
}

struct imc_tensor imc_data_input(const struct imc_graph *g)
{
	return imc_data_model_tensor(g, g->input[0]);
}

static struct unit unit_of(const struct imc_graph *g)
{
	struct unit u = {.batch = 1, .count = 1};
	int first;

	u.input = imc_data_input(g);
	u.name = imc_value_at(g, g->input[0])->name;
	first = u.input.rank >= 2;
	if (first && u.input.dim[0] > 1)
		u.batch = u.input.dim[0];
	for (int i = first; i < u.input.rank; i++) {
		u.s.dim[u.s.rank++] = u.input.dim[i];
		u.count *= u.input.dim[i];
	}
	return u;
}

static int64_t channels_of(const struct unit *u)
{
	return u->s.rank >= 2 ? u->s.dim[0] : 1;
}

static bool same(const struct shape *a, const struct shape *b)
{
	if (a->rank != b->rank)
		return false;
	for (int i = 0; i < a->rank; i++)
		if (a->dim[i] != b->dim[i])
			return false;
	return true;
}

static struct shape squeezed(const struct shape *s)
{
	struct shape out = {0};

	for (int i = 0; i < s->rank; i++)
		if (s->dim[i] != 1)
			out.dim[out.rank++] = s->dim[i];
	return out;
}

/* C, H, W -> H, W, C */
static struct shape rotated(const struct shape *s)
{
	struct shape out = *s;

	for (int i = 0; i < s->rank; i++)
		out.dim[i] = s->dim[(i + 1) % s->rank];
	return out;
}

static int64_t count_of(const struct shape *s)
{
	int64_t n = 1;

	for (int i = 0; i < s->rank; i++)
		if (!imc_mul_i64(n, s->dim[i], &n))
			return -1;
	return n;
}

enum match { NO, FIRST, LAST, EITHER };

/* Compares the shape of one sample in the data with the unit. */
static enum match compare(const struct unit *u, const struct shape *s)
{
	struct shape last = rotated(&u->s), have = squeezed(s);
	struct shape want = squeezed(&u->s), want_last = squeezed(&last);
	bool first_fits = same(&have, &want);
	bool last_fits = u->s.rank == 2 || u->s.rank == 3
				 ? same(&have, &want_last)
				 : false;

	if (first_fits && last_fits) {
		/* the order of axes of size 1 does not move anything */
		return channels_of(u) == 1 || want.rank <= 1 ? FIRST : EITHER;
	}
	if (first_fits || last_fits)
		return first_fits ? FIRST : LAST;
	if (count_of(s) != u->count)
		return NO;
	/* flat data, or a flat input: only when no order is in doubt */
	if (have.rank <= 1 &&
	    (channels_of(u) == 1 || u->count == channels_of(u)))
		return FIRST;
	return want.rank <= 1 && have.rank <= 2 ? FIRST : NO;
}

static struct shape tail(const struct imc_tensor *t, int from)
{
	struct shape s = {.rank = t->rank - from};

	for (int i = from; i < t->rank; i++)
		s.dim[i - from] = t->dim[i];
	return s;
}

/* The shapes that would do, for the message. */
static const char *wanted(const struct unit *u, struct imc_arena *a)
{
	struct shape last = rotated(&u->s);
	struct imc_buf b = {.arena = a};

	for (int k = 0; k < (u->s.rank == 3 ? 2 : 1); k++) {
		imc_buf_text(&b, k ? " or [N" : "[N");
		for (int i = 0; i < u->s.rank; i++)
			imc_buf_printf(&b, ", %lld",
				       (long long)(k ? last : u->s).dim[i]);
		imc_buf_text(&b, "]");
	}
	return b.p;
}

static bool find_fit(const struct unit *u, const struct imc_tensor *t,
		     bool onnx, struct fit *out)
{
	struct shape all = tail(t, 0), rest = tail(t, t->rank > 0);
	enum match batch = t->rank ? compare(u, &rest) : NO;
	enum match m = batch != NO ? batch : compare(u, &all);

	if (m == NO || (m == EITHER && !onnx))
		return false;
	out->n = batch != NO ? t->dim[0] : 1;
	out->channel_last = m == LAST;
	return true;
}

static bool report_shape(const char *path, const struct unit *u,
			 const struct imc_tensor *t, struct imc_diags *d)
{
	struct shape all = tail(t, 0), rest = tail(t, t->rank > 0);
	const char *found = imc_shape_text(t, d->arena);

	if (compare(u, &rest) == EITHER || compare(u, &all) == EITHER)
		return imc_diag(d, IMC_IN_FILE(path), IMC_D_DATA_AMBIGUOUS,
				found, u->name, "a .pb of ONNX");
	return imc_diag(d, IMC_IN_FILE(path), IMC_D_DATA_SHAPE, found, u->name,
			wanted(u, d->arena));
}

/* Element e of a unit (C, H, W order) in the data. */
static int64_t place_of(const struct unit *u, bool channel_last, int64_t e)
{
	int64_t c = channels_of(u), plane = u->count / c;

	return channel_last ? e % plane * c + e / plane : e;
}

static double pick(const double *v, int n, int64_t c, double none)
{
	return n == 0 ? none : n == 1 ? v[0] : v[c];
}

static void convert(const struct unit *u, const struct imc_tensor *t,
		    const struct fit *f, const struct imc_preprocess *pre,
		    float *x)
{
	int64_t plane = u->count / channels_of(u);

	for (int64_t s = 0; s < f->n; s++)
		for (int64_t e = 0; e < u->count; e++) {
			int64_t at = place_of(u, f->channel_last, e);
			double v = imc_element(t, s * u->count + at);
			int64_t c = e / plane;

			if (pre->given)
				v = (v * pre->scale -
				     pick(pre->mean, pre->n_mean, c, 0)) /
				    pick(pre->std, pre->n_std, c, 1);
			*x++ = (float)v;
		}
}

static bool is_float(enum imc_dtype t)
{
	return t == IMC_F16 || t == IMC_F32 || t == IMC_F64;
}

/* Everything about numbers that has to hold before they are converted. */
static bool settle(const char *path, const struct unit *u,
		   const struct imc_tensor *t, struct imc_preprocess *pre,
		   struct imc_diags *d)
{
	bool integer = !is_float(t->dtype);
	bool plain = pre->n_mean + pre->n_std == 0 &&
		     (pre->scale == 0 || pre->scale == 1);

	if (!pre->given && !imc_pre_beside(path, d->arena, d, pre))
		return false;
	if (!pre->given && integer && plain)
		imc_diag(d, IMC_IN_FILE(path), IMC_D_DATA_PLAIN);
	if (!pre->given && integer && !plain)
		pre->given = true;
	return !pre->given ||
	       imc_pre_settle(pre, integer, channels_of(u), path, d);
}

/* As the bundle's runner does it: *pre is final, and for integers only. */
static bool settle_compiled(const char *path, const struct unit *u,
			    const struct imc_tensor *t,
			    struct imc_preprocess *pre, struct imc_diags *d)
{
	bool integer = !is_float(t->dtype);

	pre->given = pre->given && integer;
	return !pre->given ||
	       imc_pre_settle(pre, integer, channels_of(u), path, d);
}

static bool check_input(const char *path, const struct imc_graph *g,
			struct imc_diags *d)
{
	return g->n_input == 1 || imc_diag(d, IMC_IN_FILE(path),
					   IMC_D_DATA_INPUTS, (int)g->n_input);
}

static bool read_samples(const char *path, const struct unit *u,
			 const struct imc_tensor *t, int64_t limit,
			 struct fit *f, struct imc_diags *d)
{
	bool onnx =
		strlen(path) >= 3 && !strcmp(path + strlen(path) - 3, ".pb");

	if (u->count <= 0 || !find_fit(u, t, onnx, f) || f->n % u->batch)
		return report_shape(path, u, t, d);
	if (limit > 0 && f->n > limit * u->batch)
		f->n = limit * u->batch;
	return f->n > 0 || imc_diag(d, IMC_IN_FILE(path), IMC_D_DATA_EMPTY);
}

static bool check_finite(const char *path, const float *x, int64_t n,
			 struct imc_diags *d)
{
	for (int64_t i = 0; i < n; i++)
		if (!isfinite(x[i]))
			return imc_diag(d, IMC_IN_FILE(path), IMC_D_DATA_FINITE,
					(long long)i, (double)x[i]);
	return true;
}

typedef bool settle_fn(const char *path, const struct unit *u,
		       const struct imc_tensor *t, struct imc_preprocess *pre,
		       struct imc_diags *d);

static void take_samples(const char *path, const struct unit *u,
			 const struct imc_tensor *t, const struct fit *f,
			 const struct imc_preprocess *pre, struct imc_arena *a,
			 struct imc_samples *out)
{
	*out = (struct imc_samples){.n = f->n / u->batch, .n_input = 1};
	out->size[0] = u->count * u->batch;
	out->source = imc_arena_strdup(a, path);
	out->x[0] = imc_arena_array(a, (size_t)(f->n * u->count),
				    sizeof *out->x[0]);
	convert(u, t, f, pre, out->x[0]);
}

static bool read_file(const char *path, const struct imc_graph *g,
		      imc_read_pb *pb, settle_fn *settle_pre,
		      struct imc_preprocess *pre, int64_t limit,
		      struct imc_arena *a, struct imc_diags *d,
		      struct imc_samples *out)
{
	struct imc_arena *scratch = imc_arena_new();
	struct imc_tensor t = {0};
	struct unit u = {0};
	struct fit f = {0};
	bool ok = check_input(path, g, d) &&
		  imc_data_tensor(path, pb, scratch, d, &t);

	if (ok) {
		u = unit_of(g);
		ok = read_samples(path, &u, &t, limit, &f, d) &&
		     settle_pre(path, &u, &t, pre, d);
	}
	if (ok) {
		take_samples(path, &u, &t, &f, pre, a, out);
		ok = check_finite(path, out->x[0], f.n * u.count, d);
	}
	imc_arena_free(scratch);
	return ok;
}

bool imc_data_samples(const char *path, const struct imc_graph *g,
		      imc_read_pb *pb, struct imc_preprocess *pre,
		      int64_t limit, struct imc_arena *a, struct imc_diags *d,
		      struct imc_samples *out)
{
	return read_file(path, g, pb, settle, pre, limit, a, d, out);
}

bool imc_data_samples_compiled(const char *path, const struct imc_graph *g,
			       imc_read_pb *pb,
			       const struct imc_preprocess *pre, int64_t limit,
			       struct imc_arena *a, struct imc_diags *d,
			       struct imc_samples *out)
{
	struct imc_preprocess own = *pre;

	return read_file(path, g, pb, settle_compiled, &own, limit, a, d, out);
}
