/* hw.h: the machine that is compiled for; keys and units are in hw.def. */
#ifndef IMC_HW_H
#define IMC_HW_H

#include <stdbool.h>
#include <stdint.h>

#include "ir/support/arena.h"
#include "ir/support/buf.h"
#include "ir/support/diag.h"
#include "ir/text.h"

/* Every key of hw.def as a field: "ima.cell_bits" is hw->ima_cell_bits. */
struct imc_hw {
	const char *name;   /* "garofalo-34" */
	const char *source; /* file it was read from, as the user wrote it */
#define SECTION(section, text)
#define KEY_I(section, key, unit, def, min, max, text) int64_t section##_##key;
#define KEY_F(section, key, unit, def, min, max, text) double section##_##key;
#define KEY_E(section, key, words, def, text) int64_t section##_##key;
#include "hwdesc/hw.def"
};

/* A machine with every key at its default. */
struct imc_hw *imc_hw_new(struct imc_arena *a);

/* Reads `target`: the name of a built-in target, or a YAML file (a name with
 * '/' or ending in .yaml or .yml). NULL: reported. */
struct imc_hw *imc_hw_load(const char *target, struct imc_arena *a,
			   struct imc_diags *d);

/* Reads a machine from YAML text; path is used in messages. */
struct imc_hw *imc_hw_read(const char *path, const char *yaml, size_t size,
			   struct imc_arena *a, struct imc_diags *d);

/* Sets "ima.arrays" to "70" (a unit may follow: "1 MB"). Key "name" sets the
 * name, which is then kept in d->arena. False: reported. */
bool imc_hw_set(struct imc_hw *hw, const char *key, const char *value,
		struct imc_loc loc, struct imc_diags *d);

/* Checks what holds between keys. False: reported. */
bool imc_hw_check(const struct imc_hw *hw, struct imc_loc loc,
		  struct imc_diags *d);

/* Prints "hw name NAME" and every key as "hw section.key value" lines,
 * exactly reversible. */
void imc_hw_print(const struct imc_hw *hw, struct imc_buf *out);

/* Every key with default, unit, range and meaning, by section; with hw (or
 * NULL) also the value that it has there. For people. */
void imc_hw_explain(const struct imc_hw *hw, struct imc_buf *out);

/* True if every tile has an array and a port of its own, so that all tiles of
 * a layer compute at once and layers form a pipeline: a spatial machine. */
bool imc_hw_is_spatial(const struct imc_hw *hw);

/* Arrays that one network may take: of all clusters of a spatial machine, else
 * of one. */
int64_t imc_hw_n_array(const struct imc_hw *hw);

/* True if sums of products reach the digital side in full: there is no ADC, or
 * inputs come bit by bit and the ADC tells apart all sums of a step. */
bool imc_hw_sums_exact(const struct imc_hw *hw);

extern const struct imc_text_hw imc_hw_text;

/* The built-in targets are the YAML files of hwdesc/targets, built in as
 * imc_target_files (ir/support/embed.h): "garofalo-34.yaml" is garofalo-34. */

#endif
