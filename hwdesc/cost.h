/* cost.h: the one cost model. Passes, plan and report all call it; nobody
 * else multiplies latencies. Sources of the formulas: ARCHITECTURE.md. */
#ifndef IMC_COST_H
#define IMC_COST_H

#include "hwdesc/hw.h"
#include "ir/map.h"

/* How a matrix node would be cut for the crossbars. */
struct imc_cut {
	int32_t bundle; /* groups in one job */
	int32_t n_bundle;
	int32_t block_rows; /* rows of one job, at most */
	int32_t n_block;
	int32_t block_cols; /* logical columns of one job, at most */
	int32_t n_colblock;
	int32_t slices;
	int32_t tile_slices; /* of them in one tile, at most; 0: all */
	int32_t n_sliceblock;
	int32_t copies; /* over arrays */
	/* Pixels of a job: of full tiles, and of those with less than
	 * block_rows rows or block_cols columns; 0 is 1. */
	int32_t patch_h, patch_w, rest_h, rest_w;
	/* n_bundle * n_colblock * n_block * n_sliceblock * copies */
	int32_t n_tile;
	int64_t cells; /* of all tiles */
};

/* The cut of matrix `mx` with weights in `slices` slices and `bias_rows` rows
 * driven by a constant, `bundle` groups a job; remainder tiling: full blocks
 * first, the rest in the last one. False: a job of one group's columns does
 * not fit an array. */
bool imc_cut_matrix(const struct imc_hw *hw, const struct imc_matrix *mx,
		    int32_t slices, int32_t bias_rows, int32_t bundle,
		    struct imc_cut *out);

/* The cut that c->bundle, c->block_rows (0: all rows), c->block_cols (0: all
 * that fit), slices, copies (0: 1) and the patches ask for; fills the rest of
 * c. False: a job does not fit an array, or a patch or copies break a rule of
 * ir/map.h. */
bool imc_cut_blocks(const struct imc_hw *hw, const struct imc_matrix *mx,
		    int32_t bias_rows, struct imc_cut *c);

/* Tile i of that cut, in the order of bundle, column block, row block, slices,
 * copy; not placed, node absent. The last bundle may hold fewer groups. */
struct imc_tile imc_cut_tile(const struct imc_matrix *mx,
			     const struct imc_cut *cut, int32_t bias_rows,
			     int32_t i);

/* Jobs of tile t for n_row output rows of each image, all copies together. */
int64_t imc_cut_jobs(const struct imc_matrix *mx, const struct imc_tile *t,
		     int32_t n_row);

/* The cut that assignment `as` of a crossbar node asks for; block_rows 0 is
 * remainder tiling, as imc_cut_matrix. */
bool imc_cut_assigned(const struct imc_hw *hw, const struct imc_matrix *mx,
		      const struct imc_assign *as, struct imc_cut *out);

/* One job of the IMA that uses rows x cols cells of one array, for inputs of
 * act_bits bits.
 * ns (pipelined)  = max(mvm, streams),
 * ns (sequential) = mvm + streams + job_cycles;
 * mvm     = mvm_ns * ceil(act_bits / pulse_bits) * ceil(rows / rows_at_once)
 *           * adc_cols,    a factor of 1 for what is not done in turns;
 * streams = (ceil(rows/port) + ceil(cols/port)) cycles, for codes of
 * 8 bits; bit-serial inputs take act_bits / 8 bytes a row, wider ADC codes 2
 * bytes a column, whole sums 4. A job of
 * a grouped convolution takes ima_dw_job times its energy (imc_cost_node). */
struct imc_cost imc_cost_job(const struct imc_hw *hw, int32_t rows,
			     int32_t cols, int32_t act_bits);

/* A layer on arrays of its own (spatial machines), n_row output rows of each
 * image. All tiles of all copies compute at once, as far as active_arrays
 * lets them; of the copies the busiest counts:
 *     W       = ceil(windows / copies) * ceil(n_tile / active_arrays)
 *     arrays  = W * t_job(largest tile)
 *     units   = ceil(n_tile / vector.arrays)
 *     digital = windows * outputs * ((partial sums - 1) * add_cycles
 *               + requant_cycles) / (units * lanes)      (or, without units, as
 *               on the cores)
 *     t       = config + arrays + digital, or with pipelined jobs the larger
 * partial sums = row blocks * tiles that hold slices of one weight. The layer
 * is a stage of the pipeline that takes as long (LRMP: Nallathambi et al.,
 * arXiv 2312.03146; the form of its terms is recalled, see lrmp.yaml). */
struct imc_cost imc_cost_spatial(const struct imc_hw *hw,
				 const struct imc_matrix *mx,
				 const struct imc_assign *as, int32_t n_row);

/* Arrays that node n takes on a spatial machine, with clusters that only add
 * or store: 0 where it takes none. What does not fit takes -1. */
int64_t imc_cost_arrays(const struct imc_hw *hw, const struct imc_graph *g,
			imc_node_id n, const struct imc_assign *as);

/* Layers of a spatial machine as stages of a pipeline, one image behind
 * another. A crossbar layer is a stage; so is a node on the cores of clusters
 * of its own. What shares the cores of a machine of one cluster is one stage
 * together. Others than spatial machines compute an image at a time: one stage
 * of everything. */
struct imc_pipeline {
	double stage_ns;     /* of the slowest one */
	imc_node_id slowest; /* absent: the cores together */
	double shared_ns;    /* of the nodes that share the cores */
	double images_per_s; /* 1e9 / stage_ns; 0 when nothing takes time */
};

struct imc_pipeline imc_pipeline_of(const struct imc_hw *hw,
				    const struct imc_graph *g,
				    const struct imc_map *m);

/* What no machine can do, so that no pass chooses it: all INFINITY. */
struct imc_cost imc_cost_impossible(void);

/* Node n as assignment `as` says: the whole layer, with the digital work that
 * follows the ADC (post digital) on the cores. Nodes that are not matrix
 * nodes cost by their operator and number of elements. A view costs nothing.
 * What the engine cannot do (a job that does not fit an array) costs INFINITY.
 */
struct imc_cost imc_cost_node(const struct imc_hw *hw,
			      const struct imc_graph *g, imc_node_id n,
			      const struct imc_assign *as);

/* Of the node only n_row of its output rows (axis 1 of [N, H, W, C]). */
struct imc_cost imc_cost_rows(const struct imc_hw *hw,
			      const struct imc_graph *g, imc_node_id n,
			      const struct imc_assign *as, int32_t n_row);

/* Output rows that a crossbar step with post digital computes before the
 * cores take them over: as many as L1 scratch for codes allows, a multiple of
 * the patches' height, with a pixel at least for each of the copies. With as->overlap there are two such scratches: while
 * the cores work on one strip the arrays fill the other, and
 *     t = a_1 + sum over strips max(a_i+1, b_i) + b_last
 * with a the jobs and b the digital work of a strip. */
int32_t imc_strip_rows(const struct imc_hw *hw, const struct imc_matrix *mx,
		       const struct imc_assign *as);

/* n_row output rows of each image on the digital array. A pass multiplies one
 * kernel position of `rows` input channels with weights of `cols` output
 * channels; inputs stream in once for each block of output channels, results
 * stream out meanwhile, and the weights come first, through the same port:
 *     passes  = windows * groups * kernel * ceil(C / rows) * ceil(K / cols)
 *     streams = windows * groups * (kernel * C * ceil(K / cols) + K) / port
 *     cycles  = config + weights / port + max(passes * pass_cycles, streams)
 * with C, K the channels of a group. Without such an array: INFINITY. */
struct imc_cost imc_cost_pe(const struct imc_hw *hw,
			    const struct imc_matrix *mx, int32_t n_row);

/* A transfer of `bytes` between L2 and L1. */
struct imc_cost imc_cost_dma(const struct imc_hw *hw, int64_t bytes);

/* True if the depth-wise engine can compute n (conv2d or q_conv2d). */
bool imc_dw_can(const struct imc_hw *hw, const struct imc_graph *g,
		const struct imc_node *n);

/* True if the digital array can compute n (conv2d or q_conv2d). */
bool imc_pe_can(const struct imc_hw *hw, const struct imc_node *n);

double imc_area_mm2(const struct imc_hw *hw);

/* What the machine does at most: layers of n_window jobs that fill whole
 * arrays, as many at once as may compute, each configured once. A weight is
 * one cell and a multiply-accumulate two operations; area is the whole
 * machine's. All 0 without arrays. */
struct imc_peak {
	double tops, tops_per_w, tops_per_mm2;
};

struct imc_peak imc_peak_of(const struct imc_hw *hw, int64_t n_window);

#endif
