/* driver.h: from the command line to a module. */
#ifndef IMC_CLI_DRIVER_H
#define IMC_CLI_DRIVER_H

#include "frontend/cli/options.h"
#include "frontend/cli/ui.h"
#include "frontend/onnx/onnx.h"
#include "hwdesc/hw.h"
#include "ir/module.h"
#include "passes/pass.h"

/* What the options that compile and eval share say. */
struct cli_settings {
	const struct cli_options *o;
	struct cli_ui *ui;
	const char *target; /* NULL: not given */
	struct imc_options opt;
	struct imc_robust robust;
	struct imc_preprocess pre; /* scale 0: not given */
	int64_t calib_limit;	   /* 0: all */
	/* Of --data: samples that are used (0: all), left out before them, and
	 * class = label + offset. */
	int64_t limit, skip, label_offset;
	bool verify;
};

/* How far to go, and what to leave behind. */
struct cli_run {
	const char *stop_after; /* or NULL */
	const char *dump_dir;	/* where dumps go; NULL: none */
};

/* Reads the options. False: wrong usage, reported. */
bool cli_settings_read(const struct cli_options *o, struct cli_ui *ui,
		       struct cli_settings *out);

/* The operand is a dumped module, or there is a target. False: reported. */
bool cli_check_target(const struct cli_options *o);

/* Every --set has the form KEY=VALUE. False: wrong usage, reported. */
bool cli_check_sets(const struct cli_options *o);

/* Does what --set and --arrays say, then checks what must hold between keys.
 * False: reported. */
bool cli_set_keys(const struct cli_options *o, struct imc_hw *hw);

/* A module from a model (.onnx) for the target, or a dumped module (.imc),
 * that no pass of this run has seen. Freed by the caller. NULL: reported. */
struct imc_module *cli_module_open(const struct cli_settings *s,
				   const char *path);

/* The same without a machine; for stage 1 only. info: as in onnx.h, or NULL;
 * its text lives in the module, or in d's arena when the import failed. */
struct imc_module *cli_module_import(const char *path, struct imc_diags *d,
				     struct imc_onnx_info *info);

/* Reads the dumped module `path` with the blob beside it (.bin for .imc). */
struct imc_module *cli_module_parse(const char *path, struct imc_diags *d);

/* True if g has operators on integer codes: others quantised it. */
bool cli_is_quantised(const struct imc_graph *g);

/* Runs the passes, with calibration samples when they need any. False:
 * reported. */
bool cli_module_run(struct imc_module *m, const struct cli_settings *s,
		    const struct cli_run *how);

/* --arrays: the machine with that many arrays, or with clusters that hold so
 * many together; of them no more compute at once than there are. False:
 * reported. */
bool cli_set_arrays(struct imc_hw *hw, const char *arrays, struct imc_loc loc,
		    struct imc_diags *d);

/* Labels of --labels, in a: as many as samples, or more when --limit leaves
 * some out; NULL: there are none. False: reported. */
bool cli_labels_read(const struct cli_settings *s, int64_t n_sample,
		     struct imc_arena *a, int64_t **out);

/* The samples of --data with their labels, in a, as the judge of a search for
 * bits of m. False: reported. */
bool cli_judge_read(const struct imc_module *m, const struct cli_settings *s,
		    struct imc_arena *a, struct imc_judge *out);

/* Prints the last network that was tried, on stderr. */
void cli_print_trial(const struct imc_module *m, struct cli_ui *ui);

/* Hex SHA-256 of bytes, in a. */
const char *cli_sha256(const void *bytes, size_t size, struct imc_arena *a);

/* Writes a whole file. False: reported. */
bool cli_file_write(const char *path, const void *bytes, size_t size,
		    struct imc_diags *d);

/* True if the module after pass `ordinal` is asked for; and writes it. */
bool cli_dump_wanted(const struct cli_options *o, const char *pass);
bool cli_dump_write(const char *dir, int ordinal, const char *pass,
		    const struct imc_module *m);

bool cli_is_dir(const char *path);

#endif
