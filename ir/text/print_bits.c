/* What is known of errors of bits, and what was tried. */
#include <inttypes.h>

#include "ir/text/print_part.h"

static void print_numbers(struct imc_buf *b, const double *error)
{
	for (int i = 2; i <= 8; i++) {
		imc_buf_text(b, " ");
		imc_print_f64(b, error[i]);
	}
}

static bool any_number(const double *error)
{
	for (int i = 2; i <= 8; i++)
		if (error[i] < 0 || error[i] > 0)
			return true;
	return false;
}

static void print_error(struct imc_buf *b, const struct imc_layer_error *e)
{
	imc_buf_printf(b, "error n%" PRIu32, e->node.i);
	print_numbers(b, e->weight);
	print_numbers(b, e->act);
	if (any_number(e->adc)) {
		imc_buf_text(b, " adc");
		print_numbers(b, e->adc);
	}
	imc_buf_text(b, "\n");
}

static void print_robust(struct imc_buf *b, const struct imc_robust *r)
{
	if (!r->model)
		return;
	imc_buf_text(b, "robust ");
	imc_print_string(b, r->model);
	imc_print_members(b, imc_robust_members, r);
	imc_buf_text(b, "\n");
	for (size_t i = 0; i < r->n_plain; i++) {
		const struct imc_plain_layer *p = &r->plain[i];

		imc_buf_printf(b, "plain n%" PRIu32 " %s", p->node.i,
			       imc_engine_name(p->engine));
		imc_print_members(b, imc_plain_members, p);
		imc_buf_text(b, "\n");
	}
}

void imc_print_bits(const struct imc_printer *p)
{
	const struct imc_module *m = p->m;
	struct imc_buf *b = p->text;

	if (m->error_model) {
		imc_buf_text(b, "errors ");
		imc_print_string(b, m->error_model);
		imc_buf_text(b, " ");
		imc_print_f64(b, m->error_rank);
		imc_buf_text(b, "\n");
	}
	for (size_t i = 0; i < m->n_error; i++)
		print_error(b, &m->error[i]);
	for (size_t i = 0; i < m->n_trial; i++) {
		imc_buf_text(b, "trial");
		imc_print_members(b, imc_trial_members, &m->trial[i]);
		imc_buf_text(b, "\n");
	}
	print_robust(b, &m->robust);
}
