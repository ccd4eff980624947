/* An ONNX model to a graph: names, inputs, constants, nodes, order. */
#include <string.h>

#include "frontend/onnx/onnx_import.h"
#include "ir/support/checked.h"

#define OPSET_MIN 6
#define OPSET_MAX 23
/* A file of nothing but faults need not list them all. */
#define MANY_ERRORS 2000

/* ---- names ---- */

static struct imc_onnx_entry *slot_of(const struct imc_onnx_names *t,
				      const char *name)
{
	uint64_t h = 14695981039346656037u; /* FNV-1a */

	for (const char *p = name; *p; p++)
		h = (h ^ (unsigned char)*p) * 1099511628211u;
	for (size_t i = (size_t)h;; i++) {
		struct imc_onnx_entry *e = &t->slot[i & (t->cap - 1)];

		if (!e->name || !strcmp(e->name, name))
			return e;
	}
}

struct imc_onnx_entry *imc_onnx_find(const struct imc_onnx_import *im,
				     const char *name)
{
	struct imc_onnx_entry *e = slot_of(&im->names, name);

	return e->name ? e : NULL;
}

/* Room for every name the model can define. */
static void size_names(struct imc_onnx_import *im)
{
	size_t n = im->m->n_in + im->m->n_init, cap = 16;

	for (size_t i = 0; i < im->m->n_node; i++)
		n += im->m->node[i].n_out;
	while (cap < n * 2)
		cap *= 2;
	im->names.cap = cap;
	im->names.slot =
		imc_arena_array(im->scratch, cap, sizeof *im->names.slot);
}

/* A free entry for name; NULL: taken, reported. */
static struct imc_onnx_entry *define(struct imc_onnx_import *im,
				     const char *name, struct imc_loc loc)
{
	struct imc_onnx_entry *e = slot_of(&im->names, name);

	if (e->name) {
		imc_diag(im->d, loc, IMC_D_ONNX_DEFINED_TWICE, name);
		return NULL;
	}
	e->name = name;
	e->v = IMC_NO_VAL;
	e->loc = loc;
	return e;
}

/* A value that was refused: who reads it need not complain as well. */
static void stand_in(struct imc_onnx_import *im, struct imc_onnx_entry *e)
{
	if (e && !imc_val_ok(e->v))
		e->v = imc_graph_add_value(im->g, e->name);
}

/* ---- inputs and constants ---- */

/* A new value that holds t; t->data is in the arena already. */
static imc_val hold(struct imc_onnx_import *im, const char *name,
		    const struct imc_tensor *t)
{
	imc_val v = imc_graph_add_value(im->g, name);

	imc_value_at(im->g, v)->t = *t;
	imc_value_at(im->g, v)->shaped = true;
	return v;
}

static bool add_initialisers(struct imc_onnx_import *im)
{
	struct imc_loc loc = IMC_IN_FILE(im->path);
	bool ok = true;

	for (size_t i = 0; i < im->m->n_init; i++) {
		const struct imc_onnx_tensor *p = &im->m->init[i];
		struct imc_onnx_entry *e = define(im, p->name, loc);
		struct imc_tensor t;

		if (e && imc_onnx_make_tensor(p, loc, im->a, im->d, &t))
			e->v = hold(im, p->name, &t);
		else
			ok = false;
		stand_in(im, e);
	}
	for (size_t i = 0; i < im->m->n_sparse; i++)
		ok = imc_diag(im->d, loc, IMC_D_ONNX_TENSOR, im->m->sparse[i],
			      "sparse tensors are not supported; store it "
			      "densely");
	return ok;
}

static bool bad_input(struct imc_onnx_import *im,
		      const struct imc_onnx_value *p, const char *why)
{
	return imc_diag(im->d, IMC_IN_FILE(im->path), IMC_D_ONNX_INPUT, p->name,
			why);
}

static bool free_dim(struct imc_onnx_import *im, const struct imc_onnx_value *p,
		     int k)
{
	const char *param = p->dim[k].param;
	const char *help = "export the network with a fixed shape";

	if (*param)
		help = imc_arena_printf(im->d->arena,
					"it is '%s' there: export the network "
					"with a fixed shape",
					param);
	return imc_diag(im->d, IMC_IN_FILE(im->path), IMC_D_DYNAMIC_SHAPE, k,
			p->name, help);
}

/* The shape a file declares; the batch is 1 when it is left open. */
static bool declared_shape(struct imc_onnx_import *im,
			   const struct imc_onnx_value *p, struct imc_tensor *t)
{
	int64_t n = 1;
	bool ok = true;

	if (!p->has_shape)
		return bad_input(im, p,
				 "its rank is not known; export the network "
				 "with a fixed shape");
	if (p->n_dim > IMC_MAX_RANK)
		return bad_input(im, p, "it has more than 8 dimensions");
	t->rank = (int)p->n_dim;
	for (int k = 0; k < t->rank; k++) {
		bool open = !p->dim[k].fixed || p->dim[k].value < 0;

		if (open && k > 0) {
			ok = free_dim(im, p, k);
			continue;
		}
		/* 0 is how some exporters leave the batch open. */
		t->dim[k] =
			open || (k == 0 && p->dim[k].value == 0 && t->rank > 1)
				? 1
				: p->dim[k].value;
		if (t->dim[k] > INT32_MAX || !imc_mul_i64(n, t->dim[k], &n) ||
		    n > INT32_MAX)
			return bad_input(
				im, p, "it has more than 2147483647 elements");
	}
	return ok;
}

static bool input_type(struct imc_onnx_import *im,
		       const struct imc_onnx_value *p, struct imc_tensor *t)
{
	if (!p->is_tensor)
		return bad_input(im, p,
				 "it is no tensor; sequences, maps and "
				 "optionals are not supported");
	if (imc_dtype_of_onnx(p->dtype, &t->dtype) && t->dtype != IMC_F16)
		return true;
	return bad_input(
		im, p,
		imc_arena_printf(im->d->arena,
				 "its type %s is not supported; "
				 "export the network in float32",
				 imc_onnx_type_name(p->dtype, im->d->arena)));
}

/* Given data of the declared type; float16 is its reader's business. */
static bool given_type(struct imc_onnx_import *im,
		       const struct imc_onnx_value *p,
		       const struct imc_tensor *given, struct imc_tensor *t)
{
	enum imc_dtype declared;

	if (!p->is_tensor || !imc_dtype_of_onnx(p->dtype, &declared))
		return input_type(im, p, t);
	if (declared != given->dtype)
		return bad_input(im, p, "its data is of another type");
	*t = *given;
	t->data = NULL;
	return true;
}

static bool add_input(struct imc_onnx_import *im,
		      const struct imc_onnx_value *p)
{
	const struct imc_onnx_given *given = im->given;
	size_t k = im->g->n_input;
	struct imc_tensor t = {.rank = 0};
	struct imc_onnx_entry *e;
	imc_val v;

	e = define(im, p->name, IMC_IN_FILE(im->path));
	if (!e)
		return false;
	e->input = true;
	if (given && k < given->n
		    ? !given_type(im, p, &given->t[k], &t)
		    : !input_type(im, p, &t) || !declared_shape(im, p, &t)) {
		stand_in(im, e);
		return false;
	}
	v = hold(im, p->name, &t);
	*IMC_PUSH(im->a, im->g->input, im->g->n_input, im->g->cap_input) = v;
	e->v = v;
	return true;
}

/* Up to IR 3 every initialiser is listed as an input too. */
static bool add_inputs(struct imc_onnx_import *im)
{
	bool ok = true;

	for (size_t i = 0; i < im->m->n_in; i++) {
		const struct imc_onnx_value *p = &im->m->in[i];
		struct imc_onnx_entry *e = imc_onnx_find(im, p->name);

		if (!e || e->input)
			ok = add_input(im, p) && ok;
	}
	return ok;
}

/* ---- nodes ---- */

struct imc_loc imc_onnx_node_loc(const struct imc_onnx_import *im, size_t i)
{
	const struct imc_onnx_node *p = &im->m->node[i];
	const char *name =
		*p->name ? imc_arena_strdup(im->a, p->name)
			 : imc_arena_printf(im->a, "%s_%zu", p->op, i);

	return (struct imc_loc){.file = im->path,
				.node = (int)i,
				.op = imc_arena_strdup(im->a, p->op),
				.name = name};
}

static bool is_constant(const struct imc_onnx_node *p)
{
	return !strcmp(p->op, "Constant") &&
	       (!*p->domain || !strcmp(p->domain, "ai.onnx"));
}

/* Node `id`, or a new one, computes what the ONNX node calls its outputs. */
static bool add_outputs(struct imc_onnx_import *im,
			const struct imc_onnx_node *p, imc_node_id id)
{
	struct imc_loc loc = imc_node_at(im->g, id)->loc;
	enum imc_op op = imc_node_at(im->g, id)->op;
	int n = imc_node_at(im->g, id)->n_out;
	bool ok = true;

	for (int k = 0; k < n || (size_t)k < p->n_out; k++) {
		const char *name = (size_t)k < p->n_out ? p->out[k] : "";
		struct imc_onnx_entry *e = *name ? define(im, name, loc) : NULL;

		ok = ok && (e || !*name);
		if (e && k >= n)
			e->lost = imc_onnx_lost_output(op, &e->help);
		if (k >= n)
			continue;
		if (!*name) /* nobody reads it, but it is computed */
			name = imc_arena_printf(im->a, "%s_out%d", loc.name, k);
		imc_node_set_out(im->g, id, k,
				 imc_graph_add_value(im->g, name));
		if (e)
			e->v = imc_node_at(im->g, id)->out[k];
	}
	return ok;
}

static bool declare_constant(struct imc_onnx_import *im,
			     const struct imc_onnx_node *p, struct imc_loc loc)
{
	struct imc_onnx_entry *e;
	struct imc_tensor t;

	if (p->n_out != 1 || !*p->out[0])
		return imc_diag(im->d, loc, IMC_D_ONNX_ARITY,
				"a Constant has one output");
	e = define(im, p->out[0], loc);
	if (!e || !imc_onnx_constant(im, p, loc, &t))
		return false;
	e->v = hold(im, p->out[0], &t);
	return true;
}

/* The outputs of a node we cannot import: readers need not complain. */
static bool declare_refused(struct imc_onnx_import *im,
			    const struct imc_onnx_node *p, struct imc_loc loc)
{
	for (size_t k = 0; k < p->n_out; k++)
		if (*p->out[k]) {
			struct imc_onnx_entry *e = imc_onnx_find(im, p->out[k]);

			stand_in(im, e ? e : define(im, p->out[k], loc));
		}
	return false;
}

/* First round: makes node i with outputs, so that order does not matter. */
static bool declare(struct imc_onnx_import *im, size_t i, imc_node_id *id)
{
	const struct imc_onnx_node *p = &im->m->node[i];
	struct imc_loc loc = imc_onnx_node_loc(im, i);
	struct imc_node *n;
	enum imc_op op;

	*id = IMC_NO_NODE;
	if (is_constant(p))
		return declare_constant(im, p, loc) ||
		       declare_refused(im, p, loc);
	op = imc_onnx_choose_op(im, p, loc);
	if (op == IMC_N_OP)
		return declare_refused(im, p, loc);
	if (p->n_in > 4096 || p->n_out == 0 || p->n_out > 4096) {
		imc_diag(im->d, loc, IMC_D_ONNX_ARITY,
			 p->n_out ? "it has more than 4096 inputs or outputs"
				  : "it has no output");
		return declare_refused(im, p, loc);
	}
	*id = imc_graph_add_node(im->g, op, (int)p->n_in,
				 imc_onnx_n_out(op, p->n_out), NULL);
	n = imc_node_at(im->g, *id);
	n->name = loc.name;
	n->loc = loc;
	n->n_origin = 1;
	n->origin = imc_arena_array(im->a, 1, sizeof *n->origin);
	n->origin[0] = loc.name;
	return add_outputs(im, p, *id);
}

/* The value behind a name that is read at loc. */
static bool look_up(struct imc_onnx_import *im, const char *name,
		    struct imc_loc loc, imc_val *out)
{
	const struct imc_onnx_entry *e = imc_onnx_find(im, name);

	if (!e)
		return imc_diag(im->d, loc, IMC_D_ONNX_UNDEFINED, name);
	if (e->lost)
		return imc_diag(im->d, e->loc, IMC_D_ONNX_UNSUPPORTED_OP,
				e->lost, e->help);
	*out = e->v;
	return true;
}

static bool connect(struct imc_onnx_import *im, const struct imc_onnx_node *p,
		    imc_node_id id)
{
	struct imc_node *n = imc_node_at(im->g, id);
	bool ok = true;

	for (int k = 0; k < n->n_in; k++)
		if (*p->in[k])
			ok = look_up(im, p->in[k], n->loc, &n->in[k]) && ok;
	while (n->n_in > 0 && !*p->in[n->n_in - 1])
		n->n_in--;
	return ok;
}

static bool check_arity(struct imc_onnx_import *im, imc_node_id id)
{
	const struct imc_node *n = imc_node_at(im->g, id);
	const struct imc_op_info *info = imc_op_info(n->op);
	const char *fault = NULL;

	if (n->n_in < info->n_in_min)
		fault = imc_arena_printf(im->d->arena,
					 "it has %d inputs, it needs %d",
					 n->n_in, info->n_in_min);
	if (n->n_in > info->n_in_max)
		fault = imc_arena_printf(im->d->arena,
					 "it has %d inputs, at most %d fit",
					 n->n_in, info->n_in_max);
	for (int k = 0; k < info->n_in_min && !fault; k++)
		if (!imc_val_ok(n->in[k]))
			fault = imc_arena_printf(im->d->arena,
						 "its input %d is missing", k);
	return !fault || imc_diag(im->d, n->loc, IMC_D_ONNX_ARITY, fault);
}

/* Second round: inputs, attributes, and what the operator set asks for. */
static bool complete(struct imc_onnx_import *im, const struct imc_onnx_node *p,
		     imc_node_id id)
{
	bool ok;

	imc_onnx_opset_defaults(im, id);
	ok = connect(im, p, id);
	ok = imc_onnx_import_attrs(im, p, id) && ok;
	return ok && imc_onnx_expand_qlinear(im, p, id) &&
	       imc_onnx_adapt(im, p, id) && check_arity(im, id);
}

static bool add_nodes(struct imc_onnx_import *im)
{
	size_t n = im->m->n_node;
	imc_node_id *id = imc_arena_array(im->scratch, n, sizeof *id);
	bool ok = true;

	for (size_t i = 0; i < n && im->d->n_error < MANY_ERRORS; i++)
		ok = declare(im, i, &id[i]) && ok;
	for (size_t i = 0; i < n && im->d->n_error < MANY_ERRORS; i++)
		if (id[i].i != UINT32_MAX)
			ok = complete(im, &im->m->node[i], id[i]) && ok;
	return ok;
}

/* ---- the whole ---- */

static bool add_graph_outputs(struct imc_onnx_import *im)
{
	struct imc_graph *g = im->g;
	bool ok = true;

	if (im->m->n_out == 0)
		return imc_diag(im->d, IMC_IN_FILE(im->path), IMC_D_ONNX_BROKEN,
				"it has no output");
	for (size_t i = 0; i < im->m->n_out; i++) {
		imc_val v = IMC_NO_VAL;

		ok = look_up(im, im->m->out[i].name, IMC_IN_FILE(im->path),
			     &v) &&
		     ok;
		*IMC_PUSH(im->a, g->output, g->n_output, g->cap_output) = v;
	}
	return ok;
}

static bool find_opset(struct imc_onnx_import *im)
{
	im->opset = im->m->n_opset ? 0 : 1;
	for (size_t i = 0; i < im->m->n_opset; i++) {
		const char *domain = im->m->opset[i].domain;

		if (!*domain || !strcmp(domain, "ai.onnx"))
			im->opset = im->m->opset[i].version;
	}
	/* A model without standard operators names no set for them. */
	if (im->opset == 0)
		im->opset = OPSET_MAX;
	if (im->opset >= OPSET_MIN && im->opset <= OPSET_MAX)
		return true;
	return imc_diag(im->d, IMC_IN_FILE(im->path), IMC_D_ONNX_OPSET,
			(long long)im->opset);
}

static void fill_info(const struct imc_onnx_import *im,
		      struct imc_onnx_info *info)
{
	const struct imc_onnx_model *m = im->m;

	info->ir_version = m->ir_version;
	info->opset = im->opset;
	info->producer = imc_arena_strdup(im->d->arena, m->producer);
	info->producer_version =
		imc_arena_strdup(im->d->arena, m->producer_version);
	info->graph_name = imc_arena_strdup(im->d->arena, m->name);
	info->n_node = m->n_node;
	info->n_initialiser = m->n_init;
	info->n_domain = 0;
	info->domain =
		imc_arena_array(im->d->arena, m->n_opset, sizeof *info->domain);
	for (size_t i = 0; i < m->n_opset; i++) {
		const char *domain = m->opset[i].domain;

		if (*domain && strcmp(domain, "ai.onnx"))
			info->domain[info->n_domain++] = imc_arena_printf(
				im->d->arena, "%s %lld", domain,
				(long long)m->opset[i].version);
	}
}

static bool build(struct imc_onnx_import *im)
{
	bool ok = add_initialisers(im);

	ok = add_inputs(im) && ok;
	ok = add_nodes(im) && ok;
	if (im->d->n_error >= MANY_ERRORS)
		return false; /* nodes were left out: no more can be said */
	ok = add_graph_outputs(im) && ok;
	if (!ok)
		return false;
	if (imc_graph_sort(im->g))
		return true;
	return imc_diag(im->d, IMC_IN_FILE(im->path), IMC_D_ONNX_CYCLE);
}

struct imc_graph *imc_onnx_read_given(const char *path, const void *bytes,
				      size_t size, struct imc_arena *a,
				      struct imc_diags *d,
				      struct imc_onnx_info *info,
				      const struct imc_onnx_given *given)
{
	struct imc_onnx_model m;
	struct imc_onnx_import im = {.path = imc_arena_strdup(a, path),
				     .a = a,
				     .scratch = imc_arena_new(),
				     .d = d,
				     .m = &m,
				     .given = given};
	const char *why;
	bool ok = imc_onnx_unpack_model(bytes, size, im.scratch, &m, &why);

	if (!ok) {
		imc_diag(d, IMC_IN_FILE(im.path), IMC_D_ONNX_BROKEN, why);
		goto out;
	}
	im.g = imc_graph_new(a, m.name);
	size_names(&im);
	ok = find_opset(&im);
	if (info)
		fill_info(&im, info);
	ok = ok && build(&im);
out:
	imc_arena_free(im.scratch);
	return ok ? im.g : NULL;
}

struct imc_graph *imc_onnx_read_bytes(const char *path, const void *bytes,
				      size_t size, struct imc_arena *a,
				      struct imc_diags *d,
				      struct imc_onnx_info *info)
{
	return imc_onnx_read_given(path, bytes, size, a, d, info, NULL);
}

struct imc_graph *imc_onnx_read(const char *path, struct imc_arena *a,
				struct imc_diags *d, struct imc_onnx_info *info)
{
	struct imc_arena *file = imc_arena_new();
	struct imc_graph *g = NULL;
	size_t size;
	void *bytes =
		imc_onnx_read_file(imc_arena_strdup(a, path), file, d, &size);

	if (bytes)
		g = imc_onnx_read_bytes(path, bytes, size, a, d, info);
	imc_arena_free(file);
	return g;
}
