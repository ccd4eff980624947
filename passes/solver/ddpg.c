/* As in HAQ (Wang et al., CVPR 2019): truncated normal noise, and rewards less
 * a baseline. Sums are in double and in a fixed order; see mlp.h for what makes
 * the bits the same everywhere. */
#include "passes/solver/ddpg.h"

#include <float.h>
#include <math.h>

#include "ir/support/splitmix.h"
#include "passes/solver/mlp.h"

#define N_LAYER 3

/* Weight of a batch in the moving average of rewards. */
#define BASELINE_PART 0.5

/* Draws of noise before one is uniform: noise that misses 0 .. 1 so often is
 * flat there. */
#define MAX_DRAW 64

/* Of the sigmoid at 0. */
#define MIDDLE_SLOPE 0.25

struct imc_ddpg {
	struct imc_ddpg_options o;	      /* with what 0 stands for */
	struct imc_mlp *actor, *actor_target; /* state -> before the sigmoid */
	struct imc_mlp *critic, *critic_target; /* state, action -> return */
	/* A ring: n transitions, the next one goes to `at`. */
	float *state, *next; /* [memory][n_state] */
	float *action;	     /* [memory][n_action] */
	float *reward;	     /* [memory] */
	bool *last;	     /* [memory] */
	int32_t n, at;
	int32_t *sample; /* [batch] in the ring */
	double *x;	 /* [n_state + n_action], of the critic */
	double *slope;	 /* [n_action], of the sigmoid */
	bool has_baseline;
	double baseline, noise;
	int32_t episode;
	uint64_t random;
};

static int32_t int_or(int32_t value, int32_t otherwise)
{
	return value ? value : otherwise;
}

static double real_or(double value, double otherwise)
{
	return value != 0 ? value : otherwise;
}

static void fill_options(struct imc_ddpg_options *o)
{
	o->hidden[0] = int_or(o->hidden[0], 64);
	o->hidden[1] = int_or(o->hidden[1], 48);
	o->actor_rate = real_or(o->actor_rate, 1e-3);
	o->critic_rate = real_or(o->critic_rate, 1e-2);
	o->discount = real_or(o->discount, 1);
	o->follow = real_or(o->follow, 0.01);
	o->noise = real_or(o->noise, 0.5);
	o->noise_decay = real_or(o->noise_decay, 0.97);
	o->warmup = int_or(o->warmup, 8);
	o->batch = int_or(o->batch, 64);
	o->memory = int_or(o->memory, 2000);
}

static void make_networks(struct imc_ddpg *d, struct imc_arena *a)
{
	const struct imc_ddpg_options *o = &d->o;
	int32_t h0 = o->hidden[0], h1 = o->hidden[1];
	int32_t actor[N_LAYER + 1] = {o->n_state, h0, h1, o->n_action};
	int32_t critic[N_LAYER + 1] = {o->n_state + o->n_action, h0, h1, 1};

	d->actor = imc_mlp_new(N_LAYER, actor, &d->random, a);
	d->critic = imc_mlp_new(N_LAYER, critic, &d->random, a);
	d->actor_target = imc_mlp_copy(d->actor, a);
	d->critic_target = imc_mlp_copy(d->critic, a);
}

static void *rows(struct imc_arena *a, int32_t n, int32_t width, size_t size)
{
	return imc_arena_array(a, (size_t)n * (size_t)width, size);
}

struct imc_ddpg *imc_ddpg_new(const struct imc_ddpg_options *o,
			      struct imc_arena *a)
{
	struct imc_ddpg *d = imc_arena_alloc(a, sizeof *d);

	d->o = *o;
	fill_options(&d->o);
	o = &d->o;
	d->random = o->seed;
	d->noise = o->noise;
	make_networks(d, a);
	d->state = rows(a, o->memory, o->n_state, sizeof *d->state);
	d->next = rows(a, o->memory, o->n_state, sizeof *d->next);
	d->action = rows(a, o->memory, o->n_action, sizeof *d->action);
	d->reward = rows(a, o->memory, 1, sizeof *d->reward);
	d->last = rows(a, o->memory, 1, sizeof *d->last);
	d->sample = rows(a, o->batch, 1, sizeof *d->sample);
	d->x = rows(a, o->n_state + o->n_action, 1, sizeof *d->x);
	d->slope = rows(a, o->n_action, 1, sizeof *d->slope);
	return d;
}

/* A sigmoid from sqrt alone, which every machine rounds alike: with the slope
 * of the logistic function at 0, and longer tails. */
static double sigmoid(double x, double *slope)
{
	double u = x / 2, root = sqrt(1 + u * u);

	*slope = MIDDLE_SLOPE / (root * root * root);
	return 0.5 + 0.5 * (u / root);
}

static void put_state(struct imc_ddpg *d, const float *state)
{
	for (int32_t i = 0; i < d->o.n_state; i++)
		d->x[i] = state[i];
}

/* What the actor does in the state of d->x goes behind it. */
static void put_policy(struct imc_ddpg *d, struct imc_mlp *actor)
{
	const double *y = imc_mlp_forward(actor, d->x);

	for (int32_t j = 0; j < d->o.n_action; j++)
		d->x[d->o.n_state + j] = sigmoid(y[j], &d->slope[j]);
}

/* Normal around `mean`, as far as it lies in 0 .. 1. */
static double draw_around(struct imc_ddpg *d, double mean)
{
	for (int i = 0; i < MAX_DRAW; i++) {
		double y = mean + d->noise * imc_splitmix_normal(&d->random);

		if (y >= 0 && y <= 1)
			return y;
	}
	return imc_splitmix_unit(&d->random);
}

void imc_ddpg_act(struct imc_ddpg *d, const float *state, bool explore,
		  float *action)
{
	bool at_random = explore && d->episode < d->o.warmup;

	put_state(d, state);
	put_policy(d, d->actor);
	for (int32_t j = 0; j < d->o.n_action; j++) {
		double y = d->x[d->o.n_state + j];

		if (at_random)
			y = imc_splitmix_unit(&d->random);
		else if (explore)
			y = draw_around(d, y);
		action[j] = (float)y;
	}
}

static void copy_row(float *to, int32_t row, const float *from, int32_t n)
{
	for (int32_t i = 0; i < n; i++)
		to[(size_t)row * (size_t)n + (size_t)i] = from[i];
}

static float finite_reward(float r)
{
	if (r > FLT_MAX)
		return FLT_MAX;
	return r >= -FLT_MAX ? r : -FLT_MAX;
}

void imc_ddpg_remember(struct imc_ddpg *d, const float *state,
		       const float *action, float reward, const float *next,
		       bool last)
{
	const struct imc_ddpg_options *o = &d->o;

	copy_row(d->state, d->at, state, o->n_state);
	copy_row(d->action, d->at, action, o->n_action);
	if (!last)
		copy_row(d->next, d->at, next, o->n_state);
	d->reward[d->at] = finite_reward(reward);
	d->last[d->at] = last;
	d->at = (d->at + 1) % o->memory;
	d->n += d->n < o->memory;
}

static const float *state_row(const struct imc_ddpg *d, const float *of,
			      int32_t k)
{
	return of + (size_t)k * (size_t)d->o.n_state;
}

/* Draws a batch, and moves the baseline to its mean reward. */
static void draw_batch(struct imc_ddpg *d)
{
	double sum = 0, mean;

	for (int32_t i = 0; i < d->o.batch; i++) {
		uint64_t u = imc_splitmix_next(&d->random) >> 32;

		d->sample[i] = (int32_t)(u * (uint32_t)d->n >> 32);
		sum += d->reward[d->sample[i]];
	}
	mean = sum / d->o.batch;
	if (!d->has_baseline)
		d->baseline = mean;
	d->has_baseline = true;
	d->baseline += BASELINE_PART * (mean - d->baseline);
}

/* What the critic should say of transition k. */
static double target_return(struct imc_ddpg *d, int32_t k)
{
	double reward = d->reward[k] - d->baseline;

	if (d->last[k])
		return reward;
	put_state(d, state_row(d, d->next, k));
	put_policy(d, d->actor_target);
	return reward +
	       d->o.discount * *imc_mlp_forward(d->critic_target, d->x);
}

/* Down the mean squared error. */
static void learn_critic(struct imc_ddpg *d)
{
	int32_t n_action = d->o.n_action;

	for (int32_t i = 0; i < d->o.batch; i++) {
		int32_t k = d->sample[i];
		const float *action = d->action + (size_t)k * (size_t)n_action;
		double wanted = target_return(d, k), grad;

		put_state(d, state_row(d, d->state, k));
		for (int32_t j = 0; j < n_action; j++)
			d->x[d->o.n_state + j] = action[j];
		grad = *imc_mlp_forward(d->critic, d->x) - wanted;
		grad *= 2.0 / d->o.batch;
		imc_mlp_backward(d->critic, &grad);
	}
	imc_mlp_step(d->critic, d->o.critic_rate);
}

/* The derivative by what the sigmoid made an action of. Early critics drive
 * actions to 0 or 1, where the slope keeps them for good; so the way back to
 * the middle has that of the middle. In the manner of inverted gradients
 * (Hausknecht and Stone, arXiv 1511.04143); HAQ does without. */
static double through_sigmoid(double by_action, double slope, double action)
{
	bool goes_back = by_action > 0 ? action > 0.5 : action < 0.5;

	return by_action * (goes_back ? MIDDLE_SLOPE : slope);
}

/* Up the mean of what the critic says. */
static void learn_actor(struct imc_ddpg *d)
{
	double grad = -1.0 / d->o.batch;

	for (int32_t i = 0; i < d->o.batch; i++) {
		const double *by_action;

		put_state(d, state_row(d, d->state, d->sample[i]));
		put_policy(d, d->actor);
		imc_mlp_forward(d->critic, d->x);
		by_action = imc_mlp_input_grad(d->critic, &grad) + d->o.n_state;
		for (int32_t j = 0; j < d->o.n_action; j++)
			d->slope[j] = through_sigmoid(by_action[j], d->slope[j],
						      d->x[d->o.n_state + j]);
		imc_mlp_backward(d->actor, d->slope);
	}
	imc_mlp_step(d->actor, d->o.actor_rate);
}

void imc_ddpg_learn(struct imc_ddpg *d, int32_t n)
{
	for (int32_t i = 0; i < n && d->n > 0; i++) {
		draw_batch(d);
		learn_critic(d);
		learn_actor(d);
		imc_mlp_follow(d->critic_target, d->critic, d->o.follow);
		imc_mlp_follow(d->actor_target, d->actor, d->o.follow);
	}
}

void imc_ddpg_end_episode(struct imc_ddpg *d)
{
	if (d->episode >= d->o.warmup)
		d->noise *= d->o.noise_decay;
	d->episode++;
}
