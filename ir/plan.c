#include "ir/plan.h"

#include "ir/fields.h"
#include "ir/plan_now.h"
#include "ir/support/checked.h"

const char *imc_step_name(enum imc_step_kind k)
{
	static const char *const name[IMC_N_STEP] = {
#define X(id, text) #text,
		IMC_STEPS(X)
#undef X
	};

	return name[k];
}

const char *imc_memory_name(enum imc_memory m)
{
	static const char *const name[IMC_N_MEM] = {
#define X(id, text) #text,
		IMC_MEMORIES(X)
#undef X
	};

	return name[m];
}

int32_t imc_plan_constants_buffer(const struct imc_plan *p, imc_node_id id,
				  size_t step)
{
	for (size_t i = 0; i < p->n_buffer; i++)
		if (p->buffer[i].node.i == id.i &&
		    p->buffer[i].first <= (int64_t)step &&
		    p->buffer[i].last >= (int64_t)step)
			return (int32_t)i;
	return -1;
}

/* True if axes of more than one element stay in order. */
static bool moves_nothing(const struct imc_ints *perm,
			  const struct imc_tensor *t)
{
	int64_t last = -1;

	for (int i = 0; i < t->rank; i++) {
		/* no perm: the reverse order */
		int64_t from = perm->n ? perm->v[i] : t->rank - 1 - i;

		if (t->dim[from] == 1)
			continue;
		if (from < last)
			return false;
		last = from;
	}
	return true;
}

bool imc_plan_is_view(const struct imc_graph *g, const struct imc_node *n)
{
	const struct imc_value *x = imc_node_in(g, n, 0);

	if (n->op == IMC_OP_RESHAPE || n->op == IMC_OP_IDENTITY)
		return true;
	return n->op == IMC_OP_TRANSPOSE && moves_nothing(&n->a.perm, &x->t);
}

size_t imc_plan_slot_end(const struct imc_plan *p, size_t i)
{
	do
		i++;
	while (i < p->n_step && p->step[i].beside);
	return i;
}

unsigned imc_step_lanes(const struct imc_map *m, const struct imc_step *s)
{
	const struct imc_assign *as;

	if (s->kind != IMC_STEP_RUN)
		return IMC_LANE_DMA;
	as = &m->assign[s->node.i];
	switch (as->engine) {
	case IMC_ENGINE_CORES:
		return IMC_LANE_CORES;
	case IMC_ENGINE_CROSSBAR:
		return as->post_adc ? IMC_LANE_PORT
				    : IMC_LANE_PORT | IMC_LANE_CORES;
	case IMC_ENGINE_PE:
		return m->pe_shares_port ? IMC_LANE_PORT : IMC_LANE_PE;
	case IMC_ENGINE_DEPTHWISE:
		return IMC_LANE_PORT;
	case IMC_ENGINE_NONE:
	case IMC_N_ENGINE:
		break;
	}
	return 0;
}

static void add_step_cost(struct imc_cost *to, const struct imc_cost *c)
{
	to->pj += c->pj;
	to->engine_ns += c->engine_ns;
	to->core_ns += c->core_ns;
	to->stream_ns += c->stream_ns;
	to->stall_ns += c->stall_ns;
}

static void add_time(struct imc_cost *to, const struct imc_cost *c)
{
	to->ns += c->ns;
	to->cycles += c->cycles;
}

struct imc_cost imc_plan_total(const struct imc_plan *p,
			       struct imc_cost *transfers)
{
	struct imc_cost sum = {0}, moved = {0};

	for (size_t i = 0, next; i < p->n_step; i = next) {
		struct imc_cost dma = {0}, longest = {0};

		next = imc_plan_slot_end(p, i);
		for (size_t k = i; k < next; k++) {
			const struct imc_step *s = &p->step[k];

			add_step_cost(&sum, &s->cost);
			if (s->kind != IMC_STEP_RUN) {
				moved.pj += s->cost.pj;
				add_time(&dma, &s->cost);
			} else if (s->cost.ns > longest.ns) {
				longest = s->cost;
			}
		}
		if (longest.ns == 0)
			add_time(&moved, &dma);
		add_time(&sum, dma.ns > longest.ns ? &dma : &longest);
	}
	if (transfers)
		*transfers = moved;
	return sum;
}

static int64_t rows_bytes(const struct imc_graph *g, const struct imc_plan *p,
			  imc_val v, struct imc_rows r, size_t i)
{
	for (size_t k = 0; k < p->n_buffer; k++) {
		const struct imc_buffer *b = &p->buffer[k];

		if (b->mem == IMC_MEM_L1 && b->val.i == p->root[v.i] &&
		    b->first <= (int64_t)i && b->last >= (int64_t)i)
			return 0;
	}
	return (r.end - r.first) * imc_plan_row_bytes(&imc_value_at(g, v)->t);
}

int64_t imc_plan_far_bytes(const struct imc_graph *g, const struct imc_map *m,
			   const struct imc_plan *p, size_t i)
{
	const struct imc_step *s = &p->step[i];
	const struct imc_node *n;
	struct imc_rows out;
	int64_t sum = 0;

	if (s->kind != IMC_STEP_RUN ||
	    m->assign[s->node.i].engine != IMC_ENGINE_CORES)
		return 0;
	n = imc_node_at(g, s->node);
	out = imc_step_rows(s, &imc_node_out(g, n, 0)->t);
	for (int k = 0; k < n->n_in; k++)
		if (imc_val_ok(n->in[k]) &&
		    !imc_value_at(g, imc_plan_origin(g, n->in[k]))->t.data)
			sum += rows_bytes(g, p, n->in[k],
					  imc_plan_reads(g, n, k, out), i);
	for (int k = 0; k < n->n_out; k++)
		if (imc_val_ok(n->out[k]))
			sum += rows_bytes(
				g, p, n->out[k],
				imc_step_rows(s, &imc_node_out(g, n, k)->t), i);
	return sum;
}

int64_t imc_plan_in_place_bytes(const struct imc_graph *g,
				const struct imc_map *m,
				const struct imc_plan *p)
{
	int64_t bytes = 0;

	for (size_t i = 0; i < p->n_step; i++) {
		const struct imc_step *s = &p->step[i];

		bytes += imc_plan_far_bytes(g, m, p, i);
		if (s->kind == IMC_STEP_RUN &&
		    imc_plan_constants_buffer(p, s->node, i) < 0)
			bytes += imc_plan_constants(g, m, s->node, s->n_chan)
					 .bytes;
	}
	return bytes;
}

/* Bytes that a transfer moves, of a block of constants without gaps. */
int64_t imc_step_dma_bytes(const struct imc_graph *g, const struct imc_map *m,
			   const struct imc_step *s)
{
	const struct imc_tensor *t;
	struct imc_rows rows, chans;
	int64_t n_chan;

	if (s->kind == IMC_STEP_RUN)
		return 0;
	if (s->kind == IMC_STEP_FETCH)
		return imc_plan_constants(g, m, s->node, s->n_chan).bytes;
	t = &imc_value_at(g, s->val)->t;
	n_chan = imc_plan_n_chan(t);
	rows = imc_step_rows(s, t);
	chans = imc_step_chans(s, n_chan);
	return (rows.end - rows.first) * imc_plan_row_bytes(t) /
	       imc_max_i64(n_chan, 1) * (chans.end - chans.first);
}

int64_t imc_plan_dma_bytes(const struct imc_graph *g, const struct imc_map *m,
			   const struct imc_plan *p)
{
	int64_t bytes = 0;

	for (size_t i = 0; i < p->n_step; i++)
		bytes += imc_step_dma_bytes(g, m, &p->step[i]);
	return bytes;
}

static bool step_equal(const struct imc_step *a, const struct imc_step *b)
{
	if (a->kind != b->kind || !imc_members_equal(imc_step_members, a, b))
		return false;
	return imc_step_has_node(a->kind) ? a->node.i == b->node.i
					  : a->val.i == b->val.i;
}

static bool buffer_equal(const struct imc_buffer *a, const struct imc_buffer *b)
{
	return a->mem == b->mem && a->val.i == b->val.i &&
	       a->node.i == b->node.i &&
	       imc_members_equal(imc_buffer_members, a, b);
}

bool imc_plan_equal(const struct imc_plan *a, const struct imc_plan *b)
{
	if (a->n_step != b->n_step || a->n_buffer != b->n_buffer ||
	    a->n_root != b->n_root ||
	    !imc_members_equal(imc_plan_members, a, b))
		return false;
	for (size_t i = 0; i < a->n_step; i++)
		if (!step_equal(&a->step[i], &b->step[i]))
			return false;
	for (size_t i = 0; i < a->n_buffer; i++)
		if (!buffer_equal(&a->buffer[i], &b->buffer[i]))
			return false;
	for (size_t i = 0; i < a->n_root; i++)
		if (a->root[i] != b->root[i])
			return false;
	return true;
}
