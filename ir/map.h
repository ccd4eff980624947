/* map.h: which engine computes each node, and where each weight lies.
 *
 * The map refers to the graph by id and never replaces it. */
#ifndef IMC_MAP_H
#define IMC_MAP_H

#include <stdbool.h>
#include <stdint.h>

#include "ir/graph.h"
#include "ir/samples.h"

#define IMC_ENGINES(X)                                                         \
	X(NONE, none)		/* nothing to do: constants, aliases */        \
	X(CORES, cores)		/* the RISC-V cores */                         \
	X(CROSSBAR, crossbar)	/* the analog (or digital) in-memory arrays */ \
	X(PE, pe)		/* the digital array of processing elements */ \
	X(DEPTHWISE, depthwise) /* the depth-wise engine */

enum imc_engine {
#define X(id, name) IMC_ENGINE_##id,
	IMC_ENGINES(X)
#undef X
		IMC_N_ENGINE
};

const char *imc_engine_name(enum imc_engine e);

/* Time and energy of something, from hwdesc/cost.h. engine_ns and core_ns
 * may overlap, so that their sum can exceed ns. */
struct imc_cost {
	double cycles; /* of the cluster clock */
	double ns;
	double pj;
	double engine_ns; /* part of ns in which the accelerator runs */
	double core_ns;	  /* part of ns in which the cores work */
	double stream_ns; /* in which data streams to or from the arrays */
	double stall_ns;  /* part of stream_ns that the arrays wait for */
	/* Of a spatial machine: between two images, if that is less than ns,
	 * since copies take images in turn; 0: ns. */
	double stage_ns;
};

/* Time between two images that a stage of a pipeline needs. */
static inline double imc_stage_ns(const struct imc_cost *c)
{
	return c->stage_ns > 0 ? c->stage_ns : c->ns;
}

/* How one node is computed: index of imc_map.assign is the node id. */
struct imc_assign {
	enum imc_engine engine;
	int32_t weight_bits, act_bits;
	int32_t slices;	     /* of a weight */
	int32_t tile_slices; /* of them in one tile, in columns; 0: all */
	int32_t bundle;	     /* groups of a grouped convolution in one job */
	int32_t block_rows;  /* weight rows in one job, bias rows not counted */
	int32_t block_cols;  /* logical columns in one job; 0: all that fit */
	int32_t bias_rows;   /* rows of the last block driven by a constant */
	/* Output pixels of one job (see imc_tile): of tiles with block_rows
	 * rows and block_cols columns, and of the smaller ones at the ends. */
	int32_t patch_h, patch_w, rest_h, rest_w;
	/* Replication: so many times all tiles, each in arrays of its own. They
	 * share the output pixels. Of a node on the cores of a machine of
	 * clusters: clusters that share it. 1 = none. */
	int32_t copies;
	int32_t residual_groups; /* of exact weights beside the arrays */
	int32_t column_cells;	 /* that are not 0, at most; 0: any number */
	int32_t adders; /* clusters that only add up partial sums of it */
	int32_t stores; /* clusters that only keep what it waits for */
	bool post_adc;	/* the ADC's code is the activation */
	bool overlap;	/* cores work beside the arrays, strip by strip */
	bool spilled;	/* wanted a crossbar; no array was left */
	int32_t first_tile, n_tile;
	/* Of the ADCs, over calibration samples: codes of one unit of the sum,
	 * where it is least; parts of the sums that are clipped at each end
	 * though that changes the output. */
	double adc_gain, adc_clipped_lo, adc_clipped_hi;
	struct imc_cost cost;
};

/* A rectangle of one weight matrix, the unit of placement and of a job.
 * Logical: groups of bundle `bundle`, rows row0 .. row0+n_row of its matrix
 * (block `block`; rows are ky, kx, channel), logical columns col0 ..
 * col0+n_col, slices slice0 .. slice0+n_slice of them. Physical: array, first
 * column x, first row y (word line). array -1: not placed.
 *
 * One job gives patch_h x patch_w neighbouring output pixels, each from an own
 * copy of the weights; copies share the word lines of input positions that
 * their windows have in common (shifted and duplicated kernels, SDK: Zhang et
 * al., TCAD 2020; variable windows: Rhe et al., VW-SDK, DATE 2022). For 1x1
 * kernels that is block-diagonal. Word lines are (uy, ux, channel), uy and ux
 * over the input positions that the patch reads (imc_patch_*), then the bias
 * rows, which all copies share:
 *     h = span_h * span_w * channels + n_bias,
 *     w = patch_h * patch_w * n_slice * n_col;
 * copy p = py * patch_w + px, slice slice0 + s of column j is physical column
 * x + (p * n_slice + s) * n_col + j. A cell whose input position is not in the
 * window of its copy is 0. Without patch (1x1) word line r is row row0 + r.
 * A patch larger than 1x1 needs dilation 1, and a tile that holds all rows of
 * its bundle or a kernel of 1x1; patch_h divides the output's height. The last
 * patch of a line begins at out_w - patch_w, even if that computes pixels
 * twice; its results count.
 *
 * Copies over arrays (imc_assign.copies) are tiles that differ in `copy` and
 * place only. Of P output pixels in a row that are computed together, copy k
 * of n takes those from k * P / n on, up to (k + 1) * P / n (imc_tile_share). A
 * tile of more than one copy has a patch of 1x1. */
struct imc_tile {
	imc_node_id node;
	int32_t bundle, block;
	int32_t row0, n_row, col0, n_col, n_bias;
	int32_t slice0, n_slice;
	int32_t copy;
	int32_t patch_h, patch_w;
	int32_t array, x, y, w, h;
};

/* Along one axis: how many input positions n neighbouring outputs read; which
 * of them tap k of output p reads; and how far position u lies behind the
 * first. Positions that no window reads (stride > kernel) do not count. */
int32_t imc_patch_span(int32_t kernel, int32_t stride, int32_t n);
int32_t imc_patch_index(int32_t kernel, int32_t stride, int32_t p, int32_t k);
int32_t imc_patch_offset(int32_t kernel, int32_t stride, int32_t u);

/* The first of n_pixel pixels that copy k of n_copy takes; for k = n_copy the
 * end. */
int64_t imc_tile_share(int64_t n_pixel, int32_t k, int32_t n_copy);

struct imc_map {
	/* The arrays that tiles are placed on (from the hardware). */
	int32_t array_rows, array_cols, n_array;
	bool adc_per_job;    /* all columns of a job share one ADC setting */
	bool pe_shares_port; /* engine pe never works beside the arrays */
	bool own_arrays;     /* no two tiles share an array */
	size_t n_assign;
	struct imc_assign *assign; /* NULL: nothing is assigned yet */
	size_t n_tile, cap_tile;
	struct imc_tile *tile; /* grouped by node, in the order of bundle,
				  column, block, slice, copy */
	/* Of the placement. */
	int32_t n_used, lower_bound;
	const char *solver; /* what found it: "greedy area", "milp" ... */
	/* Proven: no choice of mappings that imcc knows for this network on
	 * this many arrays has a lower latency, if nodes run whole or in strips
	 * one after another, or two neighbours at once (passes/4-plan/
	 * overlap.h); 0: not known. */
	double bound_ns;
	/* The same if any nodes run at once that keep different lanes busy,
	 * all of a chain of successive ones (passes/4-plan/chain.h). It is
	 * lower. */
	double chain_bound_ns;
	/* The same of the slowest stage of a pipeline of layers (imc_pipeline)
	 * that was asked for as short as can be. */
	double stage_bound_ns;
	/* What found engines, bits and copies of a spatial machine: "exact",
	 * "milp" ...; and how far that may be from the best, of its objective:
	 * (value - bound) / value. NULL, 0: elsewhere. */
	const char *chooser;
	double chooser_gap;
	/* Of the rescales that quantisation will put before layers that read
	 * fewer bits than others do. */
	struct imc_cost narrow;
};

/* Cells of the arrays that the map uses, as programmed: image[k] is
 * array_rows x array_cols int8, row-major, row = word line; unused cells 0. */
struct imc_images {
	int32_t n, rows, cols;
	int8_t **cell;
};

struct imc_images imc_map_images(const struct imc_graph *g,
				 const struct imc_map *m, struct imc_arena *a);

/* Sizes of the weight matrix of matrix node n (q_conv2d or conv2d): rows and
 * columns of one group, the number of groups, and the walk of its windows. */
struct imc_matrix {
	int32_t rows, cols, groups;
	int32_t batch, out_h, out_w;
	int32_t kernel_h, kernel_w, stride_h, stride_w;
	bool dilated;	  /* in either direction */
	int64_t n_window; /* output positions: batch * out_h * out_w */
};

struct imc_matrix imc_matrix_of(const struct imc_graph *g,
				const struct imc_node *n);

/* True if every group has one input channel. */
bool imc_matrix_is_depthwise(const struct imc_matrix *mx);

/* The evaluator of the map: every node as in the graph, but crossbar nodes
 * tile by tile from the cells of `img`. For imc_eval_how: cx is this. */
struct imc_map_eval {
	const struct imc_graph *g;
	const struct imc_map *m;
	const struct imc_images *img;
	/* Borrowed: the arrays with their noise (ir/noise.h), and the number
	 * of the sample, which draws its own; NULL: ideal. */
	const struct imc_analog *analog;
	int64_t sample;
};

bool imc_map_compute(void *map_eval, imc_node_id id,
		     const struct imc_tensor *in, struct imc_tensor *out,
		     struct imc_arena *scratch);

bool imc_map_equal(const struct imc_map *a, const struct imc_map *b);

/* Recomputes what tiling and placement must satisfy, independently of those
 * who did it. tile_check: tiles of every crossbar node are in order and cover
 * its weights exactly once, and fit an array. place_check: that, and every
 * tile lies on an array and no two overlap. NULL, or what is wrong (in a). */
const char *imc_tile_check(const struct imc_graph *g, const struct imc_map *m,
			   struct imc_arena *a);
const char *imc_place_check(const struct imc_graph *g, const struct imc_map *m,
			    struct imc_arena *a);

#endif
