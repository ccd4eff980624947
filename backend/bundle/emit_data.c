#include <string.h>

#include "backend/bundle/emit.h"

/* src/<net>_data.{h,S,c}: the files of data/ as arrays of 32-bit words. The
 * words are little-endian, as are the numbers in the files; the network's
 * init refuses any other machine. */

const char *imc_emit_symbol(const struct imc_emit *e, const char *path)
{
	size_t n = strlen(path);

	if (strncmp(path, "data/", 5) != 0)
		return NULL;
	return imc_arena_printf(e->a, "%.*s_data", (int)(n - 9), path + 5);
}

static void emit_h(struct imc_emit *e)
{
	struct imc_buf b = {.arena = e->a};

	imc_buf_printf(&b,
		       "/* %s_data.h: the files of data/, linked in. */\n"
		       "#ifndef %s_DATA_H\n#define %s_DATA_H\n\n"
		       "#include <stdint.h>\n",
		       e->name, e->upper, e->upper);
	for (size_t k = 0; k < e->n_file; k++) {
		const char *s = imc_emit_symbol(e, e->file[k].path);

		if (s)
			imc_buf_printf(&b,
				       "\n#define %s_BYTES %zu\n"
				       "extern const uint32_t %s[];\n",
				       imc_emit_upper(e->a, s), e->file[k].size,
				       s);
	}
	imc_buf_text(&b, "\n#endif\n");
	imc_emit_add_buf(e, imc_arena_printf(e->a, "src/%s_data.h", e->name),
			 &b);
}

static void emit_s(struct imc_emit *e, size_t n_file)
{
	struct imc_buf b = {.arena = e->a};

	imc_buf_printf(&b,
		       "/* %s_data.S: the files of data/, for GNU assemblers "
		       "and ELF; others take\n * %s_data.c. Assembled in the "
		       "folder of the bundle. */\n"
		       "\t.section .rodata\n",
		       e->name, e->name);
	for (size_t k = 0; k < n_file; k++) {
		const char *s = imc_emit_symbol(e, e->file[k].path);

		if (s)
			imc_buf_printf(&b,
				       "\n\t.balign %d\n\t.globl %s\n%s:\n"
				       "\t.incbin \"%s\"\n",
				       IMC_EMIT_ALIGN, s, s, e->file[k].path);
	}
	imc_buf_text(&b, "\n\t.section .note.GNU-stack,\"\",%progbits\n");
	imc_emit_add_buf(e, imc_arena_printf(e->a, "src/%s_data.S", e->name),
			 &b);
}

/* Four bytes of f from `at`; 0 behind its end. */
static uint32_t word_at(const struct imc_emit_file *f, size_t at)
{
	uint32_t w = 0;

	for (size_t i = 0; i < 4 && at + i < f->size; i++)
		w |= (uint32_t)(unsigned char)f->bytes[at + i] << (8 * i);
	return w;
}

static void emit_words(struct imc_buf *b, const struct imc_emit_file *f)
{
	for (size_t at = 0; at < f->size; at += 4)
		imc_buf_printf(b, "%s0x%x,", at % 24 ? " " : "\n\t",
			       (unsigned)word_at(f, at));
}

static void emit_words_c(struct imc_emit *e, size_t n_file)
{
	struct imc_buf b = {.arena = e->a};

	imc_buf_printf(&b,
		       "/* %s_data.c: what %s_data.S has, in C: slower to "
		       "compile, aligned to 4. */\n"
		       "#include \"%s_data.h\"\n",
		       e->name, e->name, e->name);
	for (size_t k = 0; k < n_file; k++) {
		const char *s = imc_emit_symbol(e, e->file[k].path);

		if (!s)
			continue;
		imc_buf_printf(&b, "\nconst uint32_t %s[] = {", s);
		emit_words(&b, &e->file[k]);
		imc_buf_text(&b, "\n};\n");
	}
	imc_emit_add_buf(e, imc_arena_printf(e->a, "src/%s_data.c", e->name),
			 &b);
}

void imc_emit_data(struct imc_emit *e)
{
	size_t n_file = e->n_file;

	emit_h(e);
	emit_s(e, n_file);
	emit_words_c(e, n_file);
}
