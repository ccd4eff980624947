#include "ir/text/parse_part.h"

bool imc_parse_errors(struct imc_reader *r)
{
	return imc_read_string(r, &r->m->error_model) &&
	       imc_read_f64(r, &r->m->error_rank);
}

bool imc_parse_error(struct imc_reader *r)
{
	struct imc_layer_error *e =
		IMC_PUSH(r->arena, r->m->error, r->m->n_error, r->cap_error);

	*e = (struct imc_layer_error){0};
	if (!imc_read_node(r, &e->node))
		return false;
	for (int b = 2; b <= 8; b++)
		if (!imc_read_f64(r, &e->weight[b]))
			return false;
	for (int b = 2; b <= 8; b++)
		if (!imc_read_f64(r, &e->act[b]))
			return false;
	return true;
}

bool imc_parse_trial(struct imc_reader *r)
{
	struct imc_module *m = r->m;
	struct imc_trial *t =
		IMC_PUSH(r->arena, m->trial, m->n_trial, m->cap_trial);

	*t = (struct imc_trial){0};
	return imc_read_members(r, imc_trial_members, t);
}
