#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "frontend/cli/options.h"
#include "frontend/onnx/onnx_write.h"
#include "frontend/zoo/zoo.h"

/* The network called `name`; IMC_N_ZOO: reported. */
static enum imc_zoo_name find_network(const char *name, struct imc_diags *d)
{
	const char *names[IMC_N_ZOO], *nearest;

	for (int k = 0; k < IMC_N_ZOO; k++) {
		names[k] = imc_zoo_infos[k].name;
		if (!strcmp(name, names[k]))
			return (enum imc_zoo_name)k;
	}
	nearest = imc_nearest(name, names, IMC_N_ZOO);
	imc_diag(d, IMC_NOWHERE, IMC_D_ZOO_NAME, name,
		 nearest ? imc_arena_printf(d->arena, "did you mean '%s'?",
					    nearest)
			 : "'imcc zoo' lists them");
	return IMC_N_ZOO;
}

/* True if network k has the choice that option id makes. */
static bool has_choice(enum imc_zoo_name k, enum cli_option id)
{
	const struct imc_zoo_info *p = &imc_zoo_infos[k];

	if (id == CLI_OPT_WIDTH)
		return p->takes & IMC_ZOO_WIDTH;
	if (id == CLI_OPT_FEATURES)
		return p->takes & IMC_ZOO_FEATURES;
	if (id == CLI_OPT_EXPAND_FIRST)
		return p->takes & IMC_ZOO_EXPAND;
	if (id == CLI_OPT_RESOLUTION)
		return p->resolution != 0;
	return *p->channels;
}

static bool check_choice(const struct cli_options *o, enum imc_zoo_name k,
			 enum cli_option id)
{
	const char *others = "";

	if (!cli_given(o, id) || has_choice(k, id))
		return true;
	for (int i = 0; i < IMC_N_ZOO; i++)
		if (has_choice((enum imc_zoo_name)i, id))
			others = imc_arena_printf(o->arena, "%s%s%s", others,
						  *others ? ", " : "",
						  imc_zoo_infos[i].name);
	return imc_diag(o->d, IMC_NOWHERE, IMC_D_ZOO_OPTION,
			cli_option_name(id), imc_zoo_infos[k].name, others);
}

static bool read_resolution(const struct cli_options *o, enum imc_zoo_name k,
			    int64_t *resolution)
{
	const struct imc_zoo_info *p = &imc_zoo_infos[k];

	if (!cli_int(o, CLI_OPT_RESOLUTION, p->least, IMC_ZOO_MAX_RESOLUTION,
		     resolution))
		return false;
	return !p->step || *resolution % p->step == 0 ||
	       cli_bad_value(o, CLI_OPT_RESOLUTION,
			     imc_arena_printf(o->arena,
					      "a multiple of %" PRId64,
					      p->step));
}

static bool read_channels(const struct cli_options *o, enum imc_zoo_name k,
			  struct imc_zoo_choice *c)
{
	const char *text = cli_text(o, CLI_OPT_CHANNELS, NULL);
	bool deep = imc_zoo_infos[k].takes & IMC_ZOO_DEEP;

	if (!text || imc_zoo_read_channels(k, text, c))
		return true;
	return cli_bad_value(
		o, CLI_OPT_CHANNELS,
		imc_arena_printf(o->arena, "2%s integers of 1 to %d: A,B%s",
				 deep ? " to 32" : "", IMC_ZOO_MAX_SIZE,
				 deep ? ",..." : ""));
}

_Static_assert(IMC_ZOO_MAX_CHANNELS == 32, "read_channels says so");

/* What the options choose of network k. False: reported. */
static bool read_choice(const struct cli_options *o, enum imc_zoo_name k,
			struct imc_zoo_choice *c)
{
	*c = imc_zoo_default(k);
	c->features = cli_given(o, CLI_OPT_FEATURES);
	c->expand_first = cli_given(o, CLI_OPT_EXPAND_FIRST);
	return check_choice(o, k, CLI_OPT_WIDTH) &&
	       check_choice(o, k, CLI_OPT_FEATURES) &&
	       check_choice(o, k, CLI_OPT_EXPAND_FIRST) &&
	       check_choice(o, k, CLI_OPT_RESOLUTION) &&
	       check_choice(o, k, CLI_OPT_CHANNELS) &&
	       cli_number(o, CLI_OPT_WIDTH, 0.05, 8, &c->width) &&
	       read_resolution(o, k, &c->resolution) && read_channels(o, k, c);
}

/* "1x3x224x224", in a. */
static const char *input_shape(const struct imc_zoo_net *net,
			       struct imc_arena *a)
{
	const struct imc_onnx_value *v = &net->model.in[0];
	const char *out = "";

	for (size_t i = 0; i < v->n_dim; i++)
		out = imc_arena_printf(a, "%s%s%" PRId64, out, i ? "x" : "",
				       v->dim[i].value);
	return out;
}

static void list_network(enum imc_zoo_name k, const struct imc_zoo_choice *c,
			 struct imc_arena *a)
{
	const struct imc_zoo_net *net = imc_zoo_build(k, c, a);

	printf("%-16s %-13s %12" PRId64 " %12" PRId64 "  %s\n",
	       imc_zoo_infos[k].name, input_shape(net, a), net->n_param,
	       net->n_mac, imc_zoo_infos[k].text);
}

static void list_header(void)
{
	printf("%-16s %-13s %12s %12s  %s\n", "network", "input", "parameters",
	       "MACs", "what it is");
}

static void list_all(struct imc_arena *a)
{
	list_header();
	for (int i = 0; i < IMC_N_ZOO; i++) {
		enum imc_zoo_name k = (enum imc_zoo_name)i;
		struct imc_zoo_choice c = imc_zoo_default(k);

		list_network(k, &c, a);
	}
}

static bool check_path(const struct cli_options *o)
{
	const char *path = cli_text(o, CLI_OPT_NETWORK, NULL);

	if (!path)
		return imc_diag(o->d, IMC_NOWHERE, IMC_D_USAGE_NEEDS,
				"-o X.onnx");
	return *path || cli_bad_value(o, CLI_OPT_NETWORK, "a file");
}

static bool write_network(const struct cli_options *o, enum imc_zoo_name k,
			  const struct imc_zoo_choice *c, uint64_t seed)
{
	const char *path = cli_text(o, CLI_OPT_NETWORK, "");
	struct imc_zoo_net *net = imc_zoo_build(k, c, o->arena);

	if (!imc_onnx_check_size(&net->model, path, o->d))
		return false;
	imc_zoo_make_weights(net, seed, o->arena);
	if (!imc_onnx_write(&net->model, path, o->d))
		return false;
	printf("%s\n  input      %s\n  parameters %" PRId64
	       "\n  MACs       %" PRId64 "\n  file       %s\n",
	       imc_zoo_infos[k].name, input_shape(net, o->arena), net->n_param,
	       net->n_mac, path);
	return true;
}

/* Without a name only a list can be meant, of all as they are. */
static int without_name(const struct cli_options *o)
{
	static const enum cli_option of_a_network[] = {
		CLI_OPT_NETWORK,  CLI_OPT_WIDTH,    CLI_OPT_RESOLUTION,
		CLI_OPT_CHANNELS, CLI_OPT_FEATURES, CLI_OPT_EXPAND_FIRST,
		CLI_OPT_SEED};

	for (size_t i = 0; i < sizeof of_a_network / sizeof *of_a_network; i++)
		if (cli_given(o, of_a_network[i])) {
			imc_diag(o->d, IMC_NOWHERE, IMC_D_USAGE_MISSING,
				 "NAME");
			return CLI_USAGE;
		}
	list_all(o->arena);
	return CLI_OK;
}

int cli_zoo(const struct cli_options *o, struct cli_ui *ui)
{
	struct imc_zoo_choice c;
	enum imc_zoo_name k;
	int64_t seed = 1;

	(void)ui;
	if (!o->operand.n)
		return without_name(o);
	k = find_network(o->operand.v[0], o->d);
	if (k == IMC_N_ZOO || !read_choice(o, k, &c) ||
	    !cli_int(o, CLI_OPT_SEED, 0, INT64_MAX, &seed))
		return CLI_USAGE;
	if (cli_given(o, CLI_OPT_LIST)) {
		list_header();
		list_network(k, &c, o->arena);
		return CLI_OK;
	}
	if (!check_path(o))
		return CLI_USAGE;
	return write_network(o, k, &c, (uint64_t)seed) ? CLI_OK : CLI_FAULT;
}
