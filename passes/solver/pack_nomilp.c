#include "passes/solver/pack_inner.h"

void imc_pack_improve_milp(const struct imc_pack_problem *p,
			   struct imc_pack_answer *s, struct imc_arena *a)
{
	(void)p;
	(void)s;
	(void)a;
}
