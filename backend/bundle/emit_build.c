#include <string.h>

#include "backend/bundle/emit.h"

/* Makefile, CMakeLists.txt. */

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

/* What a source of the bundle is for. */
enum part {
	NETWORK, /* the network and its kernels */
	DEVICE,	 /* the program around them, and the port */
	TOOL,	 /* on the host: .npy files to samples and back */
	NO_SOURCE
};

static bool is_below(const char *path, const char *folder)
{
	return !strncmp(path, folder, strlen(folder));
}

/* The data are built apart, from one of two files. */
static enum part part_of(const struct imc_emit *e, const char *path)
{
	const char *data = imc_arena_printf(e->a, "src/%s_data.", e->name);

	if ((!ends_with(path, ".c") && !ends_with(path, ".S")) ||
	    is_below(path, data))
		return NO_SOURCE;
	if (is_below(path, "runtime/host/") || !strcmp(path, "test/tensors.c"))
		return TOOL;
	if (is_below(path, "runtime/") && strchr(path + 8, '/'))
		return DEVICE;
	return is_below(path, "test/") ? DEVICE : NETWORK;
}

static const char *headers(const struct imc_emit *e)
{
	struct imc_buf b = {.arena = e->a};

	for (size_t k = 0; k < e->n_file; k++)
		if (ends_with(e->file[k].path, ".h"))
			imc_buf_printf(&b, " \\\n\t%s", e->file[k].path);
	return b.p;
}

static const char *data_files(const struct imc_emit *e)
{
	struct imc_buf b = {.arena = e->a};

	for (size_t k = 0; k < e->n_file; k++)
		if (is_below(e->file[k].path, "data/"))
			imc_buf_printf(&b, " \\\n\t%s", e->file[k].path);
	return b.p;
}

/* ---- Makefile ---- */

/* $(V): of objects built in another way, DEBUG=1, COUNT=1. */
static void rule(struct imc_buf *b, const char *object, const char *source,
		 const char *needs)
{
	imc_buf_printf(b,
		       "\nbuild/%s$(V).o: %s %s\n\t@mkdir -p build\n"
		       "\t$(CC) $(FLAGS) $(CFLAGS) -c -o $@ %s\n",
		       object, source, needs, source);
}

static void tool_rule(struct imc_buf *b, const char *object, const char *source)
{
	imc_buf_printf(b,
		       "\nbuild/tool_%s.o: %s $(HEADERS)\n\t@mkdir -p build\n"
		       "\t$(HOST_CC) $(WARNINGS) $(INCLUDES) $(HOST_CFLAGS) "
		       "-c -o $@ %s\n",
		       object, source, source);
}

static void emit_objects(const struct imc_emit *e, struct imc_buf *b,
			 const char *list, enum part part)
{
	imc_buf_printf(b, "%s =", list);
	for (size_t k = 0; k < e->n_file; k++) {
		const char *path = e->file[k].path;

		if (part_of(e, path) == part)
			imc_buf_printf(b, " \\\n\tbuild/%s%s%s.o",
				       part == TOOL ? "tool_" : "",
				       stem(e->a, path),
				       part == TOOL ? "" : "$(V)");
	}
	if (part == NETWORK)
		imc_buf_printf(b, " \\\n\tbuild/%s_data_$(DATA)$(V).o",
			       e->name);
	imc_buf_text(b, "\n\n");
}

static const char *includes(const struct imc_emit *e)
{
	const char *more =
		imc_port_models_arrays(e->port) ? "-Iruntime/hal/models " : "";

	return imc_arena_printf(
		e->a,
		"-iquote include -iquote src -Iruntime -Iruntime/device \\\n"
		"\t-Iruntime/models %s-Iruntime/hal/%s -Iruntime/host",
		more, imc_port_name(e->port));
}

/* Of all inputs. */
static long long sample_bytes(const struct imc_emit *e)
{
	long long n = 0;

	for (size_t k = 0; k < e->g->n_input; k++)
		n += (long long)imc_tensor_bytes(
			&imc_value_at(e->g, e->g->input[k])->t);
	return n;
}

static void emit_settings(struct imc_emit *e, struct imc_buf *b)
{
	const char *port = imc_port_name(e->port);

	imc_buf_printf(
		b,
		"# Builds network '%s' for port '%s', and runs it:\n"
		"#   make              DATA=c without a GNU assembler\n"
		"#   make run          INPUT=x.npy OUTPUT=y.npy SKIP=n "
		"LIMIT=n\n"
		"#   make check        the sample of test/; DEBUG=1: names the "
		"first layer\n"
		"#                     that differs\n"
		"#   make size         of code and data\n"
		"# DEBUG=1, COUNT=1: built with IMC_DEBUG, IMC_COUNT.\n"
		"NET = %s\nCORES = %lld\nXBARS = %d\nSAMPLE_BYTES = %lld\n"
		"DATA = S\nINPUT = input.npy\n"
		"OUTPUT = output.npy\nSKIP = 0\nLIMIT = 0\nV =\n"
		"HOST_CC = cc\nHOST_CFLAGS = -O2\n"
		"PROGRAM = build/$(NET)$(V)\nTOOL = build/$(NET)_npy\n\n",
		e->name, port, e->name, (long long)e->m->hw->cluster_cores,
		(int)e->images.n, sample_bytes(e));
	imc_buf_printf(b,
		       "all: $(PROGRAM)\n\n"
		       "include runtime/hal/%s/%s.mk\n\n"
		       "WARNINGS = -std=c99 -ffp-contract=off -Wall -Wextra "
		       "-Wpedantic -Werror\nINCLUDES = %s\n"
		       "FLAGS = $(WARNINGS) $(INCLUDES) $(PORT_FLAGS)\n"
		       "ifeq ($(DEBUG),1)\nV := $(V)-debug\n"
		       "FLAGS += -DIMC_DEBUG\nendif\n"
		       "ifeq ($(COUNT),1)\nV := $(V)-count\n"
		       "FLAGS += -DIMC_COUNT\nendif\n\n",
		       port, port, includes(e));
}

static void emit_targets(struct imc_buf *b)
{
	imc_buf_text(b,
		     "$(PROGRAM): $(NETWORK) $(DEVICE) $(PORT_NEEDS)\n"
		     "\t$(CC) $(PORT_FLAGS) $(CFLAGS) $(LDFLAGS) -o $@ "
		     "$(NETWORK) $(DEVICE) $(PORT_LINK)\n\n"
		     "$(TOOL): $(TOOL_OBJECTS)\n"
		     "\t$(HOST_CC) $(HOST_CFLAGS) $(HOST_LDFLAGS) -o $@ "
		     "$(TOOL_OBJECTS) -lm\n\n"
		     "run: $(PROGRAM) $(TOOL)\n"
		     "\t@./$(TOOL) pack \"$(INPUT)\" build/input.raw $(SKIP) "
		     "$(LIMIT)\n"
		     "\t$(call RUN_DEVICE,build/input.raw,build/output.raw)\n"
		     "\t@./$(TOOL) unpack build/output.raw \"$(OUTPUT)\"\n\n"
		     "check: $(PROGRAM) $(TOOL)\n"
		     "\t$(call RUN_DEVICE,test/input.bin,build/check.raw)\n"
		     "\t@cmp build/check.raw test/output.bin\n"
		     "\t@echo \"$(NET): the golden sample is right\"\n\n");
	imc_buf_text(b, "size: $(PROGRAM)\n\t$(SIZE) $(NETWORK) $(DEVICE) "
			"$(PROGRAM)\n\n"
			"clean:\n\trm -rf build\n\n"
			".PHONY: all run check size clean\n");
}

static void emit_rules(const struct imc_emit *e, struct imc_buf *b)
{
	const char *n = e->name;

	for (size_t k = 0; k < e->n_file; k++) {
		const char *path = e->file[k].path;
		enum part part = part_of(e, path);

		if (part == TOOL)
			tool_rule(b, stem(e->a, path), path);
		else if (part != NO_SOURCE)
			rule(b, stem(e->a, path), path, "$(HEADERS)");
	}
	rule(b, imc_arena_printf(e->a, "%s_data_S", n),
	     imc_arena_printf(e->a, "src/%s_data.S", n), data_files(e));
	rule(b, imc_arena_printf(e->a, "%s_data_c", n),
	     imc_arena_printf(e->a, "src/%s_data.c", n), "$(HEADERS)");
}

static void emit_makefile(struct imc_emit *e)
{
	struct imc_buf b = {.arena = e->a};

	emit_settings(e, &b);
	imc_buf_printf(&b, "HEADERS =%s\n\n", headers(e));
	emit_objects(e, &b, "NETWORK", NETWORK);
	emit_objects(e, &b, "DEVICE", DEVICE);
	emit_objects(e, &b, "TOOL_OBJECTS", TOOL);
	emit_targets(&b);
	emit_rules(e, &b);
	imc_emit_add_buf(e, "Makefile", &b);
}

/* ---- CMakeLists.txt ---- */

/* One a line. */
static const char *sources(const struct imc_emit *e, enum part part)
{
	struct imc_buf b = {.arena = e->a};

	for (size_t k = 0; k < e->n_file; k++)
		if (part_of(e, e->file[k].path) == part)
			imc_buf_printf(&b, "\n  %s", e->file[k].path);
	return b.p;
}

/* The programs of the host; other ports are for make. */
static void emit_programs(const struct imc_emit *e, struct imc_buf *b)
{
	const char *n = e->name;

	imc_buf_printf(
		b,
		"\nfind_package(Threads REQUIRED)\n"
		"add_executable(%s_run%s)\n"
		"target_include_directories(%s_run PRIVATE runtime/device\n"
		"  runtime/models runtime/hal/models runtime/hal/host)\n"
		"target_compile_options(%s_run PRIVATE -ffp-contract=off)\n"
		"target_link_libraries(%s_run PRIVATE %s Threads::Threads)\n"
		"add_executable(%s_npy%s)\n"
		"target_include_directories(%s_npy PRIVATE runtime/host)\n"
		"target_compile_options(%s_npy PRIVATE -ffp-contract=off)\n"
		"target_link_libraries(%s_npy PRIVATE %s m)\n"
		"set_target_properties(%s_run %s_npy PROPERTIES C_STANDARD "
		"99)\n",
		n, sources(e, DEVICE), n, n, n, n, n, sources(e, TOOL), n, n, n,
		n, n, n);
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
		       n, n, sources(e, NETWORK));
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
		"set_target_properties(%s PROPERTIES C_STANDARD 99)\n",
		n, n, n, n, n);
	if (e->port == IMC_PORT_HOST)
		emit_programs(e, &b);
	imc_emit_add_buf(e, "CMakeLists.txt", &b);
}

void imc_emit_build(struct imc_emit *e)
{
	emit_makefile(e);
	emit_cmake(e);
}
