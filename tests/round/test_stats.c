/* passes/2-quant/round_stats.h: against sums over all windows. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ir/support/splitmix.h"
#include "ir/window.h"
#include "passes/2-quant/round_stats.h"
#include "tests/check.h"
#include "tests/graph_passes/build.h"

#define N_SAMPLE 3
#define SIDE 5

int test_stats(void);

/* A convolution of 4 channels of SIDE x SIDE to 6, channel-last. */
struct net {
	struct build b;
	struct imc_node *n;
	float *x[N_SAMPLE], *y[N_SAMPLE];
	struct imc_round_node node;
};

static void open_net(struct net *t, int64_t group, struct imc_arena *a)
{
	uint64_t seed = 5;
	imc_val x, v;

	*t = (struct net){.b = {imc_graph_new(a, "net"), 1}};
	t->b.g->layout = IMC_NHWC;
	x = t_input(&t->b, DIM(1, SIDE, SIDE, 4));
	v = OP(&t->b, CONV2D, x, t_const(&t->b, DIM(6, 3, 2, 4 / group)));
	t_output(&t->b, v);
	t->n = imc_node_at(t->b.g, imc_value_at(t->b.g, v)->def);
	t->n->a.kernel[0] = 3;
	t->n->a.kernel[1] = 2;
	t->n->a.stride[1] = 2;
	t->n->a.dilation[0] = 2;
	t->n->a.pads[0] = 1;
	t->n->a.pads[2] = 2;
	t->n->a.pads[3] = 1;
	t->n->a.group[0] = group;
	for (int i = 0; i < N_SAMPLE; i++) {
		size_t n = SIDE * SIDE * 4;

		t->x[i] = imc_arena_array(a, n, sizeof(float));
		t->y[i] = imc_arena_array(a, n, sizeof(float));
		for (size_t k = 0; k < n; k++) {
			t->x[i][k] = (float)imc_splitmix_normal(&seed);
			t->y[i][k] = t->x[i][k] +
				     0.2f * (float)imc_splitmix_normal(&seed);
		}
	}
	t->node = (struct imc_round_node){
		t->b.g, t->n, N_SAMPLE,
		t->x,	t->y, imc_node_in(t->b.g, t->n, 1)->t.data};
}

/* Element r of the window of `group` at output p of picture x. */
static double at(const struct net *t, const float *x, int64_t group, int64_t p,
		 int64_t r, int64_t out_w)
{
	int64_t c = 4 / t->n->a.group[0], ky = r / c / 2, kx = r / c % 2;
	int64_t iy = p / out_w + 2 * ky - 1, ix = p % out_w * 2 + kx;

	if (iy < 0 || iy >= SIDE || ix < 0 || ix >= SIDE)
		return 0;
	return (double)x[(iy * SIDE + ix) * 4 + group * c + r % c];
}

/* Sums over all pixels, of one pair of rows, and of output k with row i. */
static void naive(const struct net *t, const struct imc_round_stats *s,
		  int64_t group, const int64_t ijk[3], double out[4])
{
	int64_t out_h = SIDE + 3 - 4, out_w = 3, n = out_h * out_w * N_SAMPLE;

	memset(out, 0, 4 * sizeof *out);
	CHECK(s->n == n, "%d pixels", (int)s->n);
	for (int64_t p = 0; p < n; p++) {
		int64_t pic = p / (out_h * out_w), q = p % (out_h * out_w);
		double yi = at(t, t->y[pic], group, q, ijk[0], out_w);
		double e = 0;

		for (int64_t r = 0; r < s->r; r++)
			e += (double)t->node
				     .w[(group * s->k + ijk[2]) * s->r + r] *
			     (at(t, t->x[pic], group, q, r, out_w) -
			      at(t, t->y[pic], group, q, r, out_w));
		out[0] += yi * at(t, t->y[pic], group, q, ijk[1], out_w);
		out[1] += yi;
		out[2] += e * yi;
		out[3] += e;
	}
	for (int i = 0; i < 4; i++)
		out[i] /= (double)n;
}

static void near(double x, double want, const char *what)
{
	CHECK(fabs(x - want) < 1e-5, "%s: %g is %g", what, want, x);
}

static void check_group(const struct net *t, int64_t group, bool centred,
			struct imc_arena *a)
{
	struct imc_round_stats s =
		imc_round_stats_of(&t->node, group, centred, a);

	for (int64_t i = 0; i < s.r; i++)
		for (int64_t j = 0; j < s.r; j++) {
			int64_t k = (i + j) % s.k, r = s.r;
			double u[4];

			naive(t, &s, group, (int64_t[]){i, j, k}, u);
			near(s.mean[i], u[1], "mean");
			near(s.shift[k], u[3], "shift");
			near(s.h[i * r + j],
			     u[0] - (centred ? s.mean[i] * s.mean[j] : 0), "h");
			near(s.lag[k * r + i],
			     u[2] - (centred ? u[3] * u[1] : 0), "lag");
		}
}

int test_stats(void)
{
	for (int64_t group = 1; group <= 2; group++)
		for (int centred = 0; centred < 2; centred++) {
			struct imc_arena *a = imc_arena_new();
			struct net t;

			open_net(&t, group, a);
			for (int64_t i = 0; i < group; i++)
				check_group(&t, i, centred, a);
			imc_arena_free(a);
		}
	return check_result();
}
