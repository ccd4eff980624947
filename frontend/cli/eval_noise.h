/* eval_noise.h: accuracy of a mapped network on devices that are not ideal. */
#ifndef IMC_CLI_EVAL_NOISE_H
#define IMC_CLI_EVAL_NOISE_H

#include "backend/report/json.h"
#include "frontend/cli/driver.h"
#include "hwdesc/noise_model.h"

/* What the options ask for. */
struct cli_noise {
	const struct imc_noise *model; /* NULL: no noise */
	int64_t runs;
	uint64_t seed;
	size_t n_time;
	const char **label; /* as the user wrote them */
	double *time_s;
	const char *picture; /* file to draw; NULL: none */
};

/* Over all runs at one time. Fractions of the samples: right class, the class
 * that ideal devices give; root of the sum of squares of the difference of the
 * outputs to theirs, over that of theirs (worst: largest). */
struct cli_noise_point {
	struct imc_noisy_stat top1, agree, relative;
};

struct cli_noise_result {
	const struct cli_noise *asked;
	const char *network, *target;
	bool labelled;
	double top1;		       /* of ideal devices */
	struct cli_noise_point *point; /* of each time */
};

/* Labels: of sample 0 on, NULL: none. */
struct cli_noise_job {
	const struct imc_module *m;
	struct imc_noisy net;
	const int64_t *labels;
	int64_t label_offset;
};

/* Every value of option id has the form KEY=VALUE. False: reported. */
bool cli_check_pairs(const struct cli_options *o, enum cli_option id);

/* The model called `model`, changed as --noise-set says. NULL: reported. */
struct imc_noise *cli_noise_load(const struct cli_options *o,
				 const char *model);

/* Reads the options, but for the model. False: wrong usage, reported. */
bool cli_noise_usage(const struct cli_options *o, struct cli_noise *out);

/* Reports that option id says nothing to a machine whose sums are exact. */
bool cli_noise_is_exact(const struct imc_hw *hw, enum cli_option id,
			struct imc_diags *d);

/* Reads the model; and checks that it can do anything to m. False: reported.
 */
bool cli_noise_open(const struct cli_options *o, struct cli_noise *out);
bool cli_noise_check(const struct imc_module *m, struct imc_diags *d);

/* Everything in the result lives in a. */
struct cli_noise_result cli_noise_run(const struct cli_noise *n,
				      const struct cli_noise_job *job,
				      struct cli_ui *ui, struct imc_arena *a);

void cli_noise_text(const struct cli_noise_result *r, struct imc_buf *out);
void cli_noise_json(const struct cli_noise_result *r, struct imc_json *j);
void cli_noise_svg(const struct cli_noise_result *r, struct imc_buf *out);

#endif
