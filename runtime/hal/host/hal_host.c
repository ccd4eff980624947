/* SPDX-License-Identifier: Apache-2.0 */
#define _POSIX_C_SOURCE 200809L

#include "imc_hal_host.h"

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

/* A fork is a new number of `job`, which the cores wait for; it ends with a
 * barrier. `arrived` cores wait at barrier number `barrier`. */
struct team {
	pthread_mutex_t lock;
	pthread_cond_t begin, all;
	void (*fn)(void *arg, int32_t core, int32_t n_core);
	void *arg;
	unsigned job, barrier;
	int32_t arrived, n_core;
	int stop;
	struct core {
		struct team *team;
		pthread_t thread;
		int32_t core;
	} core[];
};

static void meet(struct team *t)
{
	unsigned barrier;

	pthread_mutex_lock(&t->lock);
	barrier = t->barrier;
	if (++t->arrived == t->n_core) {
		t->arrived = 0;
		t->barrier++;
		pthread_cond_broadcast(&t->all);
	}
	while (barrier == t->barrier)
		pthread_cond_wait(&t->all, &t->lock);
	pthread_mutex_unlock(&t->lock);
}

/* Waits for the job after number `done`; 0: there will be none. */
static int next_job(struct team *t, unsigned done)
{
	int stop;

	pthread_mutex_lock(&t->lock);
	while (t->job == done && !t->stop)
		pthread_cond_wait(&t->begin, &t->lock);
	stop = t->stop;
	pthread_mutex_unlock(&t->lock);
	return !stop;
}

static void *work(void *arg)
{
	struct core *c = arg;
	struct team *t = c->team;

	for (unsigned done = 0; next_job(t, done); done++) {
		t->fn(t->arg, c->core, t->n_core);
		meet(t);
	}
	return NULL;
}

void imc_hal_fork(struct imc_hal *hal,
		  void (*fn)(void *arg, int32_t core, int32_t n_core),
		  void *arg)
{
	struct team *t = hal->team;

	if (!t) {
		fn(arg, 0, 1);
		return;
	}
	pthread_mutex_lock(&t->lock);
	t->fn = fn;
	t->arg = arg;
	t->job++;
	pthread_cond_broadcast(&t->begin);
	pthread_mutex_unlock(&t->lock);
	fn(arg, 0, t->n_core);
	meet(t);
}

void imc_hal_barrier(struct imc_hal *hal)
{
	if (hal->team)
		meet(hal->team);
}

uint32_t imc_hal_cycles(struct imc_hal *hal)
{
	(void)hal;
	return 0;
}

void imc_hal_step(struct imc_hal *hal, int32_t k)
{
	if (hal->step)
		hal->step(hal->cx, k);
}

void imc_hal_models_mark(struct imc_hal *hal, int begin)
{
	(void)hal;
	(void)begin; /* nothing is counted */
}

/* ---- the team ---- */

int32_t imc_hal_host_processors(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	return n > 1 ? (int32_t)n : 1;
}

static struct team *new_team(int32_t n_core)
{
	struct team *t = malloc(sizeof *t + (size_t)n_core * sizeof *t->core);

	if (!t)
		return NULL;
	pthread_mutex_init(&t->lock, NULL);
	pthread_cond_init(&t->begin, NULL);
	pthread_cond_init(&t->all, NULL);
	t->job = t->barrier = 0;
	t->arrived = 0;
	t->n_core = n_core;
	t->stop = 0;
	return t;
}

void imc_hal_host_start(struct imc_hal *hal)
{
	struct team *t = hal->n_core > 1 ? new_team(hal->n_core) : NULL;
	int32_t n = 1;

	for (; t && n < hal->n_core; n++) {
		t->core[n].team = t;
		t->core[n].core = n;
		if (pthread_create(&t->core[n].thread, NULL, work, &t->core[n]))
			break;
	}
	if (t)
		t->n_core = n;
	hal->n_core = n;
	hal->team = t;
}

void imc_hal_host_stop(struct imc_hal *hal)
{
	struct team *t = hal->team;

	if (!t)
		return;
	pthread_mutex_lock(&t->lock);
	t->stop = 1;
	pthread_cond_broadcast(&t->begin);
	pthread_mutex_unlock(&t->lock);
	for (int32_t n = 1; n < t->n_core; n++)
		pthread_join(t->core[n].thread, NULL);
	pthread_cond_destroy(&t->all);
	pthread_cond_destroy(&t->begin);
	pthread_mutex_destroy(&t->lock);
	free(t);
	hal->team = NULL;
}
