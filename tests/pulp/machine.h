/* machine.h: the open PULP chip with an IMA, as far as programs without an
 * operating system see it: a fabric core and 8 cores of a cluster, L1, L2, and
 * devices behind the addresses that they have on the chip.
 *
 * The cores are engines of libunicorn. Each has a thread of its own, but only
 * one runs at a time: it hands over when it goes to sleep, or has had its turn,
 * always to the next one in order, so that every run is the same. A core counts
 * an instruction as a cycle. Devices do their work at the latest moment: when
 * a core that has counted far enough looks, or all cores sleep.
 *
 * What no good program does ends the machine with a message. */
#ifndef PULP_MACHINE_H
#define PULP_MACHINE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <unicorn/unicorn.h>

#define N_CORE 8   /* of the cluster */
#define FABRIC 8   /* index of the fabric core */
#define N_ENGINE 9 /* all */

#define L1_BASE 0x10000000u
#define L2_BASE 0x1c000000u

#define ARRAY_MAX 32 /* arrays: pages of registers */
#define ARRAY_ROWS 256
#define ARRAY_COLS 256

enum core_state { CORE_OFF, CORE_READY, CORE_ASLEEP, CORE_STOPPED };

struct core {
	struct machine *m;
	int32_t id;
	uc_engine *uc;
	pthread_t thread;
	pthread_cond_t turn;
	enum core_state state;
	uint32_t pc; /* where it starts */
	uint64_t cycles, turn_end;
	uint32_t events, event_mask, event_clear; /* of the event unit */
	uint32_t dma_word[5];			  /* of a command */
	int32_t n_dma_word, dma_id;
};

struct barrier {
	uint32_t mask, target, here;
};

#define DMA_IDS 16
#define DMA_QUEUE 64

struct transfer {
	int32_t id, core;
	bool to_l1, event;
	uint32_t near, far, bytes, line, step;
};

struct dma {
	uint32_t taken;
	uint64_t due; /* when all is done */
	struct transfer queue[DMA_QUEUE];
	int32_t n_transfer;
	uint64_t bytes;
};

struct array {
	uint32_t reg[64];
	bool acquired, plotting, working;
	uint32_t job[64]; /* registers as latched */
	uint32_t plot_x, plot_y;
	uint64_t due;
	uint64_t n_job, n_trigger, n_plot;
	int8_t cell[ARRAY_ROWS][ARRAY_COLS];
};

struct machine {
	struct core core[N_ENGINE];
	pthread_mutex_t lock;
	pthread_cond_t ended;
	int32_t running; /* core, or -1 at the end */
	bool done;
	int32_t status;
	uint8_t *l1, *l2;
	uint32_t l1_bytes, l2_bytes;
	uint32_t boot[N_CORE];
	bool cluster_clock;
	uint64_t timer_start;
	struct barrier barrier[8];
	struct dma dma;
	struct array *array;
	int32_t n_array;
	bool integer_adc;
	float product[256][16]; /* of an input and a cell, as the IMA has it */
	struct block {
		uint32_t bytes, n;
	} * block; /* instructions of the code at each half-word of L2 */
};

/* machine.c: NULL with a message; runs until the program ends: its status. */
struct machine *machine_new(uint32_t l1_bytes, uint32_t l2_bytes,
			    int32_t n_array, bool integer_adc);
bool machine_load(struct machine *m, const char *path);
int32_t machine_run(struct machine *m);

/* Ends the machine because of what a core did. */
_Noreturn void machine_fault(struct core *c, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
_Noreturn void machine_end(struct core *c, int32_t status);

/* n bytes of L1 or L2; NULL: they are elsewhere. */
uint8_t *machine_memory(struct machine *m, uint32_t address, uint32_t n);

/* cores.c: a core begins; sleeps until one of its events; an event comes, at
 * time `when`. */
bool core_new(struct machine *m, int32_t id);
void core_start(struct machine *m, int32_t id, uint32_t pc, uint64_t when);
void core_wait(struct core *c, bool clear);
void core_event(struct machine *m, int32_t id, uint32_t event, uint64_t when);

/* bus.c: registers. */
uint32_t bus_read(struct core *c, uint32_t address);
void bus_write(struct core *c, uint32_t address, uint32_t value);

/* devices: dma.c and ima.c. _due: when it has something done, UINT64_MAX never;
 * _advance: does what is done until then. */
uint32_t dma_read(struct core *c, uint32_t offset);
void dma_write(struct core *c, uint32_t offset, uint32_t value);
uint64_t dma_due(const struct machine *m);
void dma_advance(struct machine *m, uint64_t now);

void ima_reset(struct machine *m);
uint32_t ima_read(struct core *c, uint32_t offset);
void ima_write(struct core *c, uint32_t offset, uint32_t value);
uint64_t ima_due(const struct machine *m);
void ima_advance(struct machine *m, uint64_t now);

#endif
