/* pack_sets.h: sets of rectangles to pack, drawn from a seed. */
#ifndef IMC_TEST_PACK_SETS_H
#define IMC_TEST_PACK_SETS_H

#include "passes/solver/pack.h"

/* A generator of our own (xorshift): the same numbers everywhere. */
static int32_t draw(uint32_t *seed, int32_t lo, int32_t hi)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return lo + (int32_t)(*seed % (uint32_t)(hi - lo + 1));
}

/* A layer's matrix cut into full tiles of a bin and a rest: as many of them
 * as the set p, whose rectangles are r, still takes. */
static void cut_layer(struct imc_pack_problem *p, struct imc_pack_rect *r,
		      int32_t most, int32_t rows, int32_t cols)
{
	for (int32_t x = 0; x < cols; x += p->bin_w)
		for (int32_t y = 0; y < rows && p->n < most; y += p->bin_h) {
			int32_t w = cols - x, h = rows - y;

			r[p->n++] = (struct imc_pack_rect){
				w < p->bin_w ? w : p->bin_w,
				h < p->bin_h ? h : p->bin_h};
		}
}

#define PACK_KINDS(X)                                                          \
	X(ANY, "any size")                                                     \
	X(SMALL, "up to half a side")                                          \
	X(MIXED, "long, high, large, small")                                   \
	X(LAYERS, "layers")                                                    \
	X(CONV, "convolutions 1x1 and 3x3")

enum pack_kind {
#define X(id, text) PACK_##id,
	PACK_KINDS(X)
#undef X
		N_PACK_KIND
};

/* One quarter each: long, high, larger than half a bin, small. */
static struct imc_pack_rect mixed(uint32_t *seed, int32_t w, int32_t h)
{
	bool wide = draw(seed, 0, 1), high = draw(seed, 0, 1);
	int32_t from_w = wide ? 1 + w / (high ? 2 : 3) * (high ? 1 : 2) : 1;
	int32_t from_h = high ? 1 + h / (wide ? 2 : 3) * (wide ? 1 : 2) : 1;

	return (struct imc_pack_rect){
		draw(seed, from_w, wide ? w : (w + 1) / 2),
		draw(seed, from_h, high ? h : (h + 1) / 2)};
}

/* n rectangles of one kind into p, whose bins have their size; r has room. */
static void draw_set(struct imc_pack_problem *p, struct imc_pack_rect *r,
		     int32_t n, enum pack_kind kind, uint32_t *seed)
{
	int32_t w = p->bin_w, h = p->bin_h;

	p->rect = r;
	p->n_bin = n;
	p->n = 0;
	while (p->n < n)
		switch (kind) {
		case PACK_ANY:
			r[p->n++] = (struct imc_pack_rect){draw(seed, 1, w),
							   draw(seed, 1, h)};
			break;
		case PACK_SMALL:
			r[p->n++] = (struct imc_pack_rect){
				draw(seed, 1, (w + 1) / 2),
				draw(seed, 1, (h + 1) / 2)};
			break;
		case PACK_MIXED:
			r[p->n++] = mixed(seed, w, h);
			break;
		case PACK_LAYERS:
			cut_layer(p, r, n, draw(seed, 1, 60) * 16,
				  draw(seed, 1, 60) * 16);
			break;
		case PACK_CONV:
			cut_layer(p, r, n,
				  draw(seed, 1, 24) * 8 *
					  (draw(seed, 0, 1) ? 9 : 1),
				  draw(seed, 1, 64) * 8);
			break;
		case N_PACK_KIND:
			return;
		}
}

#endif
