/* text.h: the text form of a module; ir/README.md documents it.
 *
 * Constants of more than 64 elements lie in a binary file beside the text,
 * named in it with offset, size and CRC-32. Reading what was printed gives
 * an equal module at every stage. Same module, same bytes. */
#ifndef IMC_TEXT_H
#define IMC_TEXT_H

#include "ir/module.h"
#include "ir/support/buf.h"

/* The hardware of a module is printed and read by whoever knows it. */
struct imc_text_hw {
	void (*print)(const struct imc_hw *hw, struct imc_buf *out);
	/* Sets one key; false: reported at loc. */
	bool (*set)(struct imc_hw *hw, const char *key, const char *value,
		    struct imc_loc loc, struct imc_diags *d);
	struct imc_hw *(*make)(struct imc_arena *a);
};

/* Prints m to text; large constants go to blob, which the text calls
 * blob_name (NULL: everything inline). */
void imc_text_print(const struct imc_module *m, const struct imc_text_hw *hw,
		    const char *blob_name, struct imc_buf *text,
		    struct imc_buf *blob);

/* Reads a module from text (size bytes of file `path`, used in messages).
 * blob: the bytes of the binary file, or NULL. NULL: reported. Never crashes
 * or allocates more than a small multiple of the input, whatever it is. */
struct imc_module *imc_text_parse(const char *path, const char *text,
				  size_t size, const void *blob,
				  size_t blob_size,
				  const struct imc_text_hw *hw,
				  struct imc_diags *d);

#endif
