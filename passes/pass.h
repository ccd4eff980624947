/* pass.h: the passes, from passes.def, and the manager that runs them. */
#ifndef IMC_PASS_H
#define IMC_PASS_H

#include "hwdesc/hw.h"
#include "ir/module.h"
#include "ir/noise.h"
#include "ir/samples.h"

/* By what a network is judged while bits are chosen: samples first ..
 * first+n, and the right classes from sample 0 on (NULL: those that the float
 * network gives). */
struct imc_judge {
	const struct imc_samples *samples;
	int64_t first, n;
	const int64_t *labels;
	int64_t label_offset;
};

/* What a pass gets beside the module. */
struct imc_pass_cx {
	struct imc_arena *scratch; /* released when the pass returns */
	const struct imc_samples *calib;
	const struct imc_judge *judge; /* NULL: calib, without classes */
	const struct imc_noise *noise; /* that m->robust names, or NULL */
	int64_t n_changed;	       /* set by the pass: how much it did */
	/* Says how far a long step is; may be NULL. */
	void (*progress)(void *ui, const char *what, int64_t done,
			 int64_t total);
	/* Tells that m->trial has one more; may be NULL. */
	void (*tried)(void *ui, const struct imc_module *m);
	void *ui;
};

/* Changes m. False: reported; m is then unusable. */
typedef bool imc_pass_fn(struct imc_module *m, struct imc_pass_cx *cx);

struct imc_pass {
	const char *name, *stage, *text;
	imc_pass_fn *run;
	uint32_t needs, makes, breaks; /* bits of enum imc_fact */
};

extern const struct imc_pass imc_passes[];
extern const size_t imc_n_pass;

/* NULL when there is no pass of that name. */
const struct imc_pass *imc_pass_by_name(const char *name);

/* Called after each pass; ordinal counts from 1. */
typedef void imc_pass_after(void *ui, const struct imc_pass *p, int ordinal,
			    const struct imc_module *m);

struct imc_pass_run {
	const struct imc_samples *calib;
	const struct imc_judge *judge; /* as in imc_pass_cx */
	const struct imc_noise *noise; /* needed where m->robust.model is set
					  and choose_engine still runs */
	const char *stop_after;	       /* name of a pass, or NULL: all */
	bool verify;		       /* after every pass */
	imc_pass_after *after;	       /* may be NULL */
	void (*progress)(void *ui, const char *what, int64_t done,
			 int64_t total);
	void (*tried)(void *ui, const struct imc_module *m);
	void *ui;
};

/* Runs the passes that are still to run, in the order of passes.def: a pass
 * is skipped when all facts it makes already hold (a module read from text
 * goes on where it stopped). Records names and times in m. */
bool imc_passes_run(struct imc_module *m, const struct imc_pass_run *how);

#define PASS(name, stage, needs, makes, breaks, text)                          \
	imc_pass_fn imc_pass_##name;
#include "passes/passes.def"
#undef PASS

#endif
