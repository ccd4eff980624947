#include "passes/2-quant/tried.h"

#include <stddef.h>
#include <string.h>

#include "hwdesc/hw.h"

/* Whether the cores work beside the arrays, and what a layer costs, changes no
 * code; the members in front of post_adc are all int32_t, or as wide. */
/* True if both give the same network. */
static bool equal(const struct imc_assign *a, const struct imc_assign *b,
		  size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (memcmp(&a[i], &b[i],
			   offsetof(struct imc_assign, post_adc)) != 0 ||
		    a[i].post_adc != b[i].post_adc)
			return false;
	return true;
}

const struct imc_tried_net *imc_tried_same(const struct imc_tried *t,
					   const struct imc_assign *assign,
					   size_t n_assign)
{
	for (size_t i = 0; t && i < t->n; i++)
		if (t->net[i].n_assign == n_assign &&
		    equal(t->net[i].assign, assign, n_assign))
			return &t->net[i];
	return NULL;
}

bool imc_tried_fits(const struct imc_module *m, const struct imc_tried_net *net)
{
	return net->arrays == m->hw->ima_arrays &&
	       net->objective == m->opt.objective && net->post == m->opt.post;
}

bool imc_tried_complete(const struct imc_module *m)
{
	const struct imc_tried *t = m->tried;

	for (size_t i = 0; t && t->complete && i < t->n; i++)
		if (imc_tried_fits(m, &t->net[i]))
			return true;
	return false;
}

void imc_tried_add(const struct imc_module *m, struct imc_tried_net net)
{
	struct imc_tried *t = m->tried;

	net.arrays = m->hw->ima_arrays;
	net.objective = m->opt.objective;
	net.post = m->opt.post;
	net.c.pick = imc_arena_memdup(t->arena, net.c.pick,
				      net.c.n * sizeof *net.c.pick);
	net.assign = imc_arena_memdup(t->arena, net.assign,
				      net.n_assign * sizeof *net.assign);
	*IMC_PUSH(t->arena, t->net, t->n, t->cap) = net;
}
