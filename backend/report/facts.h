/* facts.h: what both forms of the report say, worked out once. */
#ifndef IMC_REPORT_FACTS_H
#define IMC_REPORT_FACTS_H

#include "backend/report/report.h"
#include "hwdesc/adc_bits.h"
#include "hwdesc/cost.h"

/* Windows of each job sequence of imc_report_facts.peak: the 7 x 7 pixels at
 * the end of networks for 224 x 224. */
#define IMC_REPORT_PEAK_WINDOWS 49

/* A node that costs something. */
struct imc_report_layer {
	imc_node_id id;
	const char *name, *op;
	const struct imc_assign *as;
	struct imc_matrix mx; /* of a matrix node, else all 0 */
	struct imc_cost cost; /* of all its steps, one after another */
	double hidden_ns;     /* of them, beside a longer step */
	int32_t n_tile;
	int32_t copies; /* of its weights in the fullest tile, at least 1 */
	double cell_utilisation; /* 0: not on a crossbar */
	const char *note;	 /* "" or why it is where it is */
	int64_t arrays;		 /* of a spatial machine, that it takes */
	const struct imc_value *in, *out;
};

/* An array that holds something. */
struct imc_report_array {
	int32_t array, n_tile;
	int64_t cells; /* of the tiles on it */
};

struct imc_report_facts {
	size_t n_layer;
	struct imc_report_layer *layer; /* in the order they run */
	size_t n_array;
	struct imc_report_array *array; /* by number */
	struct imc_cost total;		/* of the plan: slots overlap */
	struct imc_cost transfers;	/* L2 and L1; ns: those not hidden */
	double saved_ns; /* what overlap saves, inside steps and beside */
	struct imc_cost engine[IMC_N_ENGINE]; /* sums over its layers */
	double engine_hidden_ns[IMC_N_ENGINE];
	/* Tera-operations a second: two for each multiply-accumulate of the
	 * network; and what the machine does at most. */
	struct imc_peak rate, peak;
	bool spatial;		      /* layers have arrays of their own */
	struct imc_pipeline pipeline; /* of a spatial machine */
	const struct imc_adc_bits *tile_adc; /* [tile]; 0: no ADC */
	double array_utilisation; /* cells of tiles in those of used arrays */
	int64_t l2_peak_bytes;
	const char *target_source, *model_file, *calib_file;
	bool synthetic;
};

/* All of it lives in a. m has at least an engine for every node. */
struct imc_report_facts imc_report_facts(const struct imc_module *m,
					 const struct imc_report_sizes *s,
					 struct imc_arena *a);

/* The last part of a path. */
const char *imc_report_base(const char *path);

/* The name of a layer in at most that many columns. The end of a long name
 * says more than its beginning; parts that exporters repeat go. */
const char *imc_report_short_name(const struct imc_report_layer *l, size_t most,
				  struct imc_arena *a);

/* A text without control characters, which would spoil a table. */
char *imc_report_cleaned(const char *s, struct imc_arena *a);

/* "percentile", "min-max" or "mean-square error" */
const char *imc_report_method(const struct imc_options *o);

#endif
