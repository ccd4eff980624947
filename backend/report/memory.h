/* memory.h: the part of the report on memories, transfers, and what runs strip
 * by strip. */
#ifndef IMC_REPORT_MEMORY_H
#define IMC_REPORT_MEMORY_H

#include "backend/report/facts.h"
#include "backend/report/json.h"

/* Rows of a value in L1, of which it holds so many at a time. */
struct imc_report_ring {
	imc_val val;
	int32_t lines;
	int64_t bytes, whole_bytes;
};

/* Nodes whose steps take turns, or one in several steps. */
struct imc_report_group {
	imc_node_id first, last; /* by their first steps */
	int32_t n_node;
	size_t first_step, end_step; /* whole slots */
	int32_t rows, chans; /* of a step of the last node; 0: all of them */
	size_t n_ring, cap_ring;
	struct imc_report_ring *ring;
};

struct imc_report_memory {
	int64_t constant_bytes; /* that nodes read while they run */
	int64_t dma_bytes;
	/* Of them constants, inputs and outputs of the network, and values that
	 * L2 holds for a while. */
	int64_t dma_constant_bytes, dma_in_bytes, dma_out_bytes;
	int64_t dma_value_bytes;
	/* Of constants and values, used in L2 in place, each time that a step
	 * of the cores does. */
	int64_t in_place_bytes;
	double ratio; /* both over plan.dma_lower_bound; 0: none is known */
	double roomy; /* latency over that with all in L1, less 1 */
	size_t n_group;
	struct imc_report_group *group; /* by first step */
};

/* All of it lives in a. m has a plan, or all is 0. */
struct imc_report_memory imc_report_memory(const struct imc_module *m,
					   struct imc_arena *a);

/* The name of a node in at most that many columns. */
const char *imc_report_node_name(const struct imc_module *m, imc_node_id id,
				 size_t most, struct imc_arena *a);

/* Nothing without a plan. */
void imc_report_memory_text(const struct imc_module *m,
			    const struct imc_report_facts *f,
			    struct imc_buf *out);
/* "memory" */
void imc_report_memory_json(struct imc_json *j, const struct imc_module *m,
			    const struct imc_report_sizes *s,
			    const struct imc_report_facts *f);

#endif
