/* Devices: how they are programmed, drift and fluctuate. PCM: Nandakumar et
 * al., ICECS 2019; Joshi et al., Nat. Commun. 11:2473 (2020). */
#include <math.h>

#include "ir/noise.h"
#include "ir/support/checked.h"
#include "ir/support/splitmix.h"

/* ln r of a device that should not conduct at all. */
#define LEAST_R 1e-7
#define LEAST_POWER 1e-3

static double between(double v, double lo, double hi)
{
	return fmin(fmax(v, lo), hi);
}

static double log_deviation(const struct imc_noise *n, double r)
{
	const double at[] = {n->program_log_0, n->program_log_1,
			     n->program_log_2, n->program_log_3};
	int i = (int)between(floor(r * 3), 0, 2);
	double part = r * 3 - i;

	return at[i] * (1 - part) + at[i + 1] * part;
}

static double program(const struct imc_noise *n, double target, double normal,
		      double log_normal)
{
	double r = target / n->device_g_max;
	double sigma =
		n->program_c0 + n->program_c1 * r + n->program_c2 * r * r;
	double g = target + fmax(sigma, 0) * normal;
	double spread = log_deviation(n, r);

	if (spread > 0)
		g *= exp(spread * log_normal);
	return fmax(g, 0);
}

/* The exponent of a device that should have conductance `target`. */
static double drift_of(const struct imc_noise *n, double target, double normal)
{
	double ln = log(fmax(target / n->device_g_max, LEAST_R));
	double mean = between(n->drift_nu_offset + n->drift_nu_slope * ln,
			      n->drift_nu_min, n->drift_nu_max);
	double std = between(n->drift_std_offset + n->drift_std_slope * ln,
			     n->drift_std_min, n->drift_std_max);

	return fabs(mean + std * normal);
}

/* Deviation of the 1/f noise, as a part of the conductance. */
static double gathered(const struct imc_noise *n, double start, double time_s)
{
	double t_read = n->read_t_read * 1e-9;
	double r = pow(start / n->device_g_max, n->read_power);
	double q = fmin(n->read_q / fmax(r, LEAST_POWER), n->read_q_max);
	double span = (time_s + n->drift_t_0 + t_read) / (2 * t_read);

	return q * sqrt(log(fmax(span, 1)));
}

struct imc_noise_device imc_noise_draw(const struct imc_noise_case *c,
				       int32_t code, uint64_t state)
{
	const struct imc_noise *n = c->noise;
	double target = n->device_g_min + (n->device_g_max - n->device_g_min) *
						  code / c->cell_max;
	/* All are always drawn, so that an effect that is switched on or off
	 * leaves the others as they were. */
	double stuck = imc_splitmix_unit(&state);
	double normal = imc_splitmix_normal(&state);
	double log_normal = imc_splitmix_normal(&state);
	double exponent = imc_splitmix_normal(&state);
	double flicker = imc_splitmix_normal(&state);
	struct imc_noise_device d;

	d.start = program(n, target, normal, log_normal);
	if (stuck < n->stuck_low)
		d.start = n->device_g_min;
	else if (stuck < n->stuck_low + n->stuck_high)
		d.start = n->device_g_max;
	d.now = d.start;
	if (d.start > 0 && stuck >= n->stuck_low + n->stuck_high) {
		double nu = drift_of(n, target, exponent);

		if (nu > 0 && c->time_s > 0)
			d.now *= exp(-nu * log1p(c->time_s / n->drift_t_0));
	}
	if (d.start > 0 && n->read_q > 0)
		d.now *= fmax(1 + gathered(n, d.start, c->time_s) * flicker, 0);
	return d;
}

/* ---- blocks of cells ---- */

/* Conductances of both devices of every cell, row-major. */
struct pairs {
	double *plus, *minus;
	double sum_start, sum_now; /* of |g+ - g-| */
};

static uint64_t device_state(const struct imc_noise_case *c, int32_t array,
			     uint64_t cell, uint64_t device)
{
	uint64_t s = c->seed ^ UINT64_C(0x6465766963650000);

	s = imc_splitmix_next(&s) ^ (uint64_t)c->run;
	s = imc_splitmix_next(&s) ^ (uint64_t)array;
	s = imc_splitmix_next(&s) ^ (cell * 2 + device);
	return imc_splitmix_next(&s);
}

static void draw_pairs(const struct imc_noise_case *c,
		       const struct imc_images *img,
		       const struct imc_noise_block *b, struct pairs *p)
{
	for (int64_t i = 0; i < (int64_t)b->n_row * b->n_col; i++) {
		int64_t at =
			(b->y + i / b->n_col) * img->cols + b->x + i % b->n_col;
		int32_t code = img->cell[b->array][at];
		uint64_t cell = (uint64_t)at;
		struct imc_noise_device plus, minus;

		plus = imc_noise_draw(c, code > 0 ? code : 0,
				      device_state(c, b->array, cell, 0));
		minus = imc_noise_draw(c, code < 0 ? -code : 0,
				       device_state(c, b->array, cell, 1));
		p->plus[i] = plus.now;
		p->minus[i] = minus.now;
		p->sum_start += fabs(plus.start - minus.start);
		p->sum_now += fabs(plus.now - minus.now);
	}
}

/* One bit line, its cells n_col apart. A cell's current flows through all
 * segments between it and the ADC, `rows` below row 0; each loses voltage by
 * the currents of all cells behind it. */
static void drop_line(const struct imc_noise_case *c,
		      const struct imc_noise_block *b, int32_t rows, double *g)
{
	const double lost =
		c->noise->wire_resistance * 1e-6 * c->noise->wire_duty;
	double near = 0, far = 0;

	for (int32_t r = 0; r < b->n_row; r++)
		near += (rows - b->y - r) * g[(int64_t)r * b->n_col];
	for (int32_t r = 0; r < b->n_row; r++) {
		double *at = &g[(int64_t)r * b->n_col], was = *at;
		double distance = rows - b->y - r;

		/* near: cells from here to the ADC, by their distance */
		*at *= fmax(1 - lost * (near + distance * far), 0);
		near -= distance * was;
		far += was;
	}
}

double imc_noise_cells(const struct imc_noise_case *c,
		       const struct imc_images *img,
		       const struct imc_noise_block *b)
{
	const struct imc_noise *n = c->noise;
	size_t count = (size_t)b->n_row * (size_t)b->n_col;
	struct imc_arena *a = imc_arena_new();
	struct pairs p = {imc_arena_room(a, count, sizeof(double)),
			  imc_arena_room(a, count, sizeof(double)), 0, 0};
	double scale = c->cell_max / (n->device_g_max - n->device_g_min);
	double mvm = n->read_mvm * c->cell_max;

	draw_pairs(c, img, b, &p);
	for (int32_t j = 0; n->wire_resistance > 0 && j < b->n_col; j++) {
		drop_line(c, b, img->rows, p.plus + j);
		drop_line(c, b, img->rows, p.minus + j);
	}
	for (size_t i = 0; i < count; i++) {
		b->w[i] = (float)((p.plus[i] - p.minus[i]) * scale);
		if (b->variance)
			b->variance[i] =
				(float)(mvm * mvm * (p.plus[i] + p.minus[i]) /
					n->device_g_max);
	}
	imc_arena_free(a);
	return n->drift_compensate && p.sum_now > 0 ? p.sum_start / p.sum_now
						    : 1;
}
