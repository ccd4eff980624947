/* Bits by an agent that learns, as LRMP (Nallathambi et al., arXiv 2312.03146)
 * has it from HAQ (Wang et al., CVPR 2019): it walks the layers and picks the
 * bits of each, the solver finds the copies, and what a measured network loses
 * and gains is the reward of all its steps. Unlike there nothing is trained
 * again, so what a network loses is final, and the first one that is measured
 * has most bits everywhere: it is taken if nothing better is good enough.
 *
 * LRMP's budget for the latency tightens over the episodes, from about 0.35 to
 * 0.2 of the baseline. How far a network can go depends on it and on the
 * machine, so here the budget goes, by a factor an episode, from the best value
 * with 7 bits everywhere to that with 6: for ResNets in the arrays that 8 bits
 * without copies need that is about the same. It does not depend on how many
 * episodes there are, so that a longer search begins as a shorter one. */
#include <math.h>
#include <string.h>

#include "passes/2-quant/fixed_bits.h"
#include "passes/solver/ddpg.h"

/* Networks that are measured, if nothing is said. */
#define EPISODES 100

/* The reward is LOSS times the percent of samples that are lost (HAQ: 0.1) and
 * GAIN times the logarithm of what the objective gains over the baseline. */
#define LOSS 0.1
#define GAIN 1

/* Bits everywhere whose values the budget goes from and to, in so many
 * episodes; then it stays. */
#define BUDGET_FROM 7
#define BUDGET_TO 6
#define BUDGET_EPISODES 20

/* Episodes of random actions: fewer than HAQ has, as trials are few. */
#define WARMUP 4

enum { WEIGHT, ACT, N_ACTION };

/* Numbers of a state that its layer alone has. */
#define SIZES 8
#define N_STATE (SIZES + N_ACTION)

struct step {
	float state[N_STATE]; /* with the actions of the layer before */
	float action[N_ACTION];
};

/* A network that was measured. */
struct round {
	struct imc_choice c;
	struct imc_score score;
	double budget, drop;
};

struct search {
	struct imc_module *m;
	struct imc_pass_cx *cx;
	const struct imc_bit_problem *b;
	struct imc_trials *trials;
	struct imc_ddpg *agent;
	struct imc_assign *assign; /* of the network that is tried */
	size_t n_step;		   /* layers that have a choice */
	size_t *layer;		   /* [n_step] of b */
	struct step *step;	   /* [n_step] */
	struct imc_bits *bits;	   /* [b->n + 1] */
	double baseline, from, to; /* values: see BUDGET_FROM */
	bool whole;		   /* most bits everywhere fit the arrays */
	size_t most, n;
	struct round *round; /* [most] */
};

/* ---- states and actions ---- */

/* As HAQ has them: layer, channels, kernel, stride, feature size, parameters,
 * and whether it is depth-wise. */
static void sizes_of(const struct search *s, size_t k, double *out)
{
	const struct imc_graph *g = s->m->g;
	imc_node_id id = s->b->node[s->layer[k]];
	struct imc_matrix mx = imc_matrix_of(g, imc_node_at(g, id));
	double taps = (double)mx.kernel_h * mx.kernel_w;

	out[0] = (double)k;
	out[1] = (double)mx.rows / taps * mx.groups;
	out[2] = (double)mx.cols * mx.groups;
	out[3] = taps;
	out[4] = (double)mx.stride_h * mx.stride_w;
	out[5] = (double)mx.n_window;
	out[6] = (double)mx.rows * mx.cols * mx.groups;
	out[7] = imc_matrix_is_depthwise(&mx);
}

/* Each size goes from 0, of the least, to 1. */
static void fill_sizes(struct search *s)
{
	double lo[SIZES], hi[SIZES], x[SIZES];

	for (size_t k = 0; k < s->n_step; k++) {
		sizes_of(s, k, x);
		for (int j = 0; j < SIZES; j++) {
			lo[j] = k == 0 ? x[j] : fmin(lo[j], x[j]);
			hi[j] = k == 0 ? x[j] : fmax(hi[j], x[j]);
		}
	}
	for (size_t k = 0; k < s->n_step; k++) {
		sizes_of(s, k, x);
		for (int j = 0; j < SIZES; j++)
			s->step[k].state[j] = hi[j] > lo[j]
						      ? (float)((x[j] - lo[j]) /
								(hi[j] - lo[j]))
						      : 0;
	}
}

/* Before the first layer: most bits. */
static void fill_previous(struct search *s, size_t k)
{
	for (int j = 0; j < N_ACTION; j++)
		s->step[k].state[SIZES + j] =
			k > 0 ? s->step[k - 1].action[j] : 1;
}

static int32_t bits_of_action(float action)
{
	double range = IMC_MOST_BITS - IMC_FEWEST_BITS + 1;
	double b = floor(IMC_FEWEST_BITS - 0.5 + (double)action * range + 0.5);

	return (int32_t)fmin(fmax(b, IMC_FEWEST_BITS), IMC_MOST_BITS);
}

/* The middle of what gives so many bits. */
static float action_of_bits(int32_t bits)
{
	float range = IMC_MOST_BITS - IMC_FEWEST_BITS + 1;

	return ((float)(bits - IMC_FEWEST_BITS) + 0.5F) / range;
}

static void walk(struct search *s)
{
	for (size_t k = 0; k < s->n_step; k++) {
		struct step *t = &s->step[k];
		struct imc_bits *bits = &s->bits[s->layer[k]];

		fill_previous(s, k);
		imc_ddpg_act(s->agent, t->state, true, t->action);
		bits->weight = bits_of_action(t->action[WEIGHT]);
		bits->act = bits_of_action(t->action[ACT]);
	}
}

/* Actions that other bits took the place of are those that would have given
 * them: the reward is theirs. */
static void correct_walk(struct search *s)
{
	for (size_t k = 0; k < s->n_step; k++) {
		float *action = s->step[k].action;
		struct imc_bits bits = s->bits[s->layer[k]];

		fill_previous(s, k);
		if (bits_of_action(action[WEIGHT]) != bits.weight)
			action[WEIGHT] = action_of_bits(bits.weight);
		if (bits_of_action(action[ACT]) != bits.act)
			action[ACT] = action_of_bits(bits.act);
	}
}

static void remember(struct search *s, float reward)
{
	correct_walk(s);
	for (size_t k = 0; k < s->n_step; k++) {
		bool last = k + 1 == s->n_step;

		imc_ddpg_remember(s->agent, s->step[k].state, s->step[k].action,
				  reward, last ? NULL : s->step[k + 1].state,
				  last);
	}
}

/* ---- one network ---- */

/* The round in which the same was picked; NULL: it is new. */
static const struct round *same_picks(const struct search *s,
				      const struct imc_choice *c)
{
	for (size_t i = 0; i < s->n; i++)
		if (!memcmp(s->round[i].c.s.pick, c->s.pick,
			    s->b->n * sizeof *c->s.pick))
			return &s->round[i];
	return NULL;
}

static void record(const struct search *s, const struct round *r)
{
	struct imc_module *m = s->m;
	struct imc_trial *t =
		IMC_PUSH(m->arena, m->trial, m->n_trial, m->cap_trial);

	*t = (struct imc_trial){
		.budget = r->budget,
		.error = r->score.error,
		.drop = r->drop,
		.value = r->c.value,
		.gap = imc_choice_gap(&r->c),
	};
	if (s->cx->tried)
		s->cx->tried(s->cx->ui, m);
	if (s->cx->progress)
		s->cx->progress(s->cx->ui, "search bits", (int64_t)s->n,
				(int64_t)s->most);
}

static bool measure(struct search *s, const struct imc_choice *c,
		    struct imc_score *out)
{
	const struct round *r = same_picks(s, c);

	if (r) {
		*out = r->score;
		return true;
	}
	memcpy(s->assign, s->m->map.assign,
	       s->m->map.n_assign * sizeof *s->assign);
	imc_choice_assign(s->b, c, s->assign);
	return imc_trials_run(s->trials, s->assign, out);
}

/* False: a pass failed. */
static bool add_round(struct search *s, double budget,
		      const struct imc_choice *c)
{
	struct imc_score score;
	struct round *r;

	if (!measure(s, c, &score))
		return false;
	r = &s->round[s->n++];
	*r = (struct round){*c, score, budget, 0};
	r->drop = imc_trials_float(s->trials).right - score.right;
	r->c.s.pick = imc_arena_memdup(s->cx->scratch, c->s.pick,
				       s->b->n * sizeof *c->s.pick);
	record(s, r);
	return true;
}

/* Measures the network of s->bits, lowered to be within the budget `most`,
 * which is recorded as `budget`; c->found tells whether there is one, whose
 * round is the last then. False: reported. */
static bool try_bits(struct search *s, double most, double budget,
		     struct imc_choice *c)
{
	struct imc_arena *a = imc_arena_new();
	bool ok = imc_fixed_clip(s->m, s->b, most, s->bits, a, c) &&
		  (!c->found || add_round(s, budget, c));

	c->s.pick = NULL; /* was in a */
	imc_arena_free(a);
	return ok;
}

static float last_reward(const struct search *s)
{
	const struct round *r = &s->round[s->n - 1];
	double gain = log(s->baseline / r->c.value);

	return (float)(GAIN * gain - LOSS * r->drop);
}

/* ---- the search ---- */

static void set_all(struct search *s, int32_t bits)
{
	for (size_t k = 0; k < s->n_step; k++)
		s->bits[s->layer[k]] = (struct imc_bits){bits, bits};
}

/* The best value with that many bits everywhere, or as many as fit. */
static bool value_at(struct search *s, int32_t bits, double *value)
{
	struct imc_arena *a = imc_arena_new();
	struct imc_choice c;
	bool ok;

	set_all(s, bits);
	ok = imc_fixed_clip(s->m, s->b, INFINITY, s->bits, a, &c);
	*value = c.found ? c.value : s->round[0].c.value;
	imc_arena_free(a);
	return ok;
}

/* Of episode i, from 0. */
static double budget_of(const struct search *s, size_t i)
{
	double part = fmin(1, (double)i / BUDGET_EPISODES);

	return s->from * pow(s->to / s->from, part);
}

static bool episode(struct search *s, size_t i)
{
	double budget = budget_of(s, i);
	struct imc_choice c;

	walk(s);
	if (!try_bits(s, budget, budget, &c))
		return false;
	if (c.found)
		remember(s, last_reward(s));
	if (i >= WARMUP)
		imc_ddpg_learn(s->agent, (int32_t)s->n_step);
	imc_ddpg_end_episode(s->agent);
	return true;
}

/* The network with most bits, which shows the agent what nothing lost is. */
static bool first_round(struct search *s)
{
	struct imc_choice c;

	set_all(s, IMC_MOST_BITS);
	if (!try_bits(s, INFINITY, s->baseline, &c))
		return false;
	if (!c.found)
		return imc_choice_none(s->m, s->b, INFINITY);
	s->whole = true;
	for (size_t k = 0; k < s->n_step; k++)
		s->whole &= s->bits[s->layer[k]].weight == IMC_MOST_BITS &&
			    s->bits[s->layer[k]].act == IMC_MOST_BITS;
	remember(s, last_reward(s));
	return true;
}

static bool run(struct search *s)
{
	if (!imc_fixed_baseline(s->m, s->b, s->cx->scratch, &s->baseline) ||
	    !first_round(s) || !value_at(s, BUDGET_FROM, &s->from) ||
	    !value_at(s, BUDGET_TO, &s->to))
		return false;
	s->to = fmin(s->to, s->from);
	for (size_t i = 0; s->n_step > 0 && i + 1 < s->most; i++)
		if (!episode(s, i))
			return false;
	return true;
}

/* The best that is good enough, or else what loses least. */
static const struct round *best_round(const struct search *s)
{
	const struct round *good = NULL, *least = &s->round[0];

	for (size_t i = 0; i < s->n; i++) {
		const struct round *r = &s->round[i];

		if (r->drop < least->drop)
			least = r;
		if (r->drop <= s->m->opt.max_drop &&
		    (!good || r->c.value < good->c.value))
			good = r;
	}
	return good ? good : least;
}

static void take_round(const struct search *s, const struct round *r,
		       struct imc_choice *out)
{
	size_t first = s->m->n_trial - s->n;
	bool whole = s->whole && r == s->round;

	if (r->drop > s->m->opt.max_drop)
		imc_diag(s->m->diags, IMC_IN_FILE(s->m->model_path),
			 IMC_D_DROP_MISSED, s->m->opt.max_drop,
			 whole ? "8 bits everywhere"
			       : "the best of the networks that were tried",
			 r->drop);
	s->m->trial[first + (size_t)(r - s->round)].taken = true;
	*out = r->c;
	out->s.how = "rl";
	out->bound = 0; /* of other bits nothing is known */
}

static void find_layers(struct search *s)
{
	for (size_t i = 0; i < s->b->n; i++)
		if (imc_fixed_has_choice(s->b, i))
			s->layer[s->n_step++] = i;
		else
			s->bits[i] = (struct imc_bits){IMC_FEWEST_BITS,
						       IMC_FEWEST_BITS};
	fill_sizes(s);
}

bool imc_search_bits(struct imc_module *m, struct imc_pass_cx *cx,
		     const struct imc_bit_problem *b, struct imc_choice *out)
{
	struct imc_ddpg_options how = {.n_state = N_STATE,
				       .n_action = N_ACTION,
				       .warmup = WARMUP,
				       .seed = m->opt.seed};
	struct imc_arena *a = cx->scratch;
	struct search s = {
		.m = m,
		.cx = cx,
		.b = b,
		.trials = imc_trials_open(m, cx, a),
		.agent = imc_ddpg_new(&how, a),
		.most = m->opt.max_trials > 0 ? (size_t)m->opt.max_trials
					      : EPISODES,
	};

	s.assign = imc_arena_array(a, m->map.n_assign + 1, sizeof *s.assign);
	s.layer = imc_arena_array(a, b->n + 1, sizeof *s.layer);
	s.step = imc_arena_array(a, b->n + 1, sizeof *s.step);
	s.bits = imc_arena_array(a, b->n + 1, sizeof *s.bits);
	s.round = imc_arena_array(a, s.most, sizeof *s.round);
	find_layers(&s);
	if (!s.trials || !run(&s))
		return false;
	take_round(&s, best_round(&s), out);
	return true;
}
