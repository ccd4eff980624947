/* ddpg.h: an agent that learns by deep deterministic policy gradient
 * (Lillicrap et al., arXiv 1509.02971): an actor and a critic, each a small
 * multilayer perceptron with slowly following targets, trained by Adam from a
 * replay memory. Actions are numbers in 0 .. 1. Seeded; the same calls give
 * the same actions, bit for bit.
 *
 * As in HAQ (Wang et al., CVPR 2019) training sees rewards less a baseline,
 * b += (mean reward of the batch - b) / 2, and not scaled: they and states
 * should be of the size of 1. Where an episode has one reward, at its end,
 * HAQ gives it to every step, that is, remembers after the walk. */
#ifndef IMC_DDPG_H
#define IMC_DDPG_H

#include <stdbool.h>
#include <stdint.h>

#include "ir/support/arena.h"

struct imc_ddpg;

/* 0 stands for the value in brackets. */
struct imc_ddpg_options {
	int32_t n_state, n_action;
	int32_t hidden[2]; /* neurons of the hidden layers [64, 48] */
	double actor_rate, critic_rate; /* of Adam [1e-3, 1e-2] */
	double discount;		/* of later rewards [1] */
	double follow;			/* of the targets, a step [0.01] */
	double noise;	    /* standard deviation of exploration [0.5] */
	double noise_decay; /* factor on it, an episode [0.97] */
	int32_t warmup;	    /* episodes of random actions [8]; < 0: none */
	int32_t batch;	    /* of a training step [64] */
	int32_t memory;	    /* transitions kept [2000] */
	uint64_t seed;
};

struct imc_ddpg *imc_ddpg_new(const struct imc_ddpg_options *o,
			      struct imc_arena *a);

/* action[n_action] for state[n_state]; explore draws from a normal distribution
 * around the action, truncated to 0 .. 1, or in the first episodes from a
 * uniform one. Without explore nothing is drawn: the policy as it is. */
void imc_ddpg_act(struct imc_ddpg *d, const float *state, bool explore,
		  float *action);

/* A step of an episode; last: nothing follows, `next` is not read. The oldest
 * one goes when memory is full. A reward that is no number is the worst. */
void imc_ddpg_remember(struct imc_ddpg *d, const float *state,
		       const float *action, float reward, const float *next,
		       bool last);

/* n steps of training on batches of what is remembered, drawn with replacement;
 * none while nothing is. HAQ trains as many steps as an episode has, and not
 * in the first, random ones. */
void imc_ddpg_learn(struct imc_ddpg *d, int32_t n);

/* Ends an episode: less noise from here on. */
void imc_ddpg_end_episode(struct imc_ddpg *d);

#endif
