/* ONNX attributes to fields of struct imc_attrs, by table. */
#include <math.h>
#include <string.h>

#include "frontend/onnx/onnx_import.h"

/* How the value of an attribute becomes the value of a field. */
enum how {
	PLAIN,	 /* as the field's own type: integer, float or list */
	SPATIAL, /* one entry an axis; for one axis [1] gets it, [0] gets 1 */
	EXTRA,	 /* the same, but [0] gets 0 */
	PADS,	 /* begins, ends -> top, left, bottom, right */
	CUT,	 /* begins, ends of any rank -> starts, ends */
	WORD,	 /* the index of a word */
	DTYPE,	 /* ONNX's number -> enum imc_dtype */
	MUST,	 /* says nothing when it is the integer `only` */
	SAY,	 /* says nothing when it is the word words[0] */
	SKIP	 /* does not change what is computed, or is read elsewhere */
};

struct rule {
	const char *onnx;
	int op; /* the operator it is for, ANY_OP: all others */
	const char *field;
	enum how how;
	int only;
	const char *const *words; /* ends with NULL */
};

#define ANY_OP -1
#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

/* The first row that fits counts. */
static const struct rule rules[] = {
	{"kernel_shape", ANY_OP, "kernel", SPATIAL, 0, NULL},
	{"strides", ANY_OP, "stride", SPATIAL, 0, NULL},
	{"dilations", ANY_OP, "dilation", SPATIAL, 0, NULL},
	{"pads", IMC_OP_PAD, "starts", CUT, 0, NULL},
	{"paddings", IMC_OP_PAD, "starts", CUT, 0, NULL},
	{"pads", ANY_OP, "pads", PADS, 0, NULL},
	{"output_padding", ANY_OP, "output_padding", EXTRA, 0, NULL},
	{"output_shape", ANY_OP, "output_shape", SPATIAL, 0, NULL},
	{"auto_pad", ANY_OP, "auto_pad", WORD, 0,
	 WORDS("NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID")},
	{"group", ANY_OP, "group", PLAIN, 0, NULL},
	{"ceil_mode", ANY_OP, "ceil_mode", PLAIN, 0, NULL},
	{"count_include_pad", ANY_OP, "count_pad", PLAIN, 0, NULL},
	{"storage_order", IMC_OP_MAX_POOL, NULL, SKIP, 0, NULL},
	{"axis", ANY_OP, "axis", PLAIN, 0, NULL},
	{"axes", ANY_OP, "axes", PLAIN, 0, NULL},
	{"perm", ANY_OP, "perm", PLAIN, 0, NULL},
	{"shape", IMC_OP_RESHAPE, "dims", PLAIN, 0, NULL},
	{"allowzero", ANY_OP, "allowzero", PLAIN, 0, NULL},
	{"split", IMC_OP_SPLIT, NULL, SKIP, 0, NULL},
	{"num_outputs", IMC_OP_SPLIT, NULL, SKIP, 0, NULL},
	{"starts", ANY_OP, "starts", PLAIN, 0, NULL},
	{"ends", ANY_OP, "ends", PLAIN, 0, NULL},
	{"keepdims", ANY_OP, "keepdims", PLAIN, 0, NULL},
	{"noop_with_empty_axes", ANY_OP, "noop_empty", PLAIN, 0, NULL},
	{"select_last_index", ANY_OP, "last", PLAIN, 0, NULL},
	{"exclusive", ANY_OP, "exclusive", PLAIN, 0, NULL},
	{"reverse", ANY_OP, "reverse", PLAIN, 0, NULL},
	{"upper", ANY_OP, "upper", PLAIN, 0, NULL},
	{"transA", ANY_OP, "trans_a", PLAIN, 0, NULL},
	{"transB", ANY_OP, "trans_b", PLAIN, 0, NULL},
	{"alpha", ANY_OP, "alpha", PLAIN, 0, NULL},
	{"beta", ANY_OP, "beta", PLAIN, 0, NULL},
	{"gamma", ANY_OP, "gamma", PLAIN, 0, NULL},
	{"epsilon", ANY_OP, "epsilon", PLAIN, 0, NULL},
	{"bias", ANY_OP, "bias", PLAIN, 0, NULL},
	{"size", IMC_OP_LRN, "size", PLAIN, 0, NULL},
	{"p", IMC_OP_LP_NORM, "size", PLAIN, 0, NULL},
	{"lambd", IMC_OP_SHRINK, "alpha", PLAIN, 0, NULL},
	{"blocksize", ANY_OP, "size", PLAIN, 0, NULL},
	{"fmod", IMC_OP_MOD, "mode", PLAIN, 0, NULL},
	{"start", IMC_OP_SHAPE, "axis", PLAIN, 0, NULL},
	{"end", IMC_OP_SHAPE, "size", PLAIN, 0, NULL},
	{"min", IMC_OP_CLIP, "act_lo", PLAIN, 0, NULL},
	{"max", IMC_OP_CLIP, "act_hi", PLAIN, 0, NULL},
	{"value", IMC_OP_PAD, "act_lo", PLAIN, 0, NULL},
	{"value", IMC_OP_CONSTANT_OF_SHAPE, NULL, SKIP, 0, NULL},
	{"to", IMC_OP_CAST, "to", DTYPE, 0, NULL},
	{"mode", IMC_OP_PAD, "mode", WORD, 0,
	 WORDS("constant", "edge", "reflect", "wrap")},
	{"mode", IMC_OP_DEPTH_TO_SPACE, "mode", WORD, 0, WORDS("DCR", "CRD")},
	{"mode", IMC_OP_RESIZE, "mode", WORD, 0,
	 WORDS("nearest", "linear", "cubic")},
	{"coordinate_transformation_mode", ANY_OP, "coord", WORD, 0,
	 WORDS("half_pixel", "asymmetric", "align_corners",
	       "pytorch_half_pixel", "tf_half_pixel_for_nn")}, /* resize.c */
	{"nearest_mode", ANY_OP, "nearest", WORD, 0,
	 WORDS("round_prefer_floor", "round_prefer_ceil", "floor", "ceil")},
	{"exclude_outside", ANY_OP, "exclude", PLAIN, 0, NULL},
	{"cubic_coeff_a", IMC_OP_RESIZE, "alpha", PLAIN, 0, NULL},
	{"extrapolation_value", IMC_OP_RESIZE, NULL, SKIP, 0, NULL},
	{"antialias", IMC_OP_RESIZE, NULL, MUST, 0, NULL},
	{"keep_aspect_ratio_policy", IMC_OP_RESIZE, NULL, SAY, 0,
	 WORDS("stretch")},
	{"scales", IMC_OP_RESIZE, NULL, SKIP, 0, NULL},
	{"approximate", IMC_OP_GELU, "mode", WORD, 0, WORDS("none", "tanh")},
	{"training_mode", IMC_OP_BATCH_NORM, NULL, MUST, 0, NULL},
	{"spatial", IMC_OP_BATCH_NORM, NULL, MUST, 1, NULL},
	{"momentum", IMC_OP_BATCH_NORM, NULL, SKIP, 0, NULL},
	{"is_test", ANY_OP, NULL, SKIP, 0, NULL},
	{"stash_type", IMC_OP_LAYER_NORM, NULL, MUST, 1, NULL},
	{"ratio", IMC_OP_DROPOUT, NULL, SKIP, 0, NULL},
	{"seed", IMC_OP_DROPOUT, NULL, SKIP, 0, NULL},
	{"saturate", ANY_OP, NULL, SKIP, 0, NULL}, /* of float8 only */
	{"round_mode", IMC_OP_CAST, NULL, SKIP, 0, NULL},
	{"block_size", ANY_OP, NULL, MUST, 0, NULL},
	{"output_dtype", ANY_OP, NULL, SKIP, 0, NULL},
	{"precision", IMC_OP_QUANTIZE_LINEAR, NULL, SKIP, 0, NULL},
	{"consumed_inputs", ANY_OP, NULL, SKIP, 0, NULL},
	{"broadcast", ANY_OP, NULL, SKIP, 0, NULL},
};

/* One attribute on its way into node n. */
struct one {
	struct imc_onnx_import *im;
	const struct imc_onnx_attr *p;
	imc_node_id n;
	const struct imc_attr_info *info;
};

static bool bad(const struct one *o, const char *why)
{
	return imc_diag(o->im->d, imc_node_at(o->im->g, o->n)->loc,
			IMC_D_ONNX_ATTRIBUTE, o->p->name, why);
}

static const struct imc_attr_info *field_of(enum imc_op op, const char *name)
{
	const struct imc_op_info *info = imc_op_info(op);

	for (int i = 0; i < info->n_attr; i++)
		if (!strcmp(info->attr[i].name, name))
			return &info->attr[i];
	return NULL;
}

static void *field(const struct one *o)
{
	struct imc_node *n = imc_node_at(o->im->g, o->n);

	return (char *)&n->a + o->info->offset;
}

/* An attribute without a type is of very old files: believe the rule. */
static bool typed(const struct one *o, int type, const char *what)
{
	if (o->p->type == type || o->p->type == IMC_ONNX_UNTYPED)
		return true;
	return bad(o, imc_arena_printf(o->im->d->arena, "it must be %s", what));
}

static bool set_int(const struct one *o, int k, int64_t v)
{
	if (v < o->info->min || v > o->info->max)
		return bad(o, imc_arena_printf(
				      o->im->d->arena,
				      "%lld is not within %lld to %lld",
				      (long long)v, (long long)o->info->min,
				      (long long)o->info->max));
	((int64_t *)field(o))[k] = v;
	return true;
}

static bool set_list(const struct one *o, const int64_t *v, size_t n)
{
	struct imc_ints *list = field(o);

	if (n > IMC_MAX_RANK)
		return bad(o, "it has more than 8 entries");
	list->n = (int)n;
	if (n)
		memcpy(list->v, v, n * sizeof *v);
	return true;
}

static bool plain(const struct one *o)
{
	switch (o->info->type) {
	case IMC_FIELD_I:
		return typed(o, IMC_ONNX_INT, "an integer") &&
		       set_int(o, 0, o->p->i);
	case IMC_FIELD_F:
		if (!typed(o, IMC_ONNX_FLOAT, "a float"))
			return false;
		if (isnan(o->p->f))
			return bad(o, "it is not a number");
		*(float *)field(o) = o->p->f;
		return true;
	case IMC_FIELD_L:
		return typed(o, IMC_ONNX_INTS, "a list of integers") &&
		       set_list(o, o->p->ints, o->p->n_int);
	}
	return false;
}

/* Windows have one or two axes here. */
static bool axes_ok(const struct one *o, size_t n)
{
	const struct imc_node *node = imc_node_at(o->im->g, o->n);

	if (!typed(o, IMC_ONNX_INTS, "a list of integers"))
		return false;
	if (n == 1 || n == 2)
		return true;
	return imc_diag(o->im->d, node->loc, IMC_D_ONNX_UNSUPPORTED_OP,
			imc_arena_printf(o->im->d->arena,
					 "its windows have %zu axes", n),
			"windows of one or two axes are supported: split or "
			"reshape it before exporting");
}

static bool spatial(const struct one *o, int64_t first)
{
	int64_t v[2] = {first, 0};
	size_t n = o->p->n_int;

	if (!axes_ok(o, n))
		return false;
	memcpy(v + (2 - n), o->p->ints, n * sizeof *v);
	if (o->info->type == IMC_FIELD_L)
		return set_list(o, v, 2);
	return set_int(o, 0, v[0]) && set_int(o, 1, v[1]);
}

static bool pads(const struct one *o)
{
	const int64_t *v = o->p->ints;
	size_t n = o->p->n_int / 2;

	if (o->p->n_int % 2)
		return bad(o, "it needs a begin and an end for each axis");
	if (!axes_ok(o, n))
		return false;
	if (n == 1)
		return set_int(o, 0, 0) && set_int(o, 1, v[0]) &&
		       set_int(o, 2, 0) && set_int(o, 3, v[1]);
	return set_int(o, 0, v[0]) && set_int(o, 1, v[1]) &&
	       set_int(o, 2, v[2]) && set_int(o, 3, v[3]);
}

static bool cut(struct one *o)
{
	size_t n = o->p->n_int / 2;

	if (!typed(o, IMC_ONNX_INTS, "a list of integers"))
		return false;
	if (o->p->n_int % 2)
		return bad(o, "it needs a begin and an end for each axis");
	if (!set_list(o, o->p->ints, n))
		return false;
	o->info = field_of(imc_node_at(o->im->g, o->n)->op, "ends");
	return set_list(o, o->p->ints + n, n);
}

static bool word(const struct one *o, const char *const *words)
{
	size_t n = 0;
	const char *near;

	if (!typed(o, IMC_ONNX_STRING, "a string"))
		return false;
	for (; words[n]; n++)
		if (!strcmp(o->p->s, words[n]))
			return set_int(o, 0, (int64_t)n);
	near = imc_nearest(o->p->s, words, n);
	return bad(o, imc_arena_printf(o->im->d->arena,
				       "'%s' is not supported; use '%s'",
				       o->p->s, near ? near : words[0]));
}

static bool dtype(const struct one *o)
{
	enum imc_dtype t;
	const char *name;

	if (!typed(o, IMC_ONNX_INT, "an integer"))
		return false;
	if (o->p->i >= 0 && o->p->i <= INT32_MAX &&
	    imc_dtype_of_onnx((int)o->p->i, &t))
		return set_int(o, 0, t);
	name = o->p->i < 0 || o->p->i > INT32_MAX
		       ? "that number"
		       : imc_onnx_type_name((int)o->p->i, o->im->d->arena);
	return bad(o, imc_arena_printf(o->im->d->arena,
				       "the type %s is not supported", name));
}

/* An attribute of which only the neutral value is supported. */
static bool neutral(const struct one *o, const struct rule *r)
{
	if (r->how == MUST && o->p->i == r->only)
		return true;
	if (r->how == SAY && !strcmp(o->p->s, r->words[0]))
		return true;
	return bad(o, r->how == SAY ? imc_arena_printf(o->im->d->arena,
						       "only '%s' is supported",
						       r->words[0])
				    : imc_arena_printf(o->im->d->arena,
						       "only %d is supported",
						       r->only));
}

static bool apply(struct one *o, const struct rule *r)
{
	switch (r->how) {
	case PLAIN:
		return plain(o);
	case SPATIAL:
		return spatial(o, 1);
	case EXTRA:
		return spatial(o, 0);
	case PADS:
		return pads(o);
	case CUT:
		return cut(o);
	case WORD:
		return word(o, r->words);
	case DTYPE:
		return dtype(o);
	case MUST:
	case SAY:
		return neutral(o, r);
	case SKIP:
		return true;
	}
	return false;
}

/* The elementwise operators of old operator sets had an axis: that is not an
 * attribute any more but a reshape, see import_ops.c. */
static bool is_old_axis(const struct one *o)
{
	return o->im->opset < 7 && !strcmp(o->p->name, "axis") &&
	       !field_of(imc_node_at(o->im->g, o->n)->op, "axis");
}

static bool import_one(struct one *o)
{
	enum imc_op op = imc_node_at(o->im->g, o->n)->op;

	if (is_old_axis(o))
		return true;
	for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
		const struct rule *r = &rules[i];

		if (strcmp(o->p->name, r->onnx) ||
		    (r->op != ANY_OP && r->op != (int)op))
			continue;
		o->info = r->field ? field_of(op, r->field) : NULL;
		if (!r->field || o->info)
			return apply(o, r);
	}
	return bad(o, "it is not supported here");
}

bool imc_onnx_import_attrs(struct imc_onnx_import *im,
			   const struct imc_onnx_node *p, imc_node_id n)
{
	bool ok = true;

	for (size_t i = 0; i < p->n_attr; i++) {
		struct one o = {im, &p->attr[i], n, NULL};

		if (imc_onnx_qlinear_attr(p, &p->attr[i]))
			continue;
		ok = import_one(&o) && ok;
	}
	return ok;
}
