/* lab.h: a small network on a spatial machine, and a judge whose answers are
 * known, in place of imc_trials. */
#ifndef IMC_TESTS_BITS_LAB_H
#define IMC_TESTS_BITS_LAB_H

#include "ir/support/arena.h"
#include "passes/2-quant/choose_bits.h"

#define OK(condition) CHECK(condition, "wrong")

/* A run of the pass choose_engine. */
struct lab {
	struct imc_diags d;
	struct imc_arena *a;
	struct imc_module *m;
	bool ok;
	int n_told; /* trials that were told of */
};

/* A module that is to choose bits for a largest drop on that many arrays. */
void lab_begin(struct lab *r, int arrays);
void lab_go(struct lab *r);
void lab_end(struct lab *r);

/* The sum of the errors of the layers, by which the judge goes. */
double lab_noise(const struct imc_module *m, const struct imc_assign *assign);

/* Percent of the samples that are lost with that error. */
double lab_loss(double error);

/* ns of all nodes as they are assigned, and of rescales for narrow reads. */
double lab_latency(const struct imc_module *m);

/* The trial that was taken; NULL: none. */
const struct imc_trial *lab_taken(const struct imc_module *m);

/* check_result of what the lab itself checked. */
int lab_result(void);

#endif
