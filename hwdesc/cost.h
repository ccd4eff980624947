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

/* Tiles of a cut that differ in place only: one of them, of copy 0, and how
 * many there are in a copy. Fills kind, returns how many. */
#define IMC_MAX_KIND 16

struct imc_tile_kind {
	struct imc_tile t;
	int64_t times;
};

int imc_cut_kinds(const struct imc_matrix *mx, const struct imc_cut *cut,
		  int32_t bias_rows, struct imc_tile_kind kind[IMC_MAX_KIND]);

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
 * image. All tiles of copies with a window compute at once, as far as
 * active_arrays of each cluster let those of one layer; of the copies the
 * busiest counts: arrays  = ceil(windows / copies) * t_job(slowest tile)
 *               * ceil(tiles / (active_arrays * clusters))
 *     parts   = row blocks * slices                  of one output
 *     units   = max(1, tiles / vector.arrays)        tiles of all copies
 *     digital = outputs * ((parts - 1) * add_cycles + requant_cycles)
 *               / (units * lanes)
 *     links   = (inputs + outputs of a tile) / copies, from cluster to cluster
 *     t       = config + arrays + digital + links, or with pipelined jobs the
 *               largest of the three
 * Without vector units the cores do what is digital, at core.partial_cycles and
 * core.requant_cycles: those of all clusters that hold tiles, or of the one
 * cluster, which its layers share. as->adders: so many clusters do it instead,
 * and all parts come to them. as->post_adc: nothing is requantised. core_ns of
 * the cost is what is digital, engine_ns arrays.
 *
 * The layer is a stage of the pipeline that takes as long. LRMP: Nallathambi et
 * al., arXiv 2312.03146, where the form of its terms is recalled, see
 * lrmp.yaml; clusters: Bruschi et al., arXiv 2211.12877. */
struct imc_cost imc_cost_spatial(const struct imc_hw *hw,
				 const struct imc_matrix *mx,
				 const struct imc_assign *as, int32_t n_row);

/* The same in two steps, for a search over copies: what does not depend on
 * copies and adders of `as`, and the cost with some. */
struct imc_cost_layer {
	const struct imc_hw *hw;
	int32_t n_tile;	     /* arrays of one copy */
	bool patched;	     /* copies inside arrays: none beside */
	double jobs;	     /* of the slowest tile, all copies together */
	struct imc_cost job; /* one of them */
	double unit_ns;	     /* what is digital, on one unit */
	double fixed_ns;     /* and what units do not share */
	double tile_bytes, sum_bytes; /* to and from a tile; adders */
	double pj;		      /* of everything */
};

/* False: the layer does not fit; its cost is imc_cost_impossible. */
bool imc_cost_layer_of(const struct imc_hw *hw, const struct imc_matrix *mx,
		       const struct imc_assign *as, int32_t n_row,
		       struct imc_cost_layer *out);
struct imc_cost imc_cost_copies(const struct imc_cost_layer *l, int64_t copies,
				int64_t adders);

/* Node n on the cores of as->copies clusters of a spatial machine that has
 * several; `work`: its cost on one. Activations come and go by links. What it
 * waits for (imc_cost_waiting) goes to L2 and back, or by the links of
 * as->stores clusters into their L1, which must hold it. Work and transfers
 * overlap if jobs do. stream_ns is the time that L2 takes of that. */
struct imc_cost imc_cost_clusters(const struct imc_hw *hw,
				  const struct imc_graph *g,
				  const struct imc_node *n,
				  const struct imc_assign *as,
				  struct imc_cost work);

/* Bytes that wait for node n: the activations that it reads, but the largest,
 * which is taken to come last. And the clusters whose L1 holds them: 0 on other
 * machines than spatial ones of several clusters. */
int64_t imc_cost_waiting(const struct imc_graph *g, const struct imc_node *n);
int64_t imc_cost_stores(const struct imc_hw *hw, const struct imc_graph *g,
			const struct imc_node *n);

/* Arrays that node n takes on a spatial machine, with those of clusters that
 * only add or store: 0 where it takes none. What does not fit takes -1. */
int64_t imc_cost_arrays(const struct imc_hw *hw, const struct imc_graph *g,
			imc_node_id n, const struct imc_assign *as);

/* Layers of a spatial machine as stages of a pipeline, one image behind
 * another. A crossbar layer is a stage; so is a node on the cores of clusters
 * of its own. What all share is one stage together: the cores of a machine of
 * one cluster; of one of several the way to L2, for inputs and outputs of the
 * network and what waits there. Others than spatial machines compute an image
 * at a time: one stage of everything. */
struct imc_pipeline {
	double stage_ns;     /* of the slowest one */
	imc_node_id slowest; /* absent: what is shared */
	double shared_ns;    /* of what is shared */
	double images_per_s; /* 1e9 / stage_ns; 0 when nothing takes time */
};

/* Time of a node, with its cost in `as`, that is part of the stage of what all
 * share. */
double imc_cost_shared(const struct imc_hw *hw, const struct imc_assign *as);

struct imc_pipeline imc_pipeline_of(const struct imc_hw *hw,
				    const struct imc_graph *g,
				    const struct imc_map *m);

/* What no machine can do, so that no pass chooses it: all INFINITY. */
struct imc_cost imc_cost_impossible(void);

/* Node n as assignment `as` says: the whole layer, with the digital work that
 * follows the ADC (post digital) on the cores. Residual weights take windows *
 * groups * sram.group / sram.macs_per_cycle cycles beside the arrays: the
 * longer one counts, then one code more an output (core.partial_cycles). Nodes
 * that are not matrix nodes cost by their operator and number of elements. A
 * view costs nothing. What the engine cannot do (a job that does not fit an
 * array) costs INFINITY.
 */
struct imc_cost imc_cost_node(const struct imc_hw *hw,
			      const struct imc_graph *g, imc_node_id n,
			      const struct imc_assign *as);

/* Of the node only n_row of its output rows (axis 1 of [N, H, W, C]). */
struct imc_cost imc_cost_rows(const struct imc_hw *hw,
			      const struct imc_graph *g, imc_node_id n,
			      const struct imc_assign *as, int32_t n_row);

/* Of them only a part of the channels, of what may run so (ir/plan.h). */
struct imc_cost imc_cost_channels(const struct imc_hw *hw,
				  const struct imc_graph *g, imc_node_id id,
				  const struct imc_assign *as, int32_t n_row,
				  double part);

/* No less time do all steps together take that compute node n, whatever rows
 * and channels each of them computes, and whatever its strips of codes. Not
 * less than that of imc_cost_node but where it has such strips. */
double imc_cost_least_ns(const struct imc_hw *hw, const struct imc_graph *g,
			 imc_node_id n, const struct imc_assign *as);

/* What it takes the cores, beyond the cost of node n, to read input k of it in
 * L2, or with k < 0 to write its outputs there, for n_row of its rows: an
 * access of l2.core_cycles for each byte; for each element of a window; for
 * each product of a convolution, of which four share an input. */
struct imc_cost imc_cost_in_l2(const struct imc_hw *hw,
			       const struct imc_graph *g,
			       const struct imc_node *n, int k, int64_t n_row);

/* Output rows that a crossbar step with post digital computes before the
 * cores take them over: as many as L1 scratch for codes allows, a multiple of
 * the patches' height, with a pixel at least for each of the copies. With
 * as->overlap there are two such scratches: while the cores work on one strip
 * the arrays fill the other, and t = a_1 + sum over strips max(a_i+1, b_i) +
 * b_last with a the jobs and b the digital work of a strip. */
int32_t imc_strip_rows(const struct imc_hw *hw, const struct imc_matrix *mx,
		       const struct imc_assign *as);

/* n_row rows on crossbars with post digital, strip_rows at a time. */
struct imc_cost imc_cost_strips(const struct imc_hw *hw,
				const struct imc_matrix *mx,
				const struct imc_assign *as, int32_t n_row,
				int32_t strip_rows);

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

/* So many products with residual weights, alone. Without such weights:
 * INFINITY. */
void imc_cost_residual(const struct imc_hw *hw, double macs, double *ns,
		       double *pj);

/* The cores change scale or bits of n codes. */
struct imc_cost imc_cost_rescale(const struct imc_hw *hw, int64_t n);

/* A transfer of `bytes` between L2 and L1: setup for each burst, bytes / rate.
 */
struct imc_cost imc_cost_dma(const struct imc_hw *hw, int64_t bytes);

/* True if the depth-wise engine can compute n (conv2d or q_conv2d). */
bool imc_dw_can(const struct imc_hw *hw, const struct imc_graph *g,
		const struct imc_node *n);

/* True if the digital array can compute n (conv2d or q_conv2d). */
bool imc_pe_can(const struct imc_hw *hw, const struct imc_node *n);

double imc_area_mm2(const struct imc_hw *hw);

/* What the machine does at most: layers of n_window jobs that fill whole
 * arrays, as many of all clusters at once as may compute, each configured once.
 * An operation multiplies an input of dac_bits bits by a cell, or adds that
 * product up: two a cell and job. Weights of b bits in cells of 1 bit take b
 * cells, so b times as many operations. Area is the whole machine's. All 0
 * without arrays. */
struct imc_peak {
	double tops, tops_per_w, tops_per_mm2;
};

struct imc_peak imc_peak_of(const struct imc_hw *hw, int64_t n_window);

#endif
