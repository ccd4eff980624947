/* emit.h: what the parts of the bundle writer share. */
#ifndef IMC_EMIT_H
#define IMC_EMIT_H

#include "backend/bundle/bundle.h"
#include "ir/plan_now.h"
#include "ir/support/buf.h"

#define IMC_EMIT_ALIGN 64

/* A file of the bundle; path is below its folder. */
struct imc_emit_file {
	const char *path;
	const char *bytes;
	size_t size;
};

/* `function(hal, arguments)`, which does a step or a part of it. Numbers that
 * may change from turn to turn of a loop are marked: imc_emit_number. units:
 * what it leaves running, bits of enum imc_emit_unit. */
struct imc_emit_call {
	const char *function, *arguments;
	unsigned units;
	bool trace; /* TRACE(arguments), behind the slot */
};

enum imc_emit_unit { IMC_EMIT_DMA = 1, IMC_EMIT_PORT = 2, IMC_EMIT_PE = 4 };

/* Steps first .. end, which run beside each other. */
struct imc_emit_slot {
	size_t first, end;
	size_t n_call;
	const struct imc_emit_call *call; /* what leaves work running first,
					   * TRACE last */
	unsigned units;			  /* that are waited for at its end */
};

/* An output of a node, whose bytes are traced in debug builds. */
struct imc_emit_traced {
	imc_node_id node;
	int out;
	uint32_t crc; /* of the golden sample */
};

/* What is known of a node for all of its steps. */
struct imc_emit_known {
	int32_t traced;	  /* its first output among those, or -1 */
	const char *name; /* of its descriptor; NULL: there is none yet */
	size_t n_text, cap_text;
	const char **text;     /* its descriptors, as under that name */
	int64_t piece;	       /* place of its constants in l2, or -1 */
	int64_t n_chan;	       /* of a block of them */
	int64_t first, record; /* of residual weights in l2, or -1 */
	/* Of a move (emit_move.c); NULL: not found yet. */
	const struct imc_emit_moves *moves;
};

struct imc_emit {
	const struct imc_module *m;
	const struct imc_graph *g;
	struct imc_arena *a;
	struct imc_diags *d;
	enum imc_port port;
	const char *name, *upper;     /* resnet8, RESNET8 */
	const char **input, **output; /* member names in C, and in capitals */
	const char **input_upper, **output_upper;
	struct imc_buf l2; /* data/<net>_l2.bin */
	int64_t *l2_at;	   /* by value id: offset in l2, or -1 */
	struct imc_images images;
	struct imc_emit_known *known; /* by node id */
	struct imc_buf layers, run;   /* descriptors; body of <net>_run */
	int32_t step;		      /* the step that is being emitted */
	struct imc_plan_now now;      /* buffers of its slot */
	bool start;		      /* it leaves its engine running */
	size_t n_call, cap_call;
	struct imc_emit_call *call; /* of its slot */
	size_t n_slot, cap_slot;
	struct imc_emit_slot *slot; /* of the plan, in order */
	size_t n_traced, cap_traced;
	struct imc_emit_traced *traced; /* in the order of their first steps */
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
/* Place in l2 of the constants of node id as imc_plan_constants lays them out,
 * block after block of n_chan channels, each at a multiple of 16. */
int64_t imc_emit_piece(struct imc_emit *e, imc_node_id id, int64_t n_chan);
/* Bytes from the begin of a block to that of the next one. */
int64_t imc_emit_piece_step(const struct imc_constants *c);
/* "I32(128)" for input k of n, or "0" when it is absent. */
const char *imc_emit_table(struct imc_emit *e, const struct imc_node *n, int k,
			   const char *macro);

/* ---- emit_place.c: where things lie in the slot of e->step ---- */

/* A number that may be another one in the next turn of a loop. */
const char *imc_emit_number(struct imc_emit *e, int64_t v);
/* The buffer of v in that memory, or NULL. */
const struct imc_buffer *imc_emit_buffer(const struct imc_emit *e, imc_val v,
					 enum imc_memory mem);
/* Elements of the ring that holds v in L1; 0: it is whole. */
int64_t imc_emit_ring_size(const struct imc_emit *e, imc_val v);
/* The same in lines of v, or -1 if it ends within a line. */
int64_t imc_emit_lines(const struct imc_emit *e, imc_val v);
/* C for the address of v: "l1 + 64", its far place ("l2 + 64", "in->x") if it
 * is not in L1, or "I8(128)" for a constant. */
const char *imc_emit_operand(struct imc_emit *e, imc_val v);
/* C for the address of the block of v in L1 that begins with channel chan. */
const char *imc_emit_block(struct imc_emit *e, imc_val v, int64_t chan);
/* Channels of a block of the constants of s, a RUN or FETCH; 0: one piece. */
int64_t imc_emit_block_of(const struct imc_emit *e, const struct imc_step *s);
/* C for the address of those constants in l2, of the block from chan on. */
const char *imc_emit_constants_l2(struct imc_emit *e, const struct imc_step *s,
				  int64_t chan);
/* The same in L1, or in l2 if they are not there. */
const char *imc_emit_constants(struct imc_emit *e, const struct imc_step *s,
			       int64_t chan);

/* ---- emit_layer.c, emit_matrix.c, emit_move.c: one RUN step ---- */

/* A layer: its node, its descriptor's name, what it reads and writes, its
 * constants. */
struct imc_emit_layer {
	const struct imc_node *n;
	imc_node_id id;
	const struct imc_step *step;
	const char *name; /* l03_conv1 */
	const struct imc_value *x, *y;
	struct imc_constants c;
};

/* Emits the descriptors of the layer of s, if there are no such ones yet, and
 * adds its calls to e->call. */
bool imc_emit_step(struct imc_emit *e, const struct imc_step *s);
/* "q_conv2d on crossbar: conv1": operator, engine and ONNX nodes of s, for a
 * comment that is indented by `indent`, "" or a tab. */
const char *imc_emit_title(struct imc_emit *e, const struct imc_step *s,
			   const char *indent);
bool imc_emit_matrix(struct imc_emit *e, const struct imc_emit_layer *l);
bool imc_emit_move(struct imc_emit *e, const struct imc_emit_layer *l);
/* True for pools, which compute each channel from itself. */
bool imc_emit_is_pool(const struct imc_node *n);
/* Reports that the node cannot be emitted; false. */
bool imc_emit_refuse(struct imc_emit *e, const struct imc_emit_layer *l,
		     const char *why);
/* The place of input k among the constants of l, or -1. */
int64_t imc_emit_part(const struct imc_emit_layer *l, int k);
/* Adds FUNCTION(hal, ARGUMENTS) to the calls. */
void imc_emit_call(struct imc_emit *e, const char *function,
		   const char *arguments, unsigned units);
/* The same with ", row, n_row" of the step at the end, of `rows` in all. */
void imc_emit_rows(struct imc_emit *e, const struct imc_emit_layer *l,
		   const char *function, const char *arguments, int64_t rows);
/* Appends the walk of 4-D tensors x, y as initialiser `head`, `tail`. */
void imc_emit_window(struct imc_emit *e, const char *head,
		     const struct imc_emit_layer *l, const int64_t *dilation);

/* ---- emit_slots.c: the slots of <net>_run ---- */

/* The calls of every slot, and the text of all. */
bool imc_emit_slots(struct imc_emit *e);

/* ---- emit_loops.c ---- */

/* Appends slots first .. end to e->run; those that differ in numbers only, by
 * equal steps, as loops. */
void imc_emit_loops(struct imc_emit *e, size_t first, size_t end);

/* ---- files ---- */

void imc_emit_add(struct imc_emit *e, const char *path, const void *bytes,
		  size_t size);
void imc_emit_add_buf(struct imc_emit *e, const char *path,
		      const struct imc_buf *b);

/* emit_golden.c: adds what is traced behind s to the calls; and, when all steps
 * are emitted, a sample with its outputs, and the CRCs of all layers. */
void imc_emit_trace(struct imc_emit *e, const struct imc_step *s);
void imc_emit_golden(struct imc_emit *e);
/* TRACE, TRACE_BEGIN.. of src/<net>.c. */
void imc_emit_trace_macros(struct imc_emit *e, struct imc_buf *b);

void imc_emit_header(struct imc_emit *e); /* emit_header.c */
bool imc_emit_source(struct imc_emit *e); /* emit_c.c */
void imc_emit_data(struct imc_emit *e);	  /* emit_data.c */
/* "resnet8_xbar0_data" of "data/resnet8_xbar0.bin"; NULL: no data file. */
const char *imc_emit_symbol(const struct imc_emit *e, const char *path);
void imc_emit_images(struct imc_emit *e); /* emit_images.c */
void imc_emit_main(struct imc_emit *e);	  /* emit_main.c */

/* Whether the program models ADCs that compute in float32 (emit_main.c). */
bool imc_emit_models_float(const struct imc_emit *e);

void imc_emit_build(struct imc_emit *e);    /* emit_build.c */
void imc_emit_readme(struct imc_emit *e);   /* emit_readme.c */
void imc_emit_manifest(struct imc_emit *e); /* manifest.c; the last file */

/* ---- bundle_files.c ---- */

/* Writes all files beside dir and puts them in its place. */
bool imc_bundle_replace(const struct imc_emit *e, const char *dir);

#endif
