/* make_models FOLDER: writes small networks and data for the scripts.
 *
 * two.onnx          a picture of 2 channels in; a picture and a vector out
 * row.onnx          a signal of 2 channels
 * dynamic.onnx      a width that is not fixed
 * unsupported.onnx  operators that cannot be mapped, and one misspelt
 * two_first.npy, two_last.npy, row_last.npy: 6 samples of bytes, the channels
 *                   first or last; two_first and two_last are the same */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/onnx/onnx_encode.h"

#define N_SAMPLE 6

static void write_file(const char *folder, const char *name,
		       const struct imc_buf *b)
{
	const char *path = imc_arena_printf(b->arena, "%s/%s", folder, name);
	FILE *f = fopen(path, "wb");

	if (!f || fwrite(b->p, 1, b->n, f) != b->n || fclose(f) != 0) {
		perror(path);
		exit(1);
	}
}

static void write_net(const char *folder, const char *name, struct net *n)
{
	struct imc_buf b = net_bytes(n);

	write_file(folder, name, &b);
}

/* An initialiser of count values between -0.5 and 0.5. */
static void weights(struct net *n, const char *name, const char *dims,
		    size_t count)
{
	float *w = imc_arena_array(n->a, count, sizeof *w);
	struct imc_buf t = {.arena = n->a};

	for (size_t i = 0; i < count; i++)
		w[i] = (float)(i * 37 % 101) / 100 - 0.5f;
	put_tensor(&t, name, 1, dims, w, count * sizeof *w);
	put_bytes(&n->graph, 5, t.p, t.n);
}

static void write_two(struct imc_arena *a, const char *folder)
{
	struct net n = net_new(a, 13);

	net_input(&n, "x", 1, "1 2 6 5");
	weights(&n, "w", "4 2 3 3", (size_t)4 * 2 * 3 * 3);
	net_is(&n, "pads", "1 1 1 1");
	net_node(&n, "Conv", "conv", "x w", "c");
	net_node(&n, "Relu", "relu", "c", "picture");
	net_node(&n, "GlobalAveragePool", "mean", "picture", "vector");
	net_output(&n, "picture");
	net_output(&n, "vector");
	write_net(folder, "two.onnx", &n);
}

static void write_row(struct imc_arena *a, const char *folder)
{
	struct net n = net_new(a, 13);

	net_input(&n, "x", 1, "1 2 30");
	weights(&n, "w", "4 2 3", (size_t)4 * 2 * 3);
	net_node(&n, "Conv", "conv", "x w", "c");
	net_node(&n, "Relu", "relu", "c", "y");
	net_output(&n, "y");
	write_net(folder, "row.onnx", &n);
}

static void write_dynamic(struct imc_arena *a, const char *folder)
{
	struct net n = net_new(a, 13);

	net_input(&n, "x", 1, "N 2 6 width");
	net_node(&n, "Relu", "relu", "x", "y");
	net_output(&n, "y");
	write_net(folder, "dynamic.onnx", &n);
}

static void write_unsupported(struct imc_arena *a, const char *folder)
{
	struct net n = net_new(a, 13);

	net_input(&n, "x", 1, "1 2 6 5");
	net_node(&n, "LSTM", "memory", "x", "a");
	net_node(&n, "Relu", "relu", "a", "b");
	net_node(&n, "Sigmiod", "", "b", "c");
	net_node(&n, "acme:Magic", "m", "c", "y");
	net_output(&n, "y");
	write_net(folder, "unsupported.onnx", &n);
}

/* Version 1 of numpy's format; shape as Python writes it. */
static struct imc_buf npy_begin(struct imc_arena *a, const char *shape)
{
	struct imc_buf b = {.arena = a};

	imc_buf_bytes(&b, "\x93NUMPY\1\0\x76\0", 10);
	imc_buf_printf(&b,
		       "{'descr': '|u1', 'fortran_order': False, 'shape': %s, "
		       "}",
		       shape);
	while (b.n < 127)
		imc_buf_text(&b, " ");
	imc_buf_text(&b, "\n");
	return b;
}

static void put_byte(struct imc_buf *b, int sample, int channel, int at)
{
	char v = (char)((sample * 71 + channel * 113 + at * 29) & 255);

	imc_buf_bytes(b, &v, 1);
}

/* Samples of 2 channels of `plane` elements each. */
static void write_data(struct imc_arena *a, const char *folder,
		       const char *name, const char *shape, int plane,
		       bool channel_last)
{
	struct imc_buf b = npy_begin(a, shape);

	for (int s = 0; s < N_SAMPLE; s++)
		for (int i = 0; i < 2 * plane; i++) {
			int channel = channel_last ? i % 2 : i / plane;

			put_byte(&b, s, channel,
				 channel_last ? i / 2 : i % plane);
		}
	write_file(folder, name, &b);
}

int main(int argc, char **argv)
{
	struct imc_arena *a = imc_arena_new();

	if (argc != 2) {
		fprintf(stderr, "usage: make_models FOLDER\n");
		return 2;
	}
	write_two(a, argv[1]);
	write_row(a, argv[1]);
	write_dynamic(a, argv[1]);
	write_unsupported(a, argv[1]);
	write_data(a, argv[1], "two_first.npy", "(6, 2, 6, 5)", 30, false);
	write_data(a, argv[1], "two_last.npy", "(6, 6, 5, 2)", 30, true);
	write_data(a, argv[1], "row_last.npy", "(6, 30, 2)", 30, true);
	imc_arena_free(a);
	return 0;
}
