/* samples.h: inputs of a network, for calibration and evaluation. */
#ifndef IMC_SAMPLES_H
#define IMC_SAMPLES_H

#include <stdbool.h>
#include <stdint.h>

#include "ir/graph.h"

/* Inputs that a network may have, at most. */
#define IMC_MAX_INPUT 16

/* n samples; x[k] holds input k of all samples one after another, float32, in
 * the layout of the ONNX model (NCHW for pictures), size[k] elements each. */
struct imc_samples {
	int64_t n;
	int n_input;
	int64_t size[IMC_MAX_INPUT];
	float *x[IMC_MAX_INPUT];
	bool synthetic;
	const char *source; /* as the user wrote it, or "synthetic" */
};

/* From stored data to the network's input: x = (data * scale - mean) / std, a
 * mean and std for each channel (n_mean, n_std of them; one serves all; none:
 * 0 and 1). Float data is taken as it is unless `given`. */
struct imc_preprocess {
	bool given; /* the user asked for it; else the identity */
	double scale;
	int n_mean, n_std;
	double mean[4], std[4];
};

/* Synthetic samples for the (float) inputs of g: n of them, normal with mean 0
 * and deviation 1, from `seed`. The same for the same seed everywhere. */
struct imc_samples imc_samples_make(const struct imc_graph *g, int64_t n,
				    uint64_t seed, struct imc_arena *a);

#endif
