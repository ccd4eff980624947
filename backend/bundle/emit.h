/* emit.h: what the parts of the bundle writer share. */
#ifndef IMC_EMIT_H
#define IMC_EMIT_H

#include "backend/bundle/bundle.h"
#include "ir/support/buf.h"

#define IMC_EMIT_ALIGN 64

/* A file of the bundle; path is below its folder. */
struct imc_emit_file {
	const char *path;
	const char *bytes;
	size_t size;
};

/* `function(hal, arguments)`, which computes a layer or a part of it. */
struct imc_emit_call {
	const char *function, *arguments;
};

struct imc_emit {
	const struct imc_module *m;
	const struct imc_graph *g;
	struct imc_arena *a;
	struct imc_diags *d;
	const char *name, *upper;     /* resnet8, RESNET8 */
	const char **input, **output; /* member names in C, and in capitals */
	const char **input_upper, **output_upper;
	struct imc_buf l2; /* data/<net>_l2.bin */
	int64_t *l2_at;	   /* by value id: offset in l2, or -1 */
	struct imc_images images;
	struct imc_buf layers, run; /* descriptors; body of <net>_run */
	int32_t step;		    /* the step that is being emitted */
	size_t n_call, cap_call;
	struct imc_emit_call *call; /* of that step */
	size_t n_file, cap_file;
	struct imc_emit_file *file;
};

/* ---- emit_names.c ---- */

/* `text` as an identifier in lower case, at most `max` characters; never a
 * keyword, never empty. */
const char *imc_emit_identifier(struct imc_arena *a, const char *text,
				size_t max);
const char *imc_emit_upper(struct imc_arena *a, const char *name);
/* Text that is safe in a comment, and as a C or JSON string with quotes. */
const char *imc_emit_comment(struct imc_arena *a, const char *text);
const char *imc_emit_c_string(struct imc_arena *a, const char *text);
const char *imc_emit_json_string(struct imc_arena *a, const char *text);
/* Sets the member names of inputs and outputs. */
void imc_emit_members(struct imc_emit *e);

/* ---- emit_l2.c ---- */

/* Begins l2 with the tag that <net>_init looks for. */
void imc_emit_start_l2(struct imc_emit *e);
/* Offset in l2 of constant v, which is put there once; of other data. */
int64_t imc_emit_const(struct imc_emit *e, imc_val v);
int64_t imc_emit_bytes(struct imc_emit *e, const void *p, size_t size);
/* C for the address of v: "l1 + 64", or "I8(128)" for a constant. */
const char *imc_emit_operand(struct imc_emit *e, imc_val v);
/* "I32(128)" for input k of n, or "0" when it is absent. */
const char *imc_emit_table(struct imc_emit *e, const struct imc_node *n, int k,
			   const char *macro);

/* ---- emit_layer.c, emit_matrix.c, emit_move.c: one RUN step ---- */

/* A layer: its node, its descriptor's name, what it reads and writes. */
struct imc_emit_layer {
	const struct imc_node *n;
	imc_node_id id;
	const struct imc_step *step;
	const char *name; /* l03_conv1 */
	const struct imc_value *x, *y;
};

/* Emits the descriptors of the layer of s, and leaves its calls in e->call. */
bool imc_emit_step(struct imc_emit *e, const struct imc_step *s);
/* "q_conv2d on crossbar: conv1": operator, engine and ONNX nodes of s, for a
 * comment that is indented by `indent`, "" or a tab. */
const char *imc_emit_title(struct imc_emit *e, const struct imc_step *s,
			   const char *indent);
bool imc_emit_matrix(struct imc_emit *e, const struct imc_emit_layer *l);
bool imc_emit_move(struct imc_emit *e, const struct imc_emit_layer *l);
/* Reports that the node cannot be emitted; false. */
bool imc_emit_refuse(struct imc_emit *e, const struct imc_emit_layer *l,
		     const char *why);
/* Adds FUNCTION(hal, ARGUMENTS) to the calls of the step. */
void imc_emit_call(struct imc_emit *e, const char *function,
		   const char *arguments);
/* Appends the walk of 4-D tensors x, y as initialiser `head`, `tail`. */
void imc_emit_window(struct imc_emit *e, const char *head,
		     const struct imc_emit_layer *l, const int64_t *dilation);

/* ---- emit_slots.c: the body of <net>_run ---- */

bool imc_emit_slots(struct imc_emit *e);

/* ---- files ---- */

void imc_emit_add(struct imc_emit *e, const char *path, const void *bytes,
		  size_t size);
void imc_emit_add_buf(struct imc_emit *e, const char *path,
		      const struct imc_buf *b);

void imc_emit_header(struct imc_emit *e); /* emit_header.c */
bool imc_emit_source(struct imc_emit *e); /* emit_c.c */
void imc_emit_data(struct imc_emit *e);	  /* emit_data.c */
/* "resnet8_xbar0_data" of "data/resnet8_xbar0.bin"; NULL: no data file. */
const char *imc_emit_symbol(const struct imc_emit *e, const char *path);
void imc_emit_images(struct imc_emit *e);   /* emit_images.c */
void imc_emit_main(struct imc_emit *e);	    /* emit_main.c */
void imc_emit_build(struct imc_emit *e);    /* emit_build.c */
void imc_emit_manifest(struct imc_emit *e); /* manifest.c; the last file */

/* ---- bundle_files.c ---- */

/* Writes all files beside dir and puts them in its place. */
bool imc_bundle_replace(const struct imc_emit *e, const char *dir);

#endif
