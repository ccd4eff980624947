/* Moves by rows, in random strips on rings of lines, against the sums of their
 * descriptors said one element at a time. */
#include <string.h>

#include "imc_hal_host.h"
#include "imc_rt.h"
#include "tests/check.h"
#include "tests/runtime/random.h"

#define MAX 16384
#define UNTOUCHED 0x55
#define POISON 0x33
#define ROWS 9

static struct imc_hal hal;
static int8_t x[MAX], want[MAX], ring_x[MAX], ring_y[MAX];
static int32_t table[MAX];

/* A move: rows of y, and what they are made of: floor(r / per) * step .. +
 * span. */
struct job {
	struct imc_rt_copy copy;
	struct imc_rt_gather gather;
	int32_t rows, line, in_rows, in_line, step, span;
	int by_table;
};

/* Runs of random steps of any sign, which do not meet in y. */
static void pick_copy(struct random *r, struct job *j)
{
	struct imc_rt_copy *p = &j->copy;
	int32_t outer = pick(r, 1, 4), inner = pick(r, 1, 6), gap;
	int32_t low = 0, high = 0;

	for (int d = 0; d < 6; d++)
		p->dim[d] = 1;
	p->dim[3] = outer;
	p->dim[5] = inner;
	gap = pick(r, 1, 2);
	p->dst_step[5] = pick(r, 0, 1) ? gap : -gap;
	p->dst_step[3] = gap * inner;
	p->dst_offset = pick(r, 0, 3) + (p->dst_step[5] < 0 ? gap * inner : 0);
	j->line = p->dst_offset + gap * inner * outer + pick(r, 0, 3);
	p->src_step[5] = pick(r, -2, 2);
	p->src_step[3] = pick(r, -9, 9);
	for (int d = 3; d < 6; d += 2) {
		int32_t far = (p->dim[d] - 1) * p->src_step[d];

		low += far < 0 ? far : 0;
		high += far > 0 ? far : 0;
	}
	p->src_offset = -low;
	j->in_line = high - low + 1;
}

static void pick_table(struct random *r, struct job *j)
{
	j->gather.table = table;
	j->gather.count = j->line;
	for (int32_t i = 0; i < j->line; i++)
		table[i] = pick(r, -3, j->in_line - 1);
}

static void pick_job(struct random *r, struct job *j)
{
	struct imc_rt_move m = {.per = pick(r, 1, 3)};

	*j = (struct job){.by_table = pick(r, 0, 3) == 0};
	pick_copy(r, j);
	pick_table(r, j);
	if (m.per > 1 && pick(r, 0, 1)) {
		m.x_phase = pick(r, 1, 5);
		j->in_line += (m.per - 1) * m.x_phase;
	}
	j->rows = pick(r, 1, ROWS);
	j->step = pick(r, 1, 2);
	j->span = pick(r, 1, 2);
	j->in_line = (j->in_line + j->span - 1) / j->span;
	j->in_rows = (j->rows - 1) / m.per * j->step + j->span;
	m.x_row = j->step * j->in_line;
	m.y_row = j->line;
	j->copy.rows = j->gather.rows = m;
}

static int32_t source_row(const struct job *j, int32_t r)
{
	const struct imc_rt_move *m = &j->copy.rows;

	return r / m->per * m->x_row + r % m->per * m->x_phase;
}

/* Row r of what should come out. */
static void want_row(const struct job *j, int32_t r)
{
	const struct imc_rt_copy *p = &j->copy;
	int8_t *y = want + r * j->line;
	const int8_t *from = x + source_row(j, r);

	memset(y, UNTOUCHED, (size_t)j->line);
	for (int32_t i = 0; j->by_table && i < j->line; i++)
		if (table[i] >= 0)
			y[i] = from[table[i]];
	for (int32_t i = 0; !j->by_table && i < p->dim[3]; i++)
		for (int32_t k = 0; k < p->dim[5]; k++)
			y[p->dst_offset + i * p->dst_step[3] +
			  k * p->dst_step[5]] =
				from[p->src_offset + i * p->src_step[3] +
				     k * p->src_step[5]];
}

/* Rows row .. row + n on rings of so many lines. */
static void run_strip(struct job *j, int32_t row, int32_t n, int32_t in,
		      int32_t out)
{
	const struct imc_rt_move *m = &j->copy.rows;
	int32_t first = row / m->per * j->step;
	int32_t end = (row + n - 1) / m->per * j->step + j->span;
	int status;

	memset(ring_x, POISON, sizeof ring_x);
	memset(ring_y, UNTOUCHED, sizeof ring_y);
	for (int32_t r = first; r < end; r++)
		memcpy(ring_x + r % in * j->in_line, x + r * j->in_line,
		       (size_t)j->in_line);
	status = j->by_table
			 ? imc_rt_gather(&hal, &j->gather, ring_x, ring_y, row,
					 n)
			 : imc_rt_copy(&hal, &j->copy, ring_x, ring_y, row, n);
	EXPECT(status == IMC_RT_OK);
	for (int32_t r = row; r < row + n; r++) {
		int8_t *y = ring_y + r % out * j->line;

		CHECK(!memcmp(y, want + r * j->line, (size_t)j->line),
		      "row %d of %d to %d, table %d", r, row, row + n,
		      j->by_table);
		memset(y, UNTOUCHED, (size_t)j->line);
	}
	for (int32_t i = 0; i < out * j->line + 64; i++)
		EXPECT(ring_y[i] == UNTOUCHED);
}

static void set_rings(struct job *j, int32_t in, int32_t out)
{
	struct imc_rt_move *m[2] = {&j->copy.rows, &j->gather.rows};

	for (int i = 0; i < 2; i++) {
		m[i]->x_ring = in < j->in_rows ? in * j->in_line : 0;
		m[i]->y_ring = out < j->rows ? out * j->line : 0;
	}
}

static void check_strips(struct random *r, struct job *j)
{
	int32_t per = j->copy.rows.per;

	for (int32_t row = 0, n; row < j->rows; row += n) {
		int32_t first = row / per * j->step, end;
		int32_t in, out;

		n = pick(r, 1, j->rows - row);
		end = (row + n - 1) / per * j->step + j->span;
		in = pick(r, end - first, j->in_rows);
		out = pick(r, n, j->rows);
		set_rings(j, in, out);
		run_strip(j, row, n, in, out);
	}
	set_rings(j, j->in_rows, j->rows);
	run_strip(j, 0, j->rows, j->in_rows, j->rows);
}

static void check_move(struct random *r)
{
	struct job j;

	pick_job(r, &j);
	pick_bytes(r, x, MAX, -128, 127);
	for (int32_t i = 0; i < j.rows; i++)
		want_row(&j, i);
	check_strips(r, &j);
}

static void check_fill(struct random *r)
{
	int32_t line = pick(r, 1, 20), lines = pick(r, 1, 7);
	int32_t row = pick(r, 0, 20), n = pick(r, 1, lines), bad = 0;

	memset(ring_y, UNTOUCHED, sizeof ring_y);
	memset(want, UNTOUCHED, sizeof want);
	for (int32_t i = row; i < row + n; i++)
		memset(want + i % lines * line, -7, (size_t)line);
	EXPECT(!imc_rt_fill(&hal, ring_y, lines, line, -7, row, n));
	for (int32_t i = 0; i < MAX; i++)
		bad += ring_y[i] != want[i];
	CHECK(bad == 0, "fill: %d wrong", bad);
}

int main(void)
{
	struct random r = {11};

	for (int i = 0; i < 500; i++) {
		check_move(&r);
		check_fill(&r);
	}
	return check_result();
}
