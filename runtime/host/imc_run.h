/* SPDX-License-Identifier: Apache-2.0 */
/* imc_run.h: .npy files to samples of the device and back, on a host with
 * stdio; what runs them is runtime/device. For trying a bundle out and for
 * tests; not part of the device code. */
#ifndef IMC_RUN_H
#define IMC_RUN_H

#include <stdint.h>

#define IMC_RUN_MAX_RANK 8

/* A tensor of the network, in the layout of the device. channel_last: its
 * shape is [n][h][w][c] and the ONNX model says [n][c][h][w]. */
struct imc_run_tensor {
	const char *name;
	int rank;
	int64_t dim[IMC_RUN_MAX_RANK];
	int channel_last;
	float scale;
	int zero;
	int8_t *data;
};

/* Integer data becomes (data * scale - mean) / std, with a mean and std for
 * each channel; one serves all, none is 0 or 1. */
struct imc_run_net {
	const char *name;
	int n_input, n_output;
	struct imc_run_tensor *input, *output;
	double scale;
	int n_mean, n_std;
	double mean[4], std[4];
};

/* TOOL pack INPUT.npy[,INPUT2.npy...] RAW [SKIP [LIMIT]]: every sample but the
 * first SKIP, LIMIT of them at most (0: all), as codes, to file RAW.
 * TOOL unpack RAW OUTPUT.npy: outputs to float32 [N, ...] in the layout of the
 * ONNX model; output k > 0 goes to OUTPUT.npy.k.npy.
 * TOOL unlog LOG RAW: outputs that a device printed as lines "OUT 0a1b..", in
 * hexadecimal, to file RAW; other lines to the standard output.
 * Returns the exit status. */
int imc_run_main(int argc, char **argv, const struct imc_run_net *net);

#endif
