/* The network against finite differences, and the agent on a walk whose best
 * actions are known. */
#include "passes/solver/ddpg.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "ir/support/splitmix.h"
#include "passes/solver/mlp.h"
#include "tests/check.h"

#define OK(condition) CHECK(condition, "is false")
#define N_STEP 6
#define N_STATE 3
#define N_ACTION 2

/* ---- the network ---- */

static double between(uint64_t *random, double lo, double hi)
{
	return lo + (hi - lo) * imc_splitmix_unit(random);
}

/* A loss whose derivatives by the outputs are `by`. */
static double loss(struct imc_mlp *m, const double *x, const double *by,
		   int n_out)
{
	const double *y = imc_mlp_forward(m, x);
	double sum = 0;

	for (int j = 0; j < n_out; j++)
		sum += by[j] * y[j];
	return sum;
}

/* The difference quotient by *v. */
static double slope_by(double *v, struct imc_mlp *m, const double *x,
		       const double *by, int n_out)
{
	const double step = 1e-6, at = *v;
	double above, below;

	*v = at + step;
	above = loss(m, x, by, n_out);
	*v = at - step;
	below = loss(m, x, by, n_out);
	*v = at;
	return (above - below) / (2 * step);
}

static bool near(double a, double b, double within)
{
	return fabs(a - b) <= within * (1 + fabs(b));
}

static void check_gradient(int32_t n_layer, const int32_t *size)
{
	struct imc_arena *a = imc_arena_new();
	uint64_t random = 3;
	struct imc_mlp *m = imc_mlp_new(n_layer, size, &random, a);
	int n_out = size[n_layer], n_bad = 0, n_nonzero = 0;
	double x[8], by[8], by_x[8];

	for (int i = 0; i < 8; i++) {
		x[i] = between(&random, -1, 1);
		by[i] = between(&random, -1, 1);
	}
	imc_mlp_forward(m, x);
	imc_mlp_backward(m, by);
	memcpy(by_x, imc_mlp_input_grad(m, by), (size_t)size[0] * sizeof *by_x);
	for (size_t i = 0; i < m->n; i++) {
		n_nonzero += m->grad[i] != 0;
		n_bad += !near(m->grad[i],
			       slope_by(&m->value[i], m, x, by, n_out), 1e-7);
	}
	for (int i = 0; i < size[0]; i++)
		n_bad += !near(by_x[i], slope_by(&x[i], m, x, by, n_out), 1e-7);
	CHECK(n_bad == 0, "%d derivatives are wrong", n_bad);
	CHECK(n_nonzero > (int)m->n / 5, "%d of %zu are not 0", n_nonzero,
	      m->n);
	imc_arena_free(a);
}

/* Gradients add up until a step, and a first step of Adam is as long as the
 * rate whatever the gradient is. */
static void check_step(void)
{
	const int32_t size[] = {3, 5, 2};
	const double x[] = {0.3, -0.5, 0.8}, by[] = {1e6, -2};
	struct imc_arena *a = imc_arena_new();
	uint64_t random = 5;
	struct imc_mlp *m = imc_mlp_new(2, size, &random, a);
	struct imc_mlp *old = imc_mlp_copy(m, a);

	imc_mlp_forward(m, x);
	imc_mlp_backward(m, by);
	imc_mlp_forward(old, x);
	imc_mlp_backward(old, by);
	imc_mlp_backward(old, by);
	for (size_t i = 0; i < m->n; i++)
		OK(old->grad[i] == 2 * m->grad[i]);
	imc_mlp_step(m, 0.01);
	for (size_t i = 0; i < m->n; i++) {
		double g = old->grad[i], moved = m->value[i] - old->value[i];

		OK(m->grad[i] == 0);
		OK(near(moved, g > 0 ? -0.01 : g < 0 ? 0.01 : 0, 1e-6));
	}
	imc_mlp_follow(old, m, 1);
	for (size_t i = 0; i < m->n; i++)
		OK(near(old->value[i], m->value[i], 1e-12));
	imc_arena_free(a);
}

static double wanted_of(const double *x)
{
	return 2 * x[0] - x[1] + fabs(x[0]) - 0.5;
}

/* The mean squared error over a grid, whose gradients are added up. */
static double grid_error(struct imc_mlp *m)
{
	const int side = 6, n = side * side;
	double sum = 0;

	for (int i = 0; i < n; i++) {
		double x[2] = {0.4 * (i % side) - 1, 0.4 * (i / side) - 1};
		double error = *imc_mlp_forward(m, x) - wanted_of(x);
		double grad = 2 * error / n;

		imc_mlp_backward(m, &grad);
		sum += error * error / n;
	}
	return sum;
}

static void check_regression(void)
{
	const int32_t size[] = {2, 16, 1};
	struct imc_arena *a = imc_arena_new();
	uint64_t random = 1;
	struct imc_mlp *m = imc_mlp_new(2, size, &random, a);
	double first = grid_error(m), error = first;

	for (int i = 0; i < 400; i++) {
		imc_mlp_step(m, 0.01);
		error = grid_error(m);
	}
	CHECK(first > 1 && error < 1e-3, "%g -> %g", first, error);
	imc_arena_free(a);
}

/* ---- the agent ---- */

/* A walk: how far step i is, and two numbers that tell what is best. */
static void put_state(float *state, int i)
{
	uint64_t random = (uint64_t)i;

	state[0] = (float)(i + 1) / N_STEP;
	for (int k = 1; k < N_STATE; k++)
		state[k] = (float)imc_splitmix_unit(&random);
}

static double best_action(const float *state, int j)
{
	return j ? 0.9 - 0.7 * state[1] * state[2] : 0.2 + 0.6 * state[1];
}

/* -(action - best)^2, summed up. */
static double step_reward(const float *state, const float *action)
{
	double sum = 0;

	for (int j = 0; j < N_ACTION; j++) {
		double error = action[j] - best_action(state, j);

		sum -= error * error;
	}
	return sum;
}

/* What can be had with the same actions at every step. */
static double constant_return(void)
{
	double sum = 0;

	for (int j = 0; j < N_ACTION; j++) {
		double mean = 0, square = 0;

		for (int i = 0; i < N_STEP; i++) {
			float state[N_STATE];
			double best;

			put_state(state, i);
			best = best_action(state, j);
			mean += best / N_STEP;
			square += best * best;
		}
		sum -= square - N_STEP * mean * mean;
	}
	return sum;
}

struct walk {
	float state[N_STEP][N_STATE], action[N_STEP][N_ACTION];
	float reward[N_STEP]; /* of each step */
	double sum;
};

static struct walk walk(struct imc_ddpg *d, bool explore)
{
	struct walk w = {.sum = 0};

	for (int i = 0; i < N_STEP; i++) {
		double reward;

		put_state(w.state[i], i);
		imc_ddpg_act(d, w.state[i], explore, w.action[i]);
		reward = step_reward(w.state[i], w.action[i]);
		w.reward[i] = (float)reward;
		w.sum += reward;
	}
	return w;
}

/* whole: every step gets the reward of the walk. */
static void remember(struct imc_ddpg *d, const struct walk *w, bool whole,
		     float scale)
{
	for (int i = 0; i < N_STEP; i++) {
		bool last = i + 1 == N_STEP;
		float reward = whole ? (float)w->sum : w->reward[i];

		imc_ddpg_remember(d, w->state[i], w->action[i], reward * scale,
				  last ? NULL : w->state[i + 1], last);
	}
}

/* Small, and with a memory that is full before the end. */
static struct imc_ddpg_options small_agent(uint64_t seed)
{
	return (struct imc_ddpg_options){.n_state = N_STATE,
					 .n_action = N_ACTION,
					 .hidden = {32, 24},
					 .batch = 24,
					 .memory = 500,
					 .seed = seed};
}

static void train(struct imc_ddpg *d, int n_episode, bool whole, float scale)
{
	for (int e = 0; e < n_episode; e++) {
		struct walk w = walk(d, true);

		remember(d, &w, whole, scale);
		imc_ddpg_learn(d, e < 8 ? 0 : N_STEP);
		imc_ddpg_end_episode(d);
	}
}

/* Mean of 50 walks by an agent that knows nothing, and draws uniformly. */
static double random_return(void)
{
	struct imc_arena *a = imc_arena_new();
	struct imc_ddpg_options o = small_agent(99);
	struct imc_ddpg *d = imc_ddpg_new(&o, a);
	double sum = 0;

	for (int e = 0; e < 50; e++)
		sum += walk(d, true).sum / 50;
	imc_arena_free(a);
	return sum;
}

static double trained_return(uint64_t seed, bool whole)
{
	struct imc_arena *a = imc_arena_new();
	struct imc_ddpg_options o = small_agent(seed);
	struct imc_ddpg *d = imc_ddpg_new(&o, a);
	double sum;

	train(d, 150, whole, 1);
	sum = walk(d, false).sum;
	imc_arena_free(a);
	return sum;
}

static void check_learning(void)
{
	double at_random = random_return(), constant = constant_return();

	CHECK(at_random < -1.2, "%g", at_random);
	for (uint64_t seed = 1; seed <= 3; seed++) {
		double whole = trained_return(seed, true);
		double each = trained_return(seed, false);

		CHECK(whole > at_random / 3, "%g of %g", whole, at_random);
		CHECK(each > constant, "%g of %g", each, constant);
	}
}

/* FNV-1a over the bits of what an agent does while it is trained. */
static uint64_t history(uint64_t seed)
{
	struct imc_arena *a = imc_arena_new();
	struct imc_ddpg_options o = small_agent(seed);
	struct imc_ddpg *d = imc_ddpg_new(&o, a);
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (int e = 0; e < 20; e++) {
		struct walk w = walk(d, true);

		train(d, 1, true, 1);
		imc_ddpg_learn(d, 2);
		for (int i = 0; i < N_STEP * N_ACTION; i++) {
			uint32_t bits;

			memcpy(&bits, &w.action[i / N_ACTION][i % N_ACTION],
			       sizeof bits);
			h = (h ^ bits) * UINT64_C(0x100000001b3);
		}
	}
	imc_arena_free(a);
	return h;
}

static void check_seeds(void)
{
	uint64_t one = history(1);

	OK(history(1) == one);
	OK(history(2) != one);
	/* What every machine and compiler gets. */
	CHECK(one == UINT64_C(0x271508cc7033cdf9), "%#llx",
	      (unsigned long long)one);
}

static void check_bounds(float scale)
{
	struct imc_arena *a = imc_arena_new();
	struct imc_ddpg_options o = small_agent(4);
	struct imc_ddpg *d = imc_ddpg_new(&o, a);

	for (int e = 0; e < 30; e++) {
		struct walk w = walk(d, true), plain = walk(d, false);

		for (int i = 0; i < N_STEP * N_ACTION; i++) {
			float x = w.action[i / N_ACTION][i % N_ACTION];
			float y = plain.action[i / N_ACTION][i % N_ACTION];

			CHECK(x >= 0 && x <= 1, "%g", x);
			CHECK(y >= 0 && y <= 1, "%g", y);
		}
		remember(d, &w, true, scale);
		imc_ddpg_learn(d, N_STEP);
		imc_ddpg_end_episode(d);
	}
	imc_arena_free(a);
}

/* Mean distance between what is done and the policy. */
static double mean_noise(struct imc_ddpg *d)
{
	const int n = 200;
	const float state[N_STATE] = {0.5f, 0.2f, 0.7f};
	float plain[N_ACTION], again[N_ACTION], action[N_ACTION];
	double sum = 0;

	imc_ddpg_act(d, state, false, plain);
	for (int i = 0; i < n; i++) {
		imc_ddpg_act(d, state, true, action);
		for (int j = 0; j < N_ACTION; j++)
			sum += fabs(action[j] - plain[j]) / (n * N_ACTION);
	}
	imc_ddpg_act(d, state, false, again);
	OK(!memcmp(plain, again, sizeof plain));
	return sum;
}

/* Uniform for 8 episodes, then normal with less and less noise. An agent
 * without memory learns nothing, and goes on. */
static void check_noise(void)
{
	struct imc_arena *a = imc_arena_new();
	struct imc_ddpg_options o = small_agent(6);
	struct imc_ddpg *d;
	double noise[3];

	o.noise = 0.1;
	d = imc_ddpg_new(&o, a);
	imc_ddpg_learn(d, 3);
	for (int k = 0; k < 3; k++) {
		noise[k] = mean_noise(d);
		for (int e = 0; e < (k ? 50 : 8); e++)
			imc_ddpg_end_episode(d);
	}
	/* sqrt(2 / pi) of the standard deviation; 0.97^50 = 0.218 */
	CHECK(noise[0] > 0.2, "%g", noise[0]);
	CHECK(near(noise[1], 0.0798, 0.01), "%g", noise[1]);
	CHECK(near(noise[2], 0.0174, 0.003), "%g", noise[2]);
	imc_arena_free(a);
}

int main(void)
{
	check_gradient(1, (const int32_t[]){4, 3});
	check_gradient(3, (const int32_t[]){5, 9, 7, 3});
	check_gradient(4, (const int32_t[]){3, 8, 6, 8, 1});
	check_step();
	check_regression();
	check_learning();
	check_seeds();
	check_bounds(1e30f);
	check_bounds(-FLT_MAX);
	check_bounds(NAN);
	check_noise();
	return check_result();
}
