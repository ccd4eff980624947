#include <string.h>

#include "ir/text/parse_part.h"

bool imc_parse_errors(struct imc_reader *r)
{
	return imc_read_string(r, &r->m->error_model) &&
	       imc_read_f64(r, &r->m->error_rank);
}

static bool parse_numbers(struct imc_reader *r, double *error)
{
	for (int b = 2; b <= 8; b++)
		if (!imc_read_f64(r, &error[b]))
			return false;
	return true;
}

bool imc_parse_error(struct imc_reader *r)
{
	struct imc_layer_error *e =
		IMC_PUSH(r->arena, r->m->error, r->m->n_error, r->cap_error);
	char word[IMC_WORD_MAX];

	*e = (struct imc_layer_error){0};
	if (!imc_read_node(r, &e->node) || !parse_numbers(r, e->weight) ||
	    !parse_numbers(r, e->act))
		return false;
	if (imc_read_at_end(r))
		return true;
	if (!imc_read_word(r, "adc", word))
		return false;
	if (strcmp(word, "adc")) {
		r->p -= strlen(word);
		return imc_read_fail(r, "adc");
	}
	return parse_numbers(r, e->adc);
}

bool imc_parse_trial(struct imc_reader *r)
{
	struct imc_module *m = r->m;
	struct imc_trial *t =
		IMC_PUSH(m->arena, m->trial, m->n_trial, m->cap_trial);

	*t = (struct imc_trial){0};
	return imc_read_members(r, imc_trial_members, t);
}

bool imc_parse_robust(struct imc_reader *r)
{
	return imc_read_string(r, &r->m->robust.model) &&
	       imc_read_members(r, imc_robust_members, &r->m->robust);
}

bool imc_parse_plain(struct imc_reader *r)
{
	struct imc_robust *b = &r->m->robust;
	struct imc_plain_layer *p =
		IMC_PUSH(r->arena, b->plain, b->n_plain, b->cap_plain);

	*p = (struct imc_plain_layer){0};
	return imc_read_node(r, &p->node) && imc_parse_engine(r, &p->engine) &&
	       imc_read_members(r, imc_plain_members, p);
}
