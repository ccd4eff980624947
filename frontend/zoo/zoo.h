/* zoo.h: standard networks with seeded weights, as torch exports them.
 *
 * The form is the exporter's for a model in evaluation mode whose training
 * form is kept: convolutions and batch normalisations are nodes of their own,
 * parameters have the names of the torch module. A network is described
 * first, without weights, so that its size can be known before memory is
 * spent; then its weights are made. */
#ifndef IMC_ZOO_H
#define IMC_ZOO_H

#include "frontend/onnx/onnx_model.h"

#define IMC_ZOO_MAX_CHANNELS 32
#define IMC_ZOO_MAX_SIZE 65536	    /* of one of --channels */
#define IMC_ZOO_MAX_RESOLUTION 4096 /* of an input */

enum imc_zoo_name {
#define ZOO(name, resolution, least, step, channels, takes, text)              \
	IMC_ZOO_##name,
#include "frontend/zoo/zoo.def"
	IMC_N_ZOO
};

enum imc_zoo_takes {
	IMC_ZOO_WIDTH = 1,
	IMC_ZOO_FEATURES = 2,
	IMC_ZOO_EXPAND = 8,
	IMC_ZOO_DEEP = 4 /* any number of channels, two at least */
};

/* A row of zoo.def. */
struct imc_zoo_info {
	const char *name;
	int64_t resolution, least, step;
	const char *channels;
	unsigned takes;
	const char *text;
};

extern const struct imc_zoo_info imc_zoo_infos[IMC_N_ZOO];

/* What can be chosen of a network. */
struct imc_zoo_choice {
	double width;	    /* of mobilenet_v2: factor of the channels */
	int64_t resolution; /* of the input */
	bool features;	    /* leave out pooling and classifier */
	bool expand_first;  /* of mobilenet_v2: a 1x1 convolution in block 1 */
	int n_channel;
	int64_t channel[IMC_ZOO_MAX_CHANNELS];
};

struct imc_zoo_fill;

/* A network; all memory belongs to the arena it was built in. */
struct imc_zoo_net {
	struct imc_onnx_model model; /* no raw data before weights are made */
	int64_t n_param;	     /* trainable */
	int64_t n_mac; /* multiply-accumulates of convolutions and Gemm */
	struct imc_zoo_fill *fill; /* of each initialiser of model */
};

/* What is chosen of network k when nothing is said. */
struct imc_zoo_choice imc_zoo_default(enum imc_zoo_name k);

/* Reads "784,512,10": the numbers of values that k takes, each from 1 to
 * IMC_ZOO_MAX_SIZE. False: c is untouched. */
bool imc_zoo_read_channels(enum imc_zoo_name k, const char *text,
			   struct imc_zoo_choice *c);

/* Network k with what is chosen, all of it in the ranges above and in those
 * of zoo.def. */
struct imc_zoo_net *imc_zoo_build(enum imc_zoo_name k,
				  const struct imc_zoo_choice *c,
				  struct imc_arena *a);

/* Makes the weights: the values of a tensor depend on seed and its name
 * only, and are the same bits on every machine. */
void imc_zoo_make_weights(struct imc_zoo_net *net, uint64_t seed,
			  struct imc_arena *a);

#endif
