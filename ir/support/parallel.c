#include "ir/support/parallel.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#define MAX_THREAD 64

struct work {
	void (*fn)(void *cx, size_t i, size_t thread);
	void *cx;
	size_t n;
	atomic_size_t next;
};

struct worker {
	struct work *work;
	size_t thread;
};

size_t imc_n_thread(void)
{
	const char *asked = getenv("IMC_THREADS");
	long n =
		asked ? strtol(asked, NULL, 10) : sysconf(_SC_NPROCESSORS_ONLN);

	if (n < 1)
		return 1;
	return n > MAX_THREAD ? MAX_THREAD : (size_t)n;
}

static void *run(void *p)
{
	struct worker *w = p;
	size_t i;

	while ((i = atomic_fetch_add(&w->work->next, 1)) < w->work->n)
		w->work->fn(w->work->cx, i, w->thread);
	return NULL;
}

void imc_parallel_for(size_t n, void (*fn)(void *cx, size_t i, size_t thread),
		      void *cx)
{
	struct work work = {.fn = fn, .cx = cx, .n = n};
	struct worker workers[MAX_THREAD];
	pthread_t threads[MAX_THREAD];
	size_t n_thread = imc_n_thread(), started = 0;

	if (n_thread > n)
		n_thread = n ? n : 1;
	atomic_init(&work.next, 0);
	for (size_t t = 0; t < n_thread; t++)
		workers[t] = (struct worker){&work, t};
	for (size_t t = 1; t < n_thread; t++, started++)
		if (pthread_create(&threads[t], NULL, run, &workers[t]))
			break;
	run(&workers[0]);
	for (size_t t = 1; t <= started; t++)
		pthread_join(threads[t], NULL);
}
