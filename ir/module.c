#include "ir/module.h"

struct imc_module *imc_module_new(struct imc_diags *d)
{
	struct imc_arena *a = imc_arena_new();
	struct imc_module *m = imc_arena_alloc(a, sizeof *m);

	m->arena = a;
	m->diags = d;
	m->model_name = "";
	m->opt.percentile = 99.999;
	m->pre.scale = 1;
	return m;
}

void imc_module_free(struct imc_module *m)
{
	if (m)
		imc_arena_free(m->arena);
}

const struct imc_layer_error *imc_layer_error_of(const struct imc_module *m,
						 imc_node_id id)
{
	for (size_t i = 0; i < m->n_error; i++)
		if (m->error[i].node.i == id.i)
			return &m->error[i];
	return NULL;
}

double imc_layer_error_at(const struct imc_layer_error *e, int weight_bits,
			  int act_bits)
{
	if (weight_bits < 2 || weight_bits > 8 || act_bits < 2 || act_bits > 8)
		return 0;
	return e->weight[weight_bits] + e->act[act_bits];
}

double imc_layer_error_as(const struct imc_layer_error *e,
			  const struct imc_assign *as)
{
	if (!e || as->engine != IMC_ENGINE_CROSSBAR)
		return 0;
	if (as->post_adc && as->weight_bits >= 2 && as->weight_bits <= 8)
		return e->adc[as->weight_bits];
	return imc_layer_error_at(e, as->weight_bits, as->act_bits);
}

const char *imc_fact_name(enum imc_fact f)
{
	static const char *const name[IMC_N_FACT] = {
#define X(id, text) #text,
		IMC_FACTS(X)
#undef X
	};

	return name[f];
}

const char *imc_objective_name(enum imc_objective o)
{
	static const char *const name[IMC_N_OBJECTIVE] = {
#define X(id, text) #text,
		IMC_OBJECTIVES(X)
#undef X
	};

	return name[o];
}
