/* The studies of arXiv 2201.01089, section V, come out of the cost model: a
 * bottleneck layer mapped five ways (V-C), jobs and widths of the port (V-B),
 * and what the machine does at most (V-B, Table I). */
#include <math.h>

#include "tests/check.h"
#include "tests/hw/hw_world.h"

/* The bottleneck; its sizes follow from what V-C says of it: see the target. */
#define PIXELS 16
#define OUTER 120
#define HIDDEN 616

/* How its depth-wise layer and its two point-wise ones are computed. */
static const struct mapping {
	const char *name;
	enum imc_engine pointwise, depthwise;
	int32_t job; /* channels of a depth-wise job on a crossbar */
	double speed, energy_low, energy_high; /* printed, against the first */
} mappings[] = {
	{"cores", IMC_ENGINE_CORES, IMC_ENGINE_CORES, 1, 1, 1, 1},
	{"cjob8", IMC_ENGINE_CROSSBAR, IMC_ENGINE_CROSSBAR, 8, 1.23, 1 / 1.23,
	 1 / 1.23},
	{"cjob16", IMC_ENGINE_CROSSBAR, IMC_ENGINE_CROSSBAR, 16, 2.27, 1, 1},
	{"hybrid", IMC_ENGINE_CROSSBAR, IMC_ENGINE_CORES, 1, 4.6, 3.4, 3.4},
	{"ima+dw", IMC_ENGINE_CROSSBAR, IMC_ENGINE_DEPTHWISE, 1, 11.5, 9.2,
	 9.5},
};

static void add_layer(struct world *w, imc_node_id n, enum imc_engine e,
		      int32_t bundle, struct imc_cost *sum)
{
	struct imc_assign as = assign(e, true);
	struct imc_cost c;

	as.bundle = bundle;
	c = imc_cost_node(w->hw, w->g, n, &as);
	sum->ns += c.ns;
	sum->pj += c.pj;
}

static struct imc_cost bottleneck(struct world *w, const struct mapping *m)
{
	struct layer expand = {PIXELS, OUTER, HIDDEN, 1, 1, 1};
	struct layer depth = {PIXELS, HIDDEN, HIDDEN, 3, 1, HIDDEN};
	struct layer project = {PIXELS, HIDDEN, OUTER, 1, 1, 1};
	struct imc_cost sum = {0};
	enum imc_op op = IMC_OP_Q_CONV2D;

	add_layer(w, conv(w, op, expand), m->pointwise, 1, &sum);
	add_layer(w, conv(w, op, depth), m->depthwise, m->job, &sum);
	add_layer(w, conv(w, op, project), m->pointwise, 1, &sum);
	add_layer(w, add(w, IMC_OP_Q_ADD, PIXELS, OUTER), IMC_ENGINE_CORES, 1,
		  &sum);
	return sum;
}

static void test_bottleneck(const char *target)
{
	struct imc_cost first = {0};
	struct world w;

	open_world(&w, target);
	for (size_t i = 0; i < sizeof mappings / sizeof mappings[0]; i++) {
		const struct mapping *m = &mappings[i];
		struct imc_cost c = bottleneck(&w, m);
		double speed, energy;

		if (i == 0)
			first = c;
		speed = first.ns / c.ns;
		energy = first.pj / c.pj;
		CHECK(speed > 0.9 * m->speed && speed < 1.1 * m->speed,
		      "%s: %g times as fast, not %g", m->name, speed, m->speed);
		CHECK(energy > 0.9 * m->energy_high &&
			      energy < 1.1 * m->energy_low,
		      "%s: energy gains %g, not %g", m->name, energy,
		      m->energy_low);
	}
	imc_arena_free(w.arena);
}

/* What V-C says of the layer's size: devices for depth-wise jobs of 8 and 16
 * channels, all in one matrix; and L1 holds what lives at once, but not with
 * 17 x 17 pixels. */
static void test_size(void)
{
	double weights = HIDDEN * (2 * OUTER + 9);
	double more8 = HIDDEN * 9 * (8 - 1) / weights;
	double more16 = HIDDEN * 9 * (16 - 1) / weights;
	double dense = HIDDEN * (2 * OUTER + 9.0 * HIDDEN) / weights;
	double live = OUTER + 2 * HIDDEN; /* bytes a pixel */
	struct world w;

	open_world(&w, "garofalo-1");
	CHECK(round(100 * more8) == 25, "%g", more8);
	CHECK(round(100 * more16) == 54, "%g", more16);
	CHECK(round(dense) == 23, "%g", dense);
	OK(PIXELS * PIXELS * live + weights <= (double)w.hw->l1_bytes);
	OK((PIXELS + 1) * (PIXELS + 1) * live + weights >
	   (double)w.hw->l1_bytes);
	imc_arena_free(w.arena);
}

/* Grouped convolutions pay their factor on an array, others do not. */
static void test_grouped_energy(void)
{
	struct imc_assign as = assign(IMC_ENGINE_CROSSBAR, true);
	struct world w;
	imc_node_id n;
	double pj;

	open_world(&w, "garofalo-1");
	n = conv(&w, IMC_OP_CONV2D, (struct layer){8, 64, 64, 3, 1, 64});
	as.bundle = 16;
	pj = 64 * 4 * 1e3 * (1.47 + 144 * 0.0307 + 16 * 0.04);
	OK(near(imc_cost_node(w.hw, w.g, n, &as).pj, 3 * pj));
	w.hw->energy_ima_dw_job = 1;
	OK(near(imc_cost_node(w.hw, w.g, n, &as).pj, pj));
	w.hw->energy_ima_dw_job = 3;
	n = conv(&w, IMC_OP_CONV2D, (struct layer){8, 64, 16, 1, 1, 1});
	pj = 64 * 1e3 * (1.47 + 64 * 0.0307 + 16 * 0.04);
	OK(near(imc_cost_node(w.hw, w.g, n, &as).pj, pj));
	imc_arena_free(w.arena);
}

/* A synthetic point-wise layer of 14 x 14 pixels. */
static struct imc_cost synthetic(struct world *w, double freq, double bits,
				 bool sequential, int64_t side)
{
	struct imc_assign as = assign(IMC_ENGINE_CROSSBAR, true);
	imc_node_id n = conv(w, IMC_OP_Q_CONV2D,
			     (struct layer){14, side, side, 1, 1, 1});

	w->hw->cluster_freq = freq;
	w->hw->ima_port_bytes = bits / 8;
	w->hw->ima_jobs = sequential;
	return imc_cost_node(w->hw, w->g, n, &as);
}

/* Sequential jobs at 500 MHz are bound by memory with 32 bit only; pipelined
 * ones at 250 MHz need 128 bit, and wider gives nothing. */
static void test_widths(void)
{
	double mvm = 14 * 14 * 130.0;
	struct imc_cost c;
	struct world w;

	open_world(&w, "garofalo-1");
	OK(synthetic(&w, 500, 32, true, 256).stream_ns > mvm);
	OK(synthetic(&w, 500, 64, true, 256).stream_ns < mvm);
	OK(synthetic(&w, 250, 64, false, 256).stall_ns > 0.4 * mvm);
	c = synthetic(&w, 250, 128, false, 256);
	OK(c.stall_ns == 0 && near(c.stream_ns, 14 * 14 * 128));
	for (int bits = 128; bits <= 512; bits *= 2)
		OK(near(synthetic(&w, 250, bits, false, 256).ns, c.ns));
	OK(synthetic(&w, 500, 64, false, 256).stall_ns == 0);
	imc_arena_free(w.arena);
}

/* Sequential: 8 to 40 % of all cycles are streams, by use of the array (5 to
 * 100 % of its cells); what is not streams is jobs, control, configuration. */
static void test_shares(void)
{
	double last = 0;
	struct world w;

	open_world(&w, "garofalo-1");
	for (int percent = 5; percent <= 100; percent += 5) {
		int64_t side = (int64_t)round(256 * sqrt(percent / 100.0));
		struct imc_cost c = synthetic(&w, 500, 128, true, side);
		double share = c.stall_ns / c.ns;

		CHECK(share > 0.08 && share < 0.4, "%d %%: %g", percent, share);
		OK(share >= last && c.stall_ns == c.stream_ns);
		OK(near(c.ns, c.stream_ns + 14 * 14 * (130 + 6 * 2) + 60 * 2));
		last = share;
		c = synthetic(&w, 500, 128, false, side);
		OK(c.stall_ns == 0 && c.stream_ns > 0);
	}
	imc_arena_free(w.arena);
}

/* 958 GOPS at 250 MHz and 6.39 TOPS/W, within 5 %; the layer is of the 7 x 7
 * pixels at the end of MobileNetV2. */
static void test_peak(const char *target)
{
	struct imc_peak p;
	struct world w;

	open_world(&w, target);
	for (int mhz = 250; mhz <= 500; mhz += 250) {
		w.hw->cluster_freq = mhz;
		p = imc_peak_of(w.hw, 7 * 7);
		CHECK(fabs(p.tops - 0.958) < 0.05 * 0.958, "%g", p.tops);
		CHECK(fabs(p.tops_per_w - 6.39) < 0.05 * 6.39, "%g",
		      p.tops_per_w);
		OK(near(p.tops_per_mm2, p.tops / imc_area_mm2(w.hw)));
	}
	OK(imc_peak_of(w.hw, 1).tops < p.tops);
	w.hw->ima_arrays = 8;
	w.hw->ima_active_arrays = 16;
	w.hw->chip_clusters = 2;
	OK(near(imc_peak_of(w.hw, 7 * 7).tops, 16 * p.tops));
	OK(near(imc_peak_of(w.hw, 7 * 7).tops_per_w, p.tops_per_w));
	w.hw->ima_arrays = 0;
	OK(imc_peak_of(w.hw, 7 * 7).tops == 0);
	imc_arena_free(w.arena);
}

int main(void)
{
	static const char *const target[] = {"garofalo-1", "garofalo-34"};

	for (int i = 0; i < 2; i++) {
		test_bottleneck(target[i]);
		test_peak(target[i]);
	}
	test_size();
	test_grouped_energy();
	test_widths();
	test_shares();
	return check_result();
}
