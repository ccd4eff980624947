#include "tests/pulp/machine.h"

#include <elf.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the end ---- */

/* c's thread does not go on. */
void machine_end(struct core *c, int32_t status)
{
	struct machine *m = c->m;

	if (!m->done) {
		m->done = true;
		m->status = status;
	}
	m->running = -1;
	pthread_cond_signal(&m->ended);
	for (;;)
		pthread_cond_wait(&c->turn, &m->lock);
}

void machine_fault(struct core *c, const char *format, ...)
{
	va_list args;

	fflush(stdout);
	fprintf(stderr, "pulp_sim: core %d: ", (int)c->id);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	machine_end(c, 125);
}

/* ---- memory ---- */

static bool inside(uint32_t address, uint32_t n, uint32_t base, uint32_t bytes)
{
	return address >= base && n <= bytes && address - base <= bytes - n;
}

uint8_t *machine_memory(struct machine *m, uint32_t address, uint32_t n)
{
	if (inside(address, n, L1_BASE, m->l1_bytes))
		return m->l1 + (address - L1_BASE);
	if (inside(address, n, L2_BASE, m->l2_bytes))
		return m->l2 + (address - L2_BASE);
	return NULL;
}

/* ---- programs ---- */

/* libunicorn calls every core number 0: "csrr rd, mhartid" becomes a load from
 * an address at which each core finds its own. */
static void patch_number(uint8_t *code, uint32_t n)
{
	for (uint32_t i = 0; i + 4 <= n; i += code[i] % 4 == 3 ? 4 : 2) {
		uint32_t word;

		memcpy(&word, code + i, 4);
		if ((word & 0xfffff07fu) != 0xf1402073u)
			continue;
		word = 0x7f002003u | (word & 0xf80u);
		memcpy(code + i, &word, 4);
	}
}

static bool load_part(struct machine *m, const uint8_t *file, size_t size,
		      const Elf32_Phdr *p)
{
	uint8_t *to = machine_memory(m, p->p_paddr, p->p_memsz);

	if (p->p_type != PT_LOAD || !p->p_memsz)
		return true;
	if (!to || p->p_offset > size || p->p_filesz > size - p->p_offset ||
	    p->p_filesz > p->p_memsz) {
		fprintf(stderr, "pulp_sim: no memory for 0x%08x + %u\n",
			(unsigned)p->p_paddr, (unsigned)p->p_memsz);
		return false;
	}
	memcpy(to, file + p->p_offset, p->p_filesz);
	if (p->p_flags & PF_X)
		patch_number(to, p->p_filesz);
	return true;
}

static bool load_parts(struct machine *m, const uint8_t *file, size_t size,
		       const char *path)
{
	Elf32_Ehdr h;
	Elf32_Phdr p;

	if (size < sizeof h)
		size = 0;
	else
		memcpy(&h, file, sizeof h);
	if (!size || memcmp(h.e_ident, ELFMAG, SELFMAG) ||
	    h.e_ident[EI_CLASS] != ELFCLASS32 || h.e_machine != EM_RISCV ||
	    h.e_phentsize != sizeof p || h.e_phoff > size ||
	    h.e_phnum > (size - h.e_phoff) / sizeof p) {
		fprintf(stderr, "pulp_sim: %s: not a RISC-V program\n", path);
		return false;
	}
	for (size_t i = 0; i < h.e_phnum; i++) {
		memcpy(&p, file + h.e_phoff + i * sizeof p, sizeof p);
		if (!load_part(m, file, size, &p))
			return false;
	}
	core_start(m, FABRIC, h.e_entry, 0);
	return true;
}

bool machine_load(struct machine *m, const char *path)
{
	FILE *f = fopen(path, "rb");
	uint8_t *file = malloc(1 << 24);
	bool good = false;

	if (f && file)
		good = load_parts(m, file, fread(file, 1, 1 << 24, f), path);
	else
		fprintf(stderr, "pulp_sim: cannot read %s\n", path);
	if (f)
		fclose(f);
	free(file);
	return good;
}

/* ---- the machine ---- */

/* Memory for a core: whole pages, filled with what no program should count
 * on. */
static uint8_t *new_memory(size_t bytes)
{
	uint8_t *p = aligned_alloc(4096, bytes);

	if (p)
		memset(p, 0xa5, bytes);
	return p;
}

struct machine *machine_new(uint32_t l1_bytes, uint32_t l2_bytes,
			    int32_t n_array, bool integer_adc)
{
	struct machine *m = calloc(1, sizeof *m);

	if (!m)
		return NULL;
	m->l1_bytes = l1_bytes;
	m->l2_bytes = l2_bytes;
	m->n_array = n_array;
	m->integer_adc = integer_adc;
	m->running = -1;
	m->l1 = new_memory(l1_bytes);
	m->l2 = new_memory(l2_bytes);
	m->array = calloc((size_t)n_array, sizeof *m->array);
	m->block = calloc(l2_bytes / 2, sizeof *m->block);
	pthread_mutex_init(&m->lock, NULL);
	pthread_cond_init(&m->ended, NULL);
	if (!m->l1 || !m->l2 || !m->array || !m->block)
		return NULL;
	ima_reset(m);
	for (int32_t i = 0; i < N_ENGINE; i++)
		if (!core_new(m, i)) {
			fprintf(stderr, "pulp_sim: libunicorn gives no core\n");
			return NULL;
		}
	return m;
}

int32_t machine_run(struct machine *m)
{
	pthread_mutex_lock(&m->lock);
	m->running = FABRIC;
	pthread_cond_signal(&m->core[FABRIC].turn);
	while (!m->done)
		pthread_cond_wait(&m->ended, &m->lock);
	pthread_mutex_unlock(&m->lock);
	return m->status;
}
