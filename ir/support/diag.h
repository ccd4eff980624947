/* diag.h: everything a user can get wrong ends in one diagnostic.
 *
 * Report once, where the fault is found; callers only pass `false` on.
 * Messages are rows of diag.def. */
#ifndef IMC_DIAG_H
#define IMC_DIAG_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "ir/support/arena.h"

enum imc_severity { IMC_NOTE, IMC_WARNING, IMC_ERROR };

enum imc_diag_id {
#define DIAG(id, severity, fmt) IMC_D_##id,
#include "ir/support/diag.def"
#undef DIAG
	IMC_N_DIAG
};

/* Where something came from. file: as the user wrote it, or NULL.
 * line, col: from 1; 0 = none. node: index of the ONNX node, -1 = none;
 * op and name then say which. All text is borrowed from the module's arena. */
struct imc_loc {
	const char *file;
	int line, col;
	int node;
	const char *op, *name;
};

#define IMC_NOWHERE ((struct imc_loc){.node = -1})
#define IMC_IN_FILE(f) ((struct imc_loc){.file = (f), .node = -1})

struct imc_diag {
	enum imc_diag_id id;
	enum imc_severity severity;
	const char *text; /* "net.onnx: node 17 (Conv 'c1'): error: ..." */
	const char *body; /* the same without place and severity */
};

struct imc_diags {
	struct imc_arena *arena;
	struct imc_diag *v;
	size_t n, cap;
	size_t n_error;
};

/* Adds message `id` at `loc`, formatted with the arguments of its row.
 * Always returns false, so that a check reads `return imc_diag(...)`.
 * A message whose whole text was already reported is not added again. */
bool imc_diag(struct imc_diags *d, struct imc_loc loc, enum imc_diag_id id,
	      ...);

/* "BatchNormalization" for an unknown "BatchNorm": the entry of names (n of
 * them) nearest to `word` in edits, or NULL when none is near. */
const char *imc_nearest(const char *word, const char *const *names, size_t n);

#endif
