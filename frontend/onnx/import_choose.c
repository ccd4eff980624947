/* Which of our operators an ONNX node is; and why it is none. */
#include <string.h>

#include "frontend/onnx/onnx_import.h"

/* What to say of operators that no graph can express, by type. */
static const struct {
	const char *types; /* between spaces */
	const char *reason, *help;
} reasons[] = {
	{" If Loop Scan ", "control flow cannot be mapped",
	 "unroll it or fix the condition before exporting"},
	{" NonMaxSuppression TopK NonZero Unique Compress Multinomial "
	 "RandomNormal RandomNormalLike RandomUniform RandomUniformLike "
	 "Bernoulli ",
	 "what it gives depends on values known only at run time",
	 "cut the network before it and run it on the host"},
	{" LSTM GRU RNN ", "recurrent layers are not supported",
	 "unroll it into MatMul, Add and activations before exporting"},
	{" SoftmaxCrossEntropyLoss NegativeLogLikelihoodLoss ",
	 "a loss is only of use in training",
	 "export the network for inference"},
	{" Einsum ", "einsum is not supported",
	 "write it as Transpose, Reshape and MatMul before exporting"},
	{" SequenceAt SequenceConstruct SequenceEmpty SequenceErase "
	 "SequenceInsert SequenceLength SequenceMap SplitToSequence "
	 "ConcatFromSequence Optional OptionalGetElement "
	 "OptionalHasElement StringNormalizer TfIdfVectorizer ",
	 "sequences, optionals and strings cannot be mapped",
	 "cut the network before it and run it on the host"},
};

static bool listed(const char *types, const char *type)
{
	size_t n = strlen(type);

	if (!n || strchr(type, ' '))
		return false;
	for (const char *p = strstr(types, type); p; p = strstr(p + 1, type))
		if (p[-1] == ' ' && p[n] == ' ')
			return true;
	return false;
}

static bool starts_with(const char *s, const char *prefix)
{
	return !strncmp(s, prefix, strlen(prefix));
}

static bool other_domain(struct imc_onnx_import *im,
			 const struct imc_onnx_node *p, struct imc_loc loc)
{
	const char *reason = imc_arena_printf(
		im->d->arena, "the operators of domain '%s' are not supported",
		p->domain);
	const char *help = "export it with standard ONNX operators";

	if (!strcmp(p->domain, "com.microsoft") &&
	    (starts_with(p->op, "QLinear") || starts_with(p->op, "QGemm")))
		help = "export it with QuantizeLinear and DequantizeLinear";
	else if (!strcmp(p->domain, "com.microsoft"))
		help = "export it without the optimisations of ONNX Runtime";
	else if (starts_with(p->domain, "ai.onnx."))
		help = "cut the network before it and run it on the host";
	return imc_diag(im->d, loc, IMC_D_ONNX_UNSUPPORTED_OP, reason, help);
}

static const char *nearest_op(const char *type)
{
	const char *names[IMC_N_OP];
	const char *near;
	size_t n = 0;

	for (int op = 0; op < IMC_N_OP; op++)
		if (*imc_op_info((enum imc_op)op)->onnx)
			names[n++] = imc_op_info((enum imc_op)op)->onnx;
	near = imc_nearest(type, names, n);
	/* A slip of the keyboard seldom changes how a word begins. */
	return near && !strncmp(near, type, 2) ? near : NULL;
}

static bool unsupported(struct imc_onnx_import *im,
			const struct imc_onnx_node *p, struct imc_loc loc)
{
	const char *reason, *help = "express it with simpler operators, or "
				    "cut the network before it";
	const char *near;

	for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
		if (listed(reasons[i].types, p->op))
			return imc_diag(im->d, loc, IMC_D_ONNX_UNSUPPORTED_OP,
					reasons[i].reason, reasons[i].help);
	reason = imc_arena_printf(im->d->arena, "there is no '%s' here", p->op);
	near = nearest_op(p->op);
	if (near)
		help = imc_arena_printf(
			im->d->arena, "did you mean '%s'? else %s", near, help);
	return imc_diag(im->d, loc, IMC_D_ONNX_UNSUPPORTED_OP, reason, help);
}

enum imc_op imc_onnx_choose_op(struct imc_onnx_import *im,
			       const struct imc_onnx_node *p,
			       struct imc_loc loc)
{
	enum imc_op op;

	op = imc_onnx_qlinear_op(p);
	if (op != IMC_N_OP)
		return op;
	if (*p->domain && strcmp(p->domain, "ai.onnx")) {
		other_domain(im, p, loc);
		return IMC_N_OP;
	}
	if (!strcmp(p->op, "Upsample"))
		return IMC_OP_RESIZE;
	op = *p->op ? imc_op_by_onnx(p->op) : IMC_N_OP;
	if (op == IMC_N_OP)
		unsupported(im, p, loc);
	return op;
}

int imc_onnx_n_out(enum imc_op op, size_t n)
{
	if (op == IMC_OP_SPLIT)
		return (int)n;
	return op == IMC_OP_DYNAMIC_QUANTIZE ? 3 : 1;
}

const char *imc_onnx_lost_output(enum imc_op op, const char **help)
{
	*help = "export the network without it";
	if (op == IMC_OP_BATCH_NORM || op == IMC_OP_DROPOUT) {
		*help = "export the network for inference";
		return "its training outputs are not computed";
	}
	if (op == IMC_OP_MAX_POOL)
		return "the indices of the largest are not computed";
	return "only its first output is computed";
}
