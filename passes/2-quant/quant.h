/* quant.h: what the passes of stage 2 share. */
#ifndef IMC_QUANT_H
#define IMC_QUANT_H

#include "hwdesc/cost.h"
#include "ir/op.h"
#include "passes/pass.h"

/* Scale and zero of an activation with that range. fixed_zero: zero is 0, as
 * a DAC with a fixed zero wants it. bits <= 8: codes of an int8. */
struct imc_qparams {
	float scale;
	int32_t zero;
};
struct imc_qparams imc_qparams_of(float lo, float hi, int bits,
				  bool fixed_zero);

/* Slices of a weight of `bits` bits in cells of hw, and the largest weight
 * code then. */
int32_t imc_slices_of(const struct imc_hw *hw, int bits);
int32_t imc_weight_max(const struct imc_hw *hw, int bits);

/* Bias rows that bring a bias of `max_bias` (in units of the sum) to the bit
 * lines: drives of the DAC, largest first; 0 rows when there is no bias. */
struct imc_ints imc_bias_drives(const struct imc_hw *hw, double max_bias);

/* Cell codes of those rows for one bias; what is left is returned. */
int64_t imc_bias_cells(const struct imc_ints *drive, int64_t bias,
		       int32_t cell_max, int8_t *cell, int64_t stride);

/* float weights of conv node n: w[k][r], r running over (ky, kx, c). */
struct imc_weights {
	const float *w;
	int64_t k, r;
	const float *bias; /* [k], or NULL */
};

struct imc_weights imc_weights_of(const struct imc_graph *g,
				  const struct imc_node *n);

/* The scale for n weights so that codes of `slices` slices of `bits` bits,
 * at most `max`, have the least squared error. Slices of 1 bit: as
 * imc_twos_scale. */
float imc_weight_scale(const float *w, int64_t n, int slices, int bits,
		       int32_t max);

/* The same of codes -2^(bits-1) .. 2^(bits-1)-1, and the code of weight / scale
 * = x. */
float imc_twos_scale(const float *w, int64_t n, int bits);
int8_t imc_twos_code(double x, int bits);

/* Moves codes of one output's weights w[tap][channel] to a neighbour, so that
 * the errors of each kernel, and those of all, hardly add up. */
void imc_round_sums(int8_t *code, const float *w, double scale, int64_t taps,
		    int64_t channels, int bits);

/* Relative squared error of the weights with one scale a channel, and with one
 * scale for all, summed over channels: a channel of small weights counts as
 * much as one of large weights, since the layer behind scales it up. by_tensor
 * may be NULL. */
void imc_weight_errors(const struct imc_weights *w, int slices, int bits,
		       int32_t max, double *by_channel, double *by_tensor);

/* True if imc_quantise_digital knows that float operator. */
bool imc_digital_can(enum imc_op op);

/* Codes of a value. by_arrays: crossbar arrays read them, perhaps through
 * operators that only move codes, so that they are those of their DACs. */
struct imc_act_bits {
	int bits;
	bool by_arrays;
};

/* [v]: of value v. Fewer bits than a DAC takes (imc_assign.act_bits) has what
 * only arrays of that many bits read; who else wants fewer bits than there are
 * reads them behind a q_rescale. */
struct imc_act_bits *imc_act_bits_of(const struct imc_module *m,
				     struct imc_arena *scratch);

/* Ranges of codes of 2 .. 7 bits (imc_value.clips). */
#define IMC_FIRST_CLIP 2
#define IMC_N_CLIP 6

/* Of a value in lo .. hi, of which x are samples: those with the least squared
 * error. */
void imc_clips_of(const float *x, int64_t n, float lo, float hi,
		  bool fixed_zero, float clip[IMC_N_CLIP][2]);

/* Moves the ends of the range in, of a value of which x are samples, to where
 * codes of that many bits have the least squared error; 0 is then inside. */
void imc_range_of(const float *x, int64_t n, int bits, bool fixed_zero,
		  float range[2]);

/* Low and high end of v for codes of that many bits; NULL: as the range. */
const float *imc_clip_of(const struct imc_graph *g, const struct imc_value *v,
			 int bits);

/* True if layers may differ in the bits of their weights and activations: cells
 * hold single bits, and inputs come bit by bit. */
bool imc_bits_are_free(const struct imc_hw *hw);

/* Clamps what arrays read to the codes of their DACs. All is quantised. */
void imc_narrow_activations(struct imc_module *m, struct imc_arena *scratch);

/* Bits of the weights of node n on the arrays: --weight-bits; else as few, in
 * whole cells, as keep its weights. */
int imc_weight_bits_of(const struct imc_module *m, const struct imc_node *n);

/* False: arrays would compute n, but badly, and nobody asked for them. Of
 * depth-wise layers on cells of few bits: each output is a short sum of few
 * levels, and no other channel makes up for its error. */
bool imc_arrays_suit(const struct imc_module *m, const struct imc_node *n);

/* The halves of quantise: scale and zero of every activation; then each node
 * to its device form. All nodes have passed check_device. */
void imc_quantise_values(struct imc_module *m, struct imc_pass_cx *cx);
void imc_quantise_nodes(struct imc_module *m, struct imc_pass_cx *cx);

/* All activations become int8. imc_quantise_nodes does it, too. */
void imc_set_code_types(struct imc_graph *g);

/* Between the two: crossbar node id reads codes of that many bits, fewer than
 * its input has, behind a q_rescale of its own. Returns what it reads then. */
imc_val imc_narrow_input(struct imc_module *m, imc_node_id id, int bits);

void imc_quantise_conv(struct imc_module *m, imc_node_id id);
void imc_quantise_digital(struct imc_module *m, imc_node_id id);

/* Sets lo and hi of n to the codes that mean lo .. hi in the numbers of y. As
 * in clip, hi wins when lo is above it. _act: its fused clip, if any. */
void imc_clamp_to(struct imc_node *n, const struct imc_value *y, double lo,
		  double hi);
void imc_clamp_act(struct imc_node *n, const struct imc_value *y);

/* Makes map.assign long enough for every node of the graph. */
void imc_assign_grow(struct imc_module *m);

/* True if op gives codes on unchanged: its outputs have the numbers of its
 * inputs. */
bool imc_is_code_move(enum imc_op op);

/* A new i32 or i8 constant. */
imc_val imc_const_i32(struct imc_graph *g, const char *name, const int32_t *v,
		      int64_t n);

#endif
