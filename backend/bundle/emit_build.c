#include <string.h>

#include "backend/bundle/emit.h"
#include "backend/bundle/read_images.h"

/* Makefile, CMakeLists.txt, README.md. */

static bool ends_with(const char *s, const char *tail)
{
	size_t n = strlen(s), m = strlen(tail);

	return n >= m && !strcmp(s + n - m, tail);
}

/* "imc_run" of "runtime/host/imc_run.c" */
static const char *stem(struct imc_arena *a, const char *path)
{
	const char *base = strrchr(path, '/');

	base = base ? base + 1 : path;
	return imc_arena_printf(a, "%.*s", (int)(strlen(base) - 2), base);
}

/* C files that every build compiles: all but the data in C. */
static bool is_source(const struct imc_emit *e, const char *path)
{
	return ends_with(path, ".c") &&
	       strcmp(path, imc_arena_printf(e->a, "src/%s_data.c", e->name));
}

static const char *headers(const struct imc_emit *e)
{
	struct imc_buf b = {.arena = e->a};

	for (size_t k = 0; k < e->n_file; k++)
		if (ends_with(e->file[k].path, ".h"))
			imc_buf_printf(&b, " \\\n\t%s", e->file[k].path);
	return b.p;
}

static void rule(struct imc_buf *b, const char *object, const char *source,
		 const char *needs)
{
	imc_buf_printf(b,
		       "\nbuild/%s.o: %s %s\n\t@mkdir -p build\n"
		       "\t$(CC) $(FLAGS) $(CFLAGS) -c -o $@ %s\n",
		       object, source, needs, source);
}

static const char *data_files(const struct imc_emit *e)
{
	struct imc_buf b = {.arena = e->a};

	for (size_t k = 0; k < e->n_file; k++)
		if (!strncmp(e->file[k].path, "data/", 5))
			imc_buf_printf(&b, " \\\n\t%s", e->file[k].path);
	return b.p;
}

static void emit_objects(const struct imc_emit *e, struct imc_buf *b)
{
	imc_buf_text(b, "OBJECTS =");
	for (size_t k = 0; k < e->n_file; k++)
		if (is_source(e, e->file[k].path))
			imc_buf_printf(b, " \\\n\tbuild/%s.o",
				       stem(e->a, e->file[k].path));
	imc_buf_printf(b, " \\\n\tbuild/%s_data_$(DATA).o\n", e->name);
}

static void emit_makefile(struct imc_emit *e)
{
	struct imc_buf b = {.arena = e->a};
	const char *n = e->name;

	imc_buf_printf(
		&b,
		"# Builds network '%s' and a program that runs it on this "
		"host:\n"
		"#   make                              DATA=c without a GNU "
		"assembler\n"
		"#   make run INPUT=x.npy OUTPUT=y.npy SKIP=n LIMIT=n\n"
		"CC = cc\nCFLAGS = -O3\nDATA = S\nINPUT = input.npy\n"
		"OUTPUT = output.npy\nSKIP = 0\nLIMIT = 0\n"
		"FLAGS = -std=c99 -ffp-contract=off -Wall -Wextra -Wpedantic "
		"-Werror \\\n"
		"\t-iquote include -iquote src -Iruntime -Iruntime/hal/host "
		"-Iruntime/host\n\n",
		n);
	imc_buf_printf(&b, "HEADERS =%s\n\n", headers(e));
	emit_objects(e, &b);
	imc_buf_printf(
		&b,
		"\nbuild/%s: $(OBJECTS)\n"
		"\t$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $(OBJECTS) -lm\n\n"
		"run: build/%s\n"
		"\t./build/%s \"$(INPUT)\" \"$(OUTPUT)\" $(SKIP) $(LIMIT)"
		"\n\n"
		"clean:\n\trm -rf build\n\n.PHONY: run clean\n",
		n, n, n);
	for (size_t k = 0; k < e->n_file; k++)
		if (is_source(e, e->file[k].path))
			rule(&b, stem(e->a, e->file[k].path), e->file[k].path,
			     "$(HEADERS)");
	rule(&b, imc_arena_printf(e->a, "%s_data_S", n),
	     imc_arena_printf(e->a, "src/%s_data.S", n), data_files(e));
	rule(&b, imc_arena_printf(e->a, "%s_data_c", n),
	     imc_arena_printf(e->a, "src/%s_data.c", n), "$(HEADERS)");
	imc_emit_add_buf(e, "Makefile", &b);
}

/* The program that runs the network on a host, and its machine. */
static bool is_host(const char *path)
{
	return !strcmp(path, "test/main.c") ||
	       !strncmp(path, "runtime/hal/", 12) ||
	       !strncmp(path, "runtime/host/", 13);
}

/* One a line. */
static const char *sources(const struct imc_emit *e, bool host)
{
	struct imc_buf b = {.arena = e->a};

	for (size_t k = 0; k < e->n_file; k++)
		if (is_source(e, e->file[k].path) &&
		    is_host(e->file[k].path) == host)
			imc_buf_printf(&b, "\n  %s", e->file[k].path);
	return b.p;
}

static void emit_cmake(struct imc_emit *e)
{
	struct imc_buf b = {.arena = e->a};
	const char *n = e->name;

	imc_buf_printf(&b,
		       "cmake_minimum_required(VERSION 3.13)\n"
		       "project(%s LANGUAGES C ASM)\n\n"
		       "# The network and its runtime; link a port of "
		       "imc_hal.h with it.\nadd_library(%s STATIC%s",
		       n, n, sources(e, false));
	imc_buf_printf(
		&b,
		"\n  src/%s_data.S)\n"
		"set_source_files_properties(src/%s_data.S PROPERTIES\n"
		"  COMPILE_OPTIONS "
		"\"-Wa,-I${CMAKE_CURRENT_SOURCE_DIR}\")\n"
		"# -iquote: the network's name may be that of a system header\n"
		"set(here ${CMAKE_CURRENT_SOURCE_DIR})\n"
		"target_compile_options(%s PUBLIC -iquote${here}/include\n"
		"  PRIVATE -iquote${here}/src)\n"
		"target_include_directories(%s PUBLIC runtime)\n"
		"set_target_properties(%s PROPERTIES C_STANDARD 99)\n\n"
		"add_executable(%s_run%s)\n"
		"target_include_directories(%s_run PRIVATE "
		"runtime/hal/host runtime/host)\n"
		"set_target_properties(%s_run PROPERTIES C_STANDARD 99)\n"
		"target_compile_options(%s_run PRIVATE -ffp-contract=off)\n"
		"target_link_libraries(%s_run PRIVATE %s m)\n",
		n, n, n, n, n, n, sources(e, true), n, n, n, n, n);
	imc_emit_add_buf(e, "CMakeLists.txt", &b);
}

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

static void emit_readme(struct imc_emit *e)
{
	struct imc_buf b = {.arena = e->a};
	const char *n = e->name;

	imc_buf_printf(
		&b,
		"# %s\n\nNetwork '%s' compiled for machine '%s' by imcc "
		"%s.\n\n"
		"    make run INPUT=x.npy OUTPUT=y.npy SKIP=0 LIMIT=0\n\n"
		"builds it for this host with functional models of the "
		"machine, runs the samples of\nx.npy and writes the outputs "
		"as float32 [N, ...]. SKIP leaves out the first samples,\n"
		"LIMIT takes so many at most (0: all), as `imcc eval --skip "
		"--limit` does. With several\ninputs, INPUT is a list with "
		"commas; further outputs go to y.npy.1.npy and so on.\n"
		"Relative paths begin in this folder. `make DATA=c` does "
		"without a GNU assembler.\n\n",
		n, e->m->model_name, e->m->hw->name, IMCC_VERSION);
	put_preprocessing(&e->m->pre, &b);
	imc_buf_printf(
		&b,
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
		"| report.txt, report.json | what was mapped where, and what "
		"it costs |\n"
		"| memory.svg | buffers in L1 over time, layers and engines "
		"|\n"
		"| metadata.json | tensors, memory, layers, options, SHA-256 "
		"of the files |\n"
		"| module/ | the compiled module, for `imcc eval` and `imcc "
		"report` |\n\n",
		n, n, n, n, n, n, n, imc_image_path(e->a, n, 0, e->images.n));
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

void imc_emit_build(struct imc_emit *e)
{
	emit_makefile(e);
	emit_cmake(e);
	emit_readme(e);
}
