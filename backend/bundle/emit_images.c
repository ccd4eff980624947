#include <assert.h>
#include <string.h>
#include <zlib.h>

#include "backend/bundle/emit.h"
#include "backend/bundle/read_images.h"

/* The image of each array; runtime/imc_rt_image.c documents the container. */

#define HEADER_BYTES 32
#define VERSION 1

static void put(struct imc_buf *b, uint32_t v, int bytes)
{
	for (int i = 0; i < bytes; i++) {
		char c = (char)(v >> (8 * i) & 255);

		imc_buf_bytes(b, &c, 1);
	}
}

/* First output channel of a tile in its layer. */
static int32_t first_channel(const struct imc_emit *e, const struct imc_tile *t)
{
	const struct imc_node *n = imc_node_at(e->g, t->node);
	const struct imc_assign *as = &e->m->map.assign[t->node.i];
	int64_t per = imc_node_out(e->g, n, 0)->t.dim[3] / n->a.group[0];

	return (int32_t)(t->bundle * (as->bundle > 0 ? as->bundle : 1) * per) +
	       t->col0;
}

static int32_t table_at(const struct imc_emit *e, const struct imc_node *n,
			int k, int32_t at)
{
	const struct imc_value *v = imc_node_in(e->g, n, k);

	return v ? ((const int32_t *)v->t.data)[at] : 0;
}

static float weight_scale(const struct imc_emit *e, const struct imc_node *n,
			  int32_t channel)
{
	const struct imc_value *w = imc_node_in(e->g, n, 1);

	if (!imc_val_ok(w->scales))
		return w->scale;
	return ((const float *)imc_value_at(e->g, w->scales)->t.data)[channel];
}

/* The step that runs node n. */
static uint32_t step_of(const struct imc_emit *e, imc_node_id n)
{
	for (size_t k = 0; k < e->m->plan.n_step; k++)
		if (e->m->plan.step[k].kind == IMC_STEP_RUN &&
		    e->m->plan.step[k].node.i == n.i)
			return (uint32_t)k;
	return UINT16_MAX;
}

static bool by_column(const struct imc_emit *e, const struct imc_tile *t,
		      int32_t k0)
{
	const struct imc_node *n = imc_node_at(e->g, t->node);

	for (int32_t j = 1; j < t->n_col; j++)
		for (int k = 5; k <= 7; k++)
			if (table_at(e, n, k, k0 + j) != table_at(e, n, k, k0))
				return true;
	return false;
}

static void put_region(const struct imc_emit *e, const struct imc_tile *t,
		       struct imc_buf *b)
{
	const struct imc_node *n = imc_node_at(e->g, t->node);
	int32_t k0 = first_channel(e, t);
	float scale = weight_scale(e, n, k0);
	uint32_t bits;

	memcpy(&bits, &scale, sizeof bits);
	put(b, step_of(e, t->node), 2);
	put(b, (uint32_t)t->x, 2);
	put(b, (uint32_t)t->y, 2);
	put(b, (uint32_t)t->w, 2);
	put(b, (uint32_t)t->h, 2);
	put(b, by_column(e, t, k0), 2);
	put(b, bits, 4);
	for (int k = 5; k <= 7; k++)
		put(b, (uint32_t)table_at(e, n, k, k0), 4);
	put(b, (uint32_t)n->a.adc_lo[0], 2);
	put(b, (uint32_t)n->a.adc_hi[0], 2);
}

static uint32_t count_regions(const struct imc_map *map, int32_t array)
{
	uint32_t n = 0;

	for (size_t i = 0; i < map->n_tile; i++)
		n += map->tile[i].array == array;
	return n;
}

/* Cells of one bit lie eight to a byte. */
static bool is_packed(const struct imc_emit *e)
{
	return e->m->hw->ima_cell_bits == 1;
}

static void put_packed(const int8_t *cell, int32_t cols, struct imc_buf *b)
{
	for (int32_t j = 0; j < cols; j += 8) {
		unsigned byte = 0;
		char c;

		for (int32_t i = 0; i < 8 && j + i < cols; i++) {
			assert(cell[j + i] == 0 || cell[j + i] == 1);
			byte |= (unsigned)cell[j + i] << i;
		}
		c = (char)byte;
		imc_buf_bytes(b, &c, 1);
	}
}

static struct imc_buf payload_of(const struct imc_emit *e, int32_t array)
{
	const struct imc_images *img = &e->images;
	const int8_t *cell = img->cell[array];
	struct imc_buf b = {.arena = e->a};

	if (!is_packed(e)) {
		imc_buf_bytes(&b, cell, (size_t)img->rows * (size_t)img->cols);
		return b;
	}
	for (int32_t r = 0; r < img->rows; r++, cell += img->cols)
		put_packed(cell, img->cols, &b);
	return b;
}

static void put_header(const struct imc_emit *e, int32_t array,
		       const struct imc_buf *payload, struct imc_buf *b)
{
	const struct imc_images *img = &e->images;
	uint32_t regions = count_regions(&e->m->map, array);
	size_t table = HEADER_BYTES + (size_t)regions * 32;
	uLong crc = crc32_z(0, (const Bytef *)payload->p, payload->n);

	imc_buf_text(b, "IMCX");
	put(b, VERSION, 2);
	put(b, HEADER_BYTES, 2);
	put(b, (uint32_t)img->rows, 2);
	put(b, (uint32_t)img->cols, 2);
	put(b, (uint32_t)e->m->hw->ima_cell_bits, 1);
	put(b, is_packed(e) ? 2 : 1, 1);
	put(b, regions, 2);
	put(b, (uint32_t)crc, 4);
	put(b, (uint32_t)((table + 63) / 64 * 64), 4);
	put(b, (uint32_t)array, 4);
	put(b, 0, 4);
}

void imc_emit_images(struct imc_emit *e)
{
	const struct imc_map *map = &e->m->map;

	for (int32_t k = 0; k < e->images.n; k++) {
		struct imc_buf b = {.arena = e->a}, cells = payload_of(e, k);

		put_header(e, k, &cells, &b);
		for (size_t i = 0; i < map->n_tile; i++)
			if (map->tile[i].array == k)
				put_region(e, &map->tile[i], &b);
		imc_buf_align(&b, 64);
		imc_buf_bytes(&b, cells.p, cells.n);
		imc_emit_add_buf(
			e, imc_image_path(e->a, e->name, k, e->images.n), &b);
	}
}
