/* choose_robust.h: mappings chosen under device noise (--robust). Private to
 * stage 2.
 *
 * The error of a way to compute a layer is then what its arrays, with noise and
 * alone, do to the output of a network that is exact elsewhere: noise of
 * different devices is independent, so that squared errors add up. */
#ifndef IMC_CHOOSE_ROBUST_H
#define IMC_CHOOSE_ROBUST_H

#include "ir/noise.h"
#include "passes/2-quant/choose_drop.h"

/* The devices of run `run`, at the time that m->robust says. They are others
 * than those that an evaluation with the same seed draws. */
struct imc_noise_case imc_robust_case(const struct imc_module *m,
				      const struct imc_noise *noise,
				      int64_t run);

/* Cuts a fork in device arithmetic into tiles and gives each a place: by fast
 * rules, or, should those find none, an array of its own. False: reported. */
bool imc_robust_place(struct imc_module *fork);

/* Maps a fork of m without regard to noise, measures it under noise, and keeps
 * that in m->robust; if there is such a mapping. *value: what the objective
 * counts of it, or 0. False: there are no trials, reported. */
bool imc_robust_plain(struct imc_module *m, struct imc_pass_cx *cx,
		      double *value);

/* The picks of least errors whose value is at most `most`, or, where all have
 * more, those of least value. Adds them, measured, to m->trial. Not found:
 * nothing is reported. False: reported. */
bool imc_robust_search(struct imc_module *m, struct imc_pass_cx *cx,
		       const struct imc_drop_chooser *chooser, double most,
		       struct imc_drop_pick *out);

#endif
