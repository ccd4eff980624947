#include "hwdesc/cost.h"
#include "ir/support/checked.h"

/* How weight matrices are cut into the tiles of jobs. */

/* More tiles than any chip has arrays; keeps loops over tiles short. */
#define MAX_TILE (1 << 22)

/* ---- machines that read whole lines of the kernel ---- */

/* Word lines of a line of the kernel, of `bundle` groups. */
static int64_t line_of(const struct imc_matrix *mx, int64_t bundle)
{
	return mx->rows / mx->kernel_h * bundle;
}

/* Blocks of whole lines, or parts of one, as equal as the reader wants them;
 * and then all channels of the input. */
static bool lines_allowed(const struct imc_hw *hw, const struct imc_matrix *mx,
			  int64_t bundle, int64_t block)
{
	int64_t line = line_of(mx, bundle);
	bool one = mx->kernel_h * mx->kernel_w == 1;

	if (!hw->ima_reads)
		return true;
	if (!one && bundle < mx->groups)
		return false;
	return mx->kernel_h == 1 || block % line == 0 || line % block == 0;
}

/* The most rows of a block, `height` at most. */
static int64_t most_lines(const struct imc_hw *hw, const struct imc_matrix *mx,
			  int64_t bundle, int64_t height)
{
	int64_t line = line_of(mx, bundle), align = hw->ima_channel_align;
	int64_t n = height;

	if (mx->kernel_h == 1 || line <= height)
		return mx->kernel_h == 1 ? height - height % align
					 : height - height % line;
	if (line % align == 0)
		n -= n % align;
	else
		align = 1;
	while (n > 0 && line % n)
		n -= align;
	return n;
}

/* Word lines that a patch shares lie in memory as one piece a line. */
static bool patch_reads(const struct imc_hw *hw, const struct imc_matrix *mx,
			const struct imc_cut *c)
{
	return !hw->ima_reads ||
	       (c->n_block == 1 && c->bundle == mx->groups &&
		mx->stride_h <= mx->kernel_h && mx->stride_w <= mx->kernel_w);
}

/* ---- rows ---- */

/* Rows of the blocks, so that the last one holds the bias rows too: full
 * blocks when that works, else as many as leave the last one a row. */
static bool cut_full(int64_t rows, int64_t bias, int64_t height, int64_t *block,
		     int64_t *n)
{
	int64_t last;

	*n = imc_ceil_div(rows + bias, height);
	*block = *n == 1 ? rows : height;
	last = rows - (*n - 1) * *block;
	if (last >= 1)
		return true;
	*block = height - bias;
	if (*block < 1)
		return false;
	*n = imc_ceil_div(rows, *block);
	return true;
}

static bool cut_rows(const struct imc_hw *hw, const struct imc_matrix *mx,
		     int64_t bundle, int64_t bias, int64_t *block, int64_t *n)
{
	int64_t rows = mx->rows * bundle;

	if (!hw->ima_reads || rows + bias <= hw->ima_rows)
		return cut_full(rows, bias, hw->ima_rows, block, n);
	*block = most_lines(hw, mx, bundle, hw->ima_rows - bias);
	if (*block < 1)
		return false;
	*n = imc_ceil_div(rows, *block);
	return true;
}

/* The smaller tiles at the ends of the matrix have a patch of their own. */
static void set_patch(const struct imc_cut *c, struct imc_tile *t)
{
	bool rest = t->n_row < c->block_rows || t->n_col < c->block_cols;

	t->patch_h = rest ? c->rest_h : c->patch_h;
	t->patch_w = rest ? c->rest_w : c->patch_w;
}

/* Word lines that the weights of t take, all copies together. */
static int64_t word_lines(const struct imc_matrix *mx, const struct imc_tile *t)
{
	int32_t kh = mx->kernel_h, kw = mx->kernel_w;

	if (t->patch_h == 1 && t->patch_w == 1)
		return t->n_row;
	return (int64_t)imc_patch_span(kh, mx->stride_h, t->patch_h) *
	       imc_patch_span(kw, mx->stride_w, t->patch_w) *
	       (t->n_row / (kh * kw));
}

/* What is too large for int32 is too large for any array. */
static int32_t as_size(int64_t n)
{
	return (int32_t)imc_min_i64(n, INT32_MAX);
}

/* The rules of ir/map.h for patches; sizes come later. Copies take a column
 * each: more than that would not fit, nor perhaps int32. */
static bool patch_allowed(const struct imc_hw *hw, const struct imc_matrix *mx,
			  const struct imc_cut *c, const int32_t patch[2])
{
	int32_t h = patch[0], w = patch[1];

	if (h == 1 && w == 1)
		return true;
	return patch_reads(hw, mx, c) && h >= 1 && w >= 1 &&
	       (int64_t)h * w <= hw->ima_cols && !mx->dilated &&
	       (c->n_block == 1 || mx->kernel_h * mx->kernel_w == 1) &&
	       w <= mx->out_w && mx->out_h % h == 0 &&
	       (int64_t)h * mx->kernel_h <= INT32_MAX &&
	       (int64_t)w * mx->kernel_w <= INT32_MAX;
}

/* Along an axis all tiles are alike but, perhaps, the last one. */
struct axis {
	int32_t n;
	bool rest; /* the last is another */
};

/* How many are like the last one, or like the others. */
static int64_t alike(const struct axis *a, bool last)
{
	if (!a->rest)
		return last ? 0 : a->n;
	return last ? 1 : a->n - 1;
}

int imc_cut_kinds(const struct imc_matrix *mx, const struct imc_cut *c,
		  int32_t bias_rows, struct imc_tile_kind kind[IMC_MAX_KIND])
{
	int64_t bundle = imc_min_i64(c->bundle, mx->groups);
	const struct axis axis[] = {
		{c->n_bundle, mx->groups % bundle != 0},
		{c->n_colblock, mx->cols * bundle % c->block_cols != 0},
		{c->n_block,
		 bias_rows > 0 || mx->rows * bundle % c->block_rows != 0},
		{c->n_sliceblock, c->slices % c->tile_slices != 0},
	};
	int n = 0;

	for (int k = 0; k < IMC_MAX_KIND; k++) {
		int64_t times = 1, at = 0;

		for (int i = 0; i < 4 && times > 0; i++) {
			bool last = k >> i & 1;

			times *= alike(&axis[i], last);
			at = at * axis[i].n + (last ? axis[i].n - 1 : 0);
		}
		if (times == 0)
			continue;
		kind[n].times = times;
		kind[n++].t = imc_cut_tile(mx, c, bias_rows,
					   (int32_t)(at * c->copies));
	}
	return n;
}

static bool tiles_fit(const struct imc_hw *hw, const struct imc_matrix *mx,
		      int32_t bias_rows, struct imc_cut *c)
{
	struct imc_tile_kind kind[IMC_MAX_KIND];
	int n = imc_cut_kinds(mx, c, bias_rows, kind);

	c->cells = 0;
	for (int i = 0; i < n; i++) {
		const struct imc_tile *t = &kind[i].t;

		if (t->w > hw->ima_cols || t->h > hw->ima_rows)
			return false;
		c->cells += (int64_t)t->w * t->h * kind[i].times * c->copies;
	}
	return true;
}

/* Members that are not said have their least value, but tile_slices. */
static void set_defaults(struct imc_cut *c)
{
	int32_t *v[] = {&c->patch_h, &c->patch_w, &c->rest_h, &c->rest_w,
			&c->copies};

	for (size_t i = 0; i < sizeof v / sizeof v[0]; i++)
		if (*v[i] == 0)
			*v[i] = 1;
	if (c->tile_slices == 0 || c->tile_slices > c->slices)
		c->tile_slices = c->slices;
	c->n_sliceblock = (int32_t)imc_ceil_div(c->slices, c->tile_slices);
}

/* Copies inside an array and over arrays go apart. */
static bool copies_allowed(const struct imc_cut *c)
{
	return c->copies == 1 || (c->patch_h == 1 && c->patch_w == 1 &&
				  c->rest_h == 1 && c->rest_w == 1);
}

bool imc_cut_blocks(const struct imc_hw *hw, const struct imc_matrix *mx,
		    int32_t bias_rows, struct imc_cut *c)
{
	int64_t bundle = imc_min_i64(c->bundle, mx->groups);
	int64_t rows = mx->rows * bundle, cols = mx->cols * bundle;
	int64_t block = c->block_rows, n_bundle, n_block, n_col, width, n_tile;

	if (bundle < 1 || c->slices < 1 || rows < 1 || cols < 1 ||
	    c->tile_slices < 0 || c->copies < 0)
		return false;
	set_defaults(c);
	if (block < 1 || block > rows)
		block = rows; /* one block */
	n_bundle = imc_ceil_div(mx->groups, bundle);
	n_block = imc_ceil_div(rows, block);
	width = imc_min_i64(cols, hw->ima_cols / c->tile_slices);
	if (c->block_cols > 0)
		width = imc_min_i64(width, c->block_cols);
	if (width < 1 || block > hw->ima_rows ||
	    rows - (n_block - 1) * block + bias_rows > hw->ima_rows)
		return false;
	n_col = imc_ceil_div(cols, width);
	if ((bundle > 1 && (n_block > 1 || n_col > 1)) ||
	    !imc_mul_i64(n_bundle, n_block, &n_tile) ||
	    !imc_mul_i64(n_tile, n_col, &n_tile) ||
	    !imc_mul_i64(n_tile, c->n_sliceblock, &n_tile) ||
	    !imc_mul_i64(n_tile, c->copies, &n_tile) || n_tile > MAX_TILE)
		return false;
	c->bundle = (int32_t)bundle;
	c->n_bundle = (int32_t)n_bundle;
	c->block_rows = (int32_t)block;
	c->n_block = (int32_t)n_block;
	c->block_cols = (int32_t)width;
	c->n_colblock = (int32_t)n_col;
	c->n_tile = (int32_t)n_tile;
	return copies_allowed(c) && lines_allowed(hw, mx, bundle, block) &&
	       patch_allowed(hw, mx, c, (int32_t[]){c->patch_h, c->patch_w}) &&
	       patch_allowed(hw, mx, c, (int32_t[]){c->rest_h, c->rest_w}) &&
	       tiles_fit(hw, mx, bias_rows, c);
}

bool imc_cut_matrix(const struct imc_hw *hw, const struct imc_matrix *mx,
		    int32_t slices, int32_t bias_rows, int32_t bundle,
		    struct imc_cut *out)
{
	int64_t groups = imc_min_i64(imc_max_i64(bundle, 1), mx->groups);
	int64_t block, n_block;

	if (!cut_rows(hw, mx, groups, bias_rows, &block, &n_block))
		return false;
	*out = (struct imc_cut){.bundle = (int32_t)groups,
				.block_rows = (int32_t)block,
				.slices = (int32_t)imc_max_i64(slices, 1)};
	return imc_cut_blocks(hw, mx, bias_rows, out);
}

struct imc_tile imc_cut_tile(const struct imc_matrix *mx,
			     const struct imc_cut *c, int32_t bias_rows,
			     int32_t i)
{
	struct imc_tile t = {.node = IMC_NO_NODE, .array = -1};
	int32_t j = i / (c->copies * c->n_sliceblock);
	int32_t colblock = j / c->n_block % c->n_colblock;
	int64_t groups, rows, cols;

	t.block = j % c->n_block;
	t.bundle = j / c->n_block / c->n_colblock;
	groups = imc_min_i64(c->bundle,
			     mx->groups - (int64_t)t.bundle * c->bundle);
	rows = groups * mx->rows;
	cols = groups * mx->cols;
	t.row0 = t.block * c->block_rows;
	t.n_row = (int32_t)imc_min_i64(c->block_rows, rows - t.row0);
	t.col0 = colblock * c->block_cols;
	t.n_col = (int32_t)imc_min_i64(c->block_cols, cols - t.col0);
	t.n_bias = t.block == c->n_block - 1 ? bias_rows : 0;
	set_patch(c, &t);
	t.slice0 = i / c->copies % c->n_sliceblock * c->tile_slices;
	t.n_slice = (int32_t)imc_min_i64(c->tile_slices, c->slices - t.slice0);
	t.copy = i % c->copies;
	t.w = as_size((int64_t)t.patch_h * t.patch_w * t.n_col * t.n_slice);
	t.h = as_size(word_lines(mx, &t) + t.n_bias);
	return t;
}

int64_t imc_cut_jobs(const struct imc_matrix *mx, const struct imc_tile *t,
		     int32_t n_row)
{
	return (int64_t)mx->batch * imc_ceil_div(n_row, t->patch_h) *
	       imc_ceil_div(mx->out_w, t->patch_w);
}

bool imc_cut_assigned(const struct imc_hw *hw, const struct imc_matrix *mx,
		      const struct imc_assign *as, struct imc_cut *out)
{
	int64_t n_block, block = as->block_rows;

	if (block == 0 && !cut_rows(hw, mx, imc_max_i64(as->bundle, 1),
				    as->bias_rows, &block, &n_block))
		return false;
	*out = (struct imc_cut){
		.bundle = (int32_t)imc_max_i64(as->bundle, 1),
		.block_rows = (int32_t)block,
		.block_cols = as->block_cols,
		.slices = (int32_t)imc_max_i64(as->slices, 1),
		.tile_slices = as->tile_slices,
		.copies = as->copies,
		.patch_h = as->patch_h,
		.patch_w = as->patch_w,
		.rest_h = as->rest_h,
		.rest_w = as->rest_w,
	};
	return imc_cut_blocks(hw, mx, as->bias_rows, out);
}
