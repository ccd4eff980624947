/* noise_model.h: noise models (ir/noise.h) from files; keys and units are in
 * ir/noise.def. */
#ifndef IMC_NOISE_MODEL_H
#define IMC_NOISE_MODEL_H

#include "hwdesc/hw.h"
#include "ir/noise.h"

/* A model with every key at its default: no noise. */
struct imc_noise *imc_noise_new(struct imc_arena *a);

/* Reads `model`: the name of a built-in model, or a YAML file (a name with
 * '/' or ending in .yaml or .yml). NULL: reported. */
struct imc_noise *imc_noise_load(const char *model, struct imc_arena *a,
				 struct imc_diags *d);

/* Reads a model from YAML text; path is used in messages. */
struct imc_noise *imc_noise_read(const char *path, const char *yaml,
				 size_t size, struct imc_arena *a,
				 struct imc_diags *d);

/* Sets "read.mvm" to "0.02". False: reported. */
bool imc_noise_set(struct imc_noise *n, const char *key, const char *value,
		   struct imc_loc loc, struct imc_diags *d);

/* Checks what holds between keys. False: reported. */
bool imc_noise_check(const struct imc_noise *n, struct imc_loc loc,
		     struct imc_diags *d);

/* Every key with default, unit, range and meaning; with n (or NULL) also the
 * value that it has there. For people. */
void imc_noise_explain(const struct imc_noise *n, struct imc_buf *out);

/* Sets cell_max and input_max of c as hw has them. */
void imc_noise_scale(const struct imc_hw *hw, struct imc_noise_case *c);

/* The built-in models are the YAML files of hwdesc/noise, built in as
 * imc_noise_files (ir/support/embed.h): "pcm.yaml" is pcm. */

#endif
