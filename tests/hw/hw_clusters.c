/* Layers on clusters of their own, on target bruschi-512, by hand. */
#include <math.h>

#include "tests/check.h"
#include "tests/hw/hw_world.h"

/* A cycle is a nanosecond; bursts of 512 bytes start anew. */
static double link_ns(double bytes)
{
	return bytes / 64 + fmax(bytes / 512, 1) * 16;
}

static double dma_ns(double bytes)
{
	return bytes / 64 + ceil(bytes / 512) * 116;
}

/* 3 row blocks of 64 columns: what is largest bounds the stage. */
static void test_bounds(void)
{
	struct imc_assign as = assign(IMC_ENGINE_CROSSBAR, false);
	double windows = 64 * 64, out = windows * 64;
	double digital = out * (2 * 34 + 8) / 16;
	struct imc_cost c;
	struct world w;
	imc_node_id id;

	open_world(&w, "bruschi-512");
	id = conv(&w, IMC_OP_Q_CONV2D, (struct layer){64, 64, 64, 3, 1, 1});
	c = imc_cost_node(w.hw, w.g, id, &as);
	OK(near(c.engine_ns, windows * 130)); /* the arrays */
	OK(near(c.ns, windows * 130 + 60));
	OK(near(c.core_ns, digital / 3));
	OK(c.stall_ns == 0);
	as.adders = 1;
	c = imc_cost_node(w.hw, w.g, id, &as); /* the adder */
	OK(near(c.core_ns, digital) && near(c.ns, digital + 60));
	as.adders = 2;
	OK(near(imc_cost_node(w.hw, w.g, id, &as).core_ns, digital / 2));
	OK(imc_cost_arrays(w.hw, w.g, id, &as) == 3 + 2);
	as.copies = 4;
	OK(near(imc_cost_node(w.hw, w.g, id, &as).engine_ns,
		windows * 130 / 4));
	OK(imc_cost_arrays(w.hw, w.g, id, &as) == 4 * 3 + 2);
	/* Slow links: a tile reads 64 channels of each pixel and gives 64
	 * codes; adders take 3 parts and give a sum. */
	as.adders = 0;
	as.copies = 1;
	w.hw->link_bytes_per_cycle = 0.125;
	w.hw->link_setup_cycles = 0;
	c = imc_cost_node(w.hw, w.g, id, &as);
	OK(near(c.ns, windows * 128 * 8 + 60));
	OK(near(c.stall_ns, windows * (128 * 8 - 130)));
	as.adders = 1;
	OK(near(imc_cost_node(w.hw, w.g, id, &as).ns, out * 4 * 8 + 60));
	w.hw->ima_jobs = 1; /* one after another */
	w.hw->ima_port_bytes = 65536;
	as.adders = 0;
	OK(near(imc_cost_node(w.hw, w.g, id, &as).ns,
		windows * (130 + 2) + digital / 3 + windows * 128 * 8 + 60));
	imc_arena_free(w.arena);
}

/* One of the inputs of an add waits, in HBM or in L1. */
static void test_waiting(void)
{
	struct imc_assign as = assign(IMC_ENGINE_CORES, false);
	double n = 128 * 128 * 96, work = n * 0.6, io = link_ns(3 * n);
	struct imc_map m = {.assign = &as};
	struct imc_cost c;
	struct imc_node *node;
	struct world w;
	imc_node_id id;

	open_world(&w, "bruschi-512");
	id = add(&w, IMC_OP_Q_ADD, 128, 96); /* 1.5 MB */
	node = imc_node_at(w.g, id);
	OK(imc_cost_waiting(w.g, node) == (int64_t)n);
	OK(imc_cost_stores(w.hw, w.g, node) == 2);
	c = imc_cost_node(w.hw, w.g, id, &as);
	OK(near(c.stream_ns, 2 * dma_ns(n)) && near(c.core_ns, work));
	OK(near(c.ns, fmax(work, 2 * dma_ns(n))));
	OK(near(c.pj, work * 23 + 2 * n * 30));
	as.copies = 100;
	OK(near(imc_cost_node(w.hw, w.g, id, &as).ns, 2 * dma_ns(n)));
	OK(imc_cost_arrays(w.hw, w.g, id, &as) == 100);
	as.cost = c; /* the way to HBM is shared */
	OK(near(imc_pipeline_of(w.hw, w.g, &m).shared_ns, 2 * dma_ns(n)));
	as.copies = 1;
	as.stores = 2;
	c = imc_cost_node(w.hw, w.g, id, &as);
	OK(c.stream_ns == 0 && near(c.pj, work * 23));
	OK(near(c.ns, fmax(work, io)) && work > io);
	OK(imc_cost_arrays(w.hw, w.g, id, &as) == 3);
	as.copies = 100; /* the links of the stores bound it */
	OK(near(imc_cost_node(w.hw, w.g, id, &as).ns, link_ns(n)));
	as.stores = 1; /* too small */
	OK(isinf(imc_cost_node(w.hw, w.g, id, &as).ns));
	node->in[1] = node->in[0]; /* x + x waits for nothing */
	OK(imc_cost_waiting(w.g, node) == 0);
	OK(imc_cost_stores(w.hw, w.g, node) == 0);
	w.hw->chip_clusters = 1; /* no clusters, no links, no copies */
	as = assign(IMC_ENGINE_CORES, false);
	as.copies = 5;
	OK(near(imc_cost_node(w.hw, w.g, id, &as).ns, work));
	OK(imc_cost_arrays(w.hw, w.g, id, &as) == 0);
	imc_arena_free(w.arena);
}

/* Some rows of it, as a part; without burst_bytes one start is paid. */
static void test_rows(void)
{
	struct imc_assign as = assign(IMC_ENGINE_CORES, false);
	struct imc_cost all, part;
	struct world w;
	imc_node_id id;

	open_world(&w, "bruschi-512");
	id = add(&w, IMC_OP_Q_ADD, 32, 64);
	all = imc_cost_node(w.hw, w.g, id, &as);
	part = imc_cost_rows(w.hw, w.g, id, &as, 8);
	OK(near(4 * part.ns, all.ns) && near(4 * part.pj, all.pj));
	OK(near(imc_cost_dma(w.hw, 513).ns, 513.0 / 64 + 2 * 116));
	OK(near(imc_cost_dma(w.hw, 0).ns, 116));
	w.hw->dma_burst_bytes = 0;
	OK(near(imc_cost_dma(w.hw, 1 << 20).ns, (1 << 20) / 64.0 + 116));
	imc_arena_free(w.arena);
}

int main(void)
{
	test_bounds();
	test_waiting();
	test_rows();
	return check_result();
}
