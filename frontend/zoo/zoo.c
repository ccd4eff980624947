#include "frontend/zoo/zoo.h"

#include <stdlib.h>

#include "frontend/zoo/zoo_layers.h"

const struct imc_zoo_info imc_zoo_infos[IMC_N_ZOO] = {
#define ZOO(name, resolution, least, step, channels, takes, text)              \
	[IMC_ZOO_##name] = {#name,    resolution, least, step,                 \
			    channels, takes,	  text},
#include "frontend/zoo/zoo.def"
};

static void (*const builders[IMC_N_ZOO])(struct zoo *z,
					 const struct imc_zoo_choice *c) = {
#define ZOO(name, resolution, least, step, channels, takes, text)              \
	[IMC_ZOO_##name] = zoo_##name,
#include "frontend/zoo/zoo.def"
};

/* The numbers of "8,16" into v; how many, or 0 for anything else. */
static int read_list(const char *text, int64_t v[IMC_ZOO_MAX_CHANNELS])
{
	for (int n = 0; n < IMC_ZOO_MAX_CHANNELS;) {
		char *end;

		if (*text < '0' || *text > '9')
			return 0;
		v[n] = strtoll(text, &end, 10);
		if (v[n] < 1 || v[n] > IMC_ZOO_MAX_SIZE)
			return 0;
		n++;
		if (!*end)
			return n;
		if (*end != ',')
			return 0;
		text = end + 1;
	}
	return 0;
}

bool imc_zoo_read_channels(enum imc_zoo_name k, const char *text,
			   struct imc_zoo_choice *c)
{
	struct imc_zoo_choice read = *c;

	read.n_channel = read_list(text, read.channel);
	if (imc_zoo_infos[k].takes & IMC_ZOO_DEEP ? read.n_channel < 2
						  : read.n_channel != 2)
		return false;
	*c = read;
	return true;
}

struct imc_zoo_choice imc_zoo_default(enum imc_zoo_name k)
{
	const struct imc_zoo_info *p = &imc_zoo_infos[k];
	struct imc_zoo_choice c = {.width = 1, .resolution = p->resolution};

	c.n_channel = read_list(p->channels, c.channel);
	return c;
}

struct imc_zoo_net *imc_zoo_build(enum imc_zoo_name k,
				  const struct imc_zoo_choice *c,
				  struct imc_arena *a)
{
	struct imc_zoo_net *net = imc_arena_alloc(a, sizeof *net);
	struct zoo z = {.a = a, .net = net};
	struct imc_onnx_model *m = &net->model;

	m->ir_version = 8;
	m->producer = "imcc";
	m->producer_version = IMCC_VERSION;
	m->name = imc_zoo_infos[k].name;
	m->n_opset = 1;
	m->opset = imc_arena_alloc(a, sizeof *m->opset);
	m->opset[0] = (struct imc_onnx_opset){"", 17};
	builders[k](&z, c);
	return net;
}
