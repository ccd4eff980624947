/* lab.h: a float network through all passes, level compared with level. */
#ifndef IMC_TEST_LAB_H
#define IMC_TEST_LAB_H

#include "passes/pass.h"
#include "tests/graph_passes/build.h"

/* A module under test. Build the network with the functions of build.h on
 * lab.b, choose the machine in lab.m->hw, then lab_run. */
struct lab {
	const char *name; /* of the case, for messages */
	struct imc_arena *a;
	struct imc_diags d;
	struct imc_module *m;
	struct build b;
	struct imc_samples calib;
	float **want; /* [sample]: output 0 of the float network */
	/* Assigns all nodes in the place of choose_engine; NULL: not so. */
	void (*assign)(struct lab *l);
};

/* An empty network on a machine without crossbars, or with `arrays` of
 * 64 x 64 cells of 8 bits. */
void lab_open(struct lab *l, const char *name, int arrays);
void lab_close(struct lab *l);

/* The same on a machine of one-bit cells, arrays for each slice of a layer, and
 * free zeros of activations. */
void lab_open_bits(struct lab *l, const char *name, int arrays);

/* Runs the passes up to measure_errors. False: as lab_run. */
bool lab_calibrate(struct lab *l);

/* Assigns bits to the matrix node with that place in the run order; all other
 * nodes stay as they are. Layers of 8 bits by lab_all_arrays. */
void lab_all_arrays(struct lab *l);
void lab_set_bits(struct lab *l, int layer, int weight_bits, int act_bits);

/* Runs every pass, verifying after each. False: one failed, which is a failed
 * check but when `fails` is expected. */
bool lab_run(struct lab *l, bool fails);

/* lab_run; then the quantised output differs from the float one by at most
 * `most` steps and by `mean` steps on average, and quantised graph, map and
 * plan give the same bytes. */
void lab_check(struct lab *l, double most, double mean);

/* The first node of that operator, or NULL. */
struct imc_node *lab_node(struct lab *l, enum imc_op op);
struct imc_assign *lab_assign(struct lab *l, enum imc_op op);

/* Whether a message with that id was given. */
bool lab_said(const struct lab *l, enum imc_diag_id id);

/* As check_result: of the checks of lab.c. */
int lab_result(void);

/* Each file's checks; not 0 when one fails. */
int test_numbers(void);
int test_engine(void);
int test_cores(void);
int test_adc(void);
int test_dac(void);
int test_range(void);
int test_bits(void);
int test_errors(void);
int test_residual(void);
int test_variants(void);
int test_cells(void);
int test_robust(void);

#endif
