#include "backend/bundle/emit.h"
#include "backend/bundle/read_images.h"

/* README.md. */

static void put_list(struct imc_buf *b, const char *name, const double *v,
		     int n)
{
	imc_buf_printf(b, "%s [", name);
	for (int i = 0; i < n; i++)
		imc_buf_printf(b, "%s%.9g", i ? ", " : "", v[i]);
	imc_buf_text(b, "]");
}

/* What the runner does to data, and `imcc eval` of the bundle alike. */
static void put_preprocessing(const struct imc_preprocess *p, struct imc_buf *b)
{
	double none = 0, one = 1;
	bool given = p->given;

	imc_buf_text(b, "Float data is taken as it is, channel-first or "
			"channel-last. Integer data becomes\n`(data * scale - "
			"mean) / std` with the values compiled in, one for "
			"each channel or for\nall: ");
	imc_buf_printf(b, "scale %.9g, ",
		       given && p->scale > 0 ? p->scale : 1.0);
	put_list(b, "mean", given && p->n_mean ? p->mean : &none,
		 given && p->n_mean ? p->n_mean : 1);
	put_list(b, ", std", given && p->n_std ? p->std : &one,
		 given && p->n_std ? p->n_std : 1);
	imc_buf_text(b, ". `imcc eval` of this folder does the same,\nand "
			"`imcc eval . --data x.npy --outputs y.npy` compares "
			"y.npy with the compiler's own\nresult.\n\n");
}

static const char *port_notes(enum imc_port p)
{
	switch (p) {
	case IMC_PORT_HOST:
		return "The cores are threads, as many as the machine and "
		       "this computer have; `IMC_CORES=n` in\nthe environment "
		       "sets their number. Outputs do not depend on it.\n\n";
	case IMC_PORT_RISCV_VIRT:
		return "It needs Debian's packages gcc-riscv64-unknown-elf "
		       "and qemu-system-misc. Hart 0 reads\nand writes "
		       "samples, the others are the cores: CORES=n, at most "
		       "64, sets their number,\nMEGABYTES=n the memory. "
		       "`make COUNT=1` puts marks between layers, for "
		       "instruction counts.\n\n";
	case IMC_PORT_PULP:
		return "It needs Debian's package gcc-riscv64-unknown-elf, "
		       "and to run a simulator: PULP_SIM, of\nmake or the "
		       "environment, is a command that takes the program and "
		       "prints what that prints.\nSamples are linked into the "
		       "program, SAMPLES=n at once. L1_KB, L2_KB and ARRAYS "
		       "are\nthose of the chip.\n\n";
	case IMC_N_PORT:
		break;
	}
	return "";
}

static void put_use(const struct imc_emit *e, struct imc_buf *b)
{
	const char *n = e->name;

	imc_buf_printf(
		b,
		"# %s\n\nNetwork '%s' compiled for machine '%s' by imcc "
		"%s.\n\n"
		"    make run INPUT=x.npy OUTPUT=y.npy SKIP=0 LIMIT=0\n\n"
		"builds it for port `%s` (%s),\nruns the samples of x.npy and "
		"writes the outputs as float32 [N, ...]. SKIP leaves out\nthe "
		"first samples, LIMIT takes so many at most (0: all), as "
		"`imcc eval --skip --limit`\ndoes. With several inputs, INPUT "
		"is a list with commas; further outputs go to\ny.npy.1.npy "
		"and so on. Relative paths begin in this folder. `make DATA=c` "
		"does without\na GNU assembler. `make size` prints the sizes "
		"of code and data.\n\n",
		n, e->m->model_name, e->m->hw->name, IMCC_VERSION,
		imc_port_name(e->port), imc_port_text(e->port));
	imc_buf_text(b, "`make check` runs the sample of test/, whose outputs "
			"the compiler knows; with `DEBUG=1`\nit names the "
			"first layer that makes something else.\n\n");
	imc_buf_text(b, port_notes(e->port));
}

static void put_files(const struct imc_emit *e, struct imc_buf *b)
{
	const char *n = e->name, *port = imc_port_name(e->port);

	imc_buf_printf(
		b,
		"| file | what |\n| --- | --- |\n"
		"| include/%s.h | the interface: %s_init, %s_program, %s_run, "
		"sizes as macros |\n"
		"| src/%s.c | one descriptor a layer, the steps in order |\n"
		"| src/%s_data.S, .c | the files of data/, linked in |\n"
		"| data/%s_l2.bin | biases, multipliers, tables, weights of "
		"cores and digital engines |\n"
		"| %s ... | cells of each crossbar array; "
		"format in runtime/imc_rt_image.c |\n"
		"| runtime/ | the kernels; imc_hal.h is what a port to a "
		"machine must define |\n"
		"| runtime/hal/%s/ | the port; %s.mk has its Makefile rules |\n"
		"| runtime/models/ | the engines in C, where the port has none "
		"|\n",
		n, n, n, n, n, n, n, imc_image_path(e->a, n, 0, e->images.n),
		port, port);
	imc_buf_text(
		b,
		"| runtime/device/, test/network.c | the program on the "
		"device: samples in, outputs out |\n"
		"| runtime/host/, test/tensors.c | a tool on the host: .npy "
		"files to samples and back |\n"
		"| test/input.bin, output.bin | the sample of `make check` |\n"
		"| report.txt, report.json | what was mapped where, and what "
		"it costs |\n"
		"| memory.svg | buffers in L1 over time, layers and engines "
		"|\n"
		"| metadata.json | tensors, memory, layers, options, SHA-256 "
		"of the files |\n"
		"| module/ | the compiled module, for `imcc eval` and `imcc "
		"report` |\n\n");
}

void imc_emit_readme(struct imc_emit *e)
{
	struct imc_buf b = {.arena = e->a};

	put_use(e, &b);
	put_preprocessing(&e->m->pre, &b);
	put_files(e, &b);
	imc_buf_printf(
		&b,
		"The caller owns all memory: %lld bytes of L1 and %lld of L2, "
		"aligned to %d.\nConstants in L2: %zu bytes.\n"
		"Crossbar arrays: %d of %d x %d cells.\n",
		(long long)e->m->plan.l1_bytes, (long long)e->m->plan.l2_bytes,
		IMC_EMIT_ALIGN, e->l2.n, (int)e->images.n, (int)e->images.rows,
		(int)e->images.cols);
	imc_emit_add_buf(e, "README.md", &b);
}
