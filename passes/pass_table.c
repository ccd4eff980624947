#include "passes/pass.h"

const struct imc_pass imc_passes[] = {
#define PASS(name, stage, needs, makes, breaks, text)                          \
	{#name, #stage, text, imc_pass_##name, needs, makes, breaks},
#include "passes/passes.def"
#undef PASS
};

const size_t imc_n_pass = sizeof imc_passes / sizeof *imc_passes;
