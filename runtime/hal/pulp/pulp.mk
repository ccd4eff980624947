# Port pulp: a PULP cluster with its IMA, bare-metal RV32IMC.
# PULP_SIM: a command that runs a program, PULP_SIM file, and prints what it
# prints: GVSoC's, or another one; make or the environment may set it.
# SAMPLES: that are linked into a program; more of them take several runs.
# ARRAYS: of the machine, those that the network needs; the open chip has one.
# L1_KB, L2_KB: as on the open chip; the first 64 kB of L2 are not used.
CC = riscv64-unknown-elf-gcc
CFLAGS = -O3
SIZE = riscv64-unknown-elf-size
SAMPLES = 8
ARRAYS = $(if $(filter 0,$(XBARS)),1,$(XBARS))
L1_KB = 64
L2_KB = 448

PORT_DIR = runtime/hal/pulp
PORT_NEEDS = $(PORT_DIR)/pulp.ld
PORT_FLAGS = -march=rv32imc -mabi=ilp32 -mcmodel=medany -ffreestanding \
	-ffunction-sections -fdata-sections -DIMC_PULP_ARRAYS=$(ARRAYS) \
	'-DIMC_DEVICE_L1=__attribute__((section(".bss.l1")))'
PORT_LINK = -nostdlib -nostartfiles -T $(PORT_DIR)/pulp.ld -Wl,--gc-sections \
	-Wl,--defsym=L1_KB=$(L1_KB),--defsym=L2_KB=$(L2_KB) -lgcc

ifneq ($(MAKECMDGOALS),clean)
ifeq ($(shell command -v $(firstword $(CC)) 2>/dev/null),)
$(error $(firstword $(CC)) is not there: install gcc-riscv64-unknown-elf)
endif
endif

# The program with samples in it, instead of none.
NO_SAMPLES = build/pulp_samples$(V).o
LINK_SAMPLES = $(CC) $(FLAGS) $(CFLAGS) -DIMC_PULP_SAMPLES='"'$$part'"' \
	-c -o build/samples.o $(PORT_DIR)/pulp_samples.S && \
	$(CC) $(PORT_FLAGS) $(CFLAGS) $(LDFLAGS) -o $(PROGRAM)-run \
	$(filter-out $(NO_SAMPLES),$(NETWORK) $(DEVICE)) build/samples.o \
	$(PORT_LINK)

# $(call RUN_DEVICE,INPUT,OUTPUT): raw samples of one file, outputs to the other
RUN_DEVICE = @test -n "$(PULP_SIM)" || { echo "PULP_SIM is not set: a \
	command that runs a program for the chip" >&2; exit 1; }; \
	rm -f build/part-* $(2) && touch $(2) && \
	split -a 4 -b $$(($(SAMPLES) * $(SAMPLE_BYTES))) $(1) build/part- && \
	for part in build/part-*; do $(LINK_SAMPLES) && \
	$(PULP_SIM) $(PROGRAM)-run >build/log && \
	./$(TOOL) unlog build/log build/log.raw && \
	cat build/log.raw >>$(2) || \
	{ cat build/log >&2; exit 1; }; done
