# Port riscv-virt: bare-metal RV32IMC on QEMU's board "virt": hart 0 reads and
# writes samples, harts 1 .. CORES are the cores. MEGABYTES: of RAM.
# QEMU_FLAGS: further options, as "-icount shift=0,sleep=off -plugin counts.so".
CC = riscv64-unknown-elf-gcc
CFLAGS = -O3
SIZE = riscv64-unknown-elf-size
QEMU = qemu-system-riscv32
QEMU_FLAGS =
MEGABYTES = 256

PORT_DIR = runtime/hal/riscv-virt
PORT_NEEDS = $(PORT_DIR)/riscv-virt.ld
PORT_FLAGS = -march=rv32imc -mabi=ilp32 -mcmodel=medany -ffreestanding \
	-ffunction-sections -fdata-sections \
	'-DIMC_DEVICE_L1=__attribute__((section(".bss.l1")))' \
	'-DIMC_DEVICE_L2=__attribute__((section(".bss.l2")))' \
	'-DIMC_DEVICE_CELLS=__attribute__((section(".bss.cells")))'
PORT_LINK = -nostdlib -nostartfiles \
	-Wl,--defsym=RAM_BYTES=$(MEGABYTES)*0x100000 \
	-T $(PORT_DIR)/riscv-virt.ld -Wl,--gc-sections \
	-Wl,--no-warn-rwx-segments -lgcc

ifneq ($(MAKECMDGOALS),clean)
ifeq ($(shell command -v $(firstword $(CC)) 2>/dev/null),)
$(error $(firstword $(CC)) is not there: install gcc-riscv64-unknown-elf)
endif
endif

# $(call RUN_DEVICE,INPUT,OUTPUT): raw samples of one file, outputs to the other
RUN_DEVICE = @command -v $(firstword $(QEMU)) >/dev/null || \
	{ echo "$(firstword $(QEMU)) is not there: install qemu-system-misc" >&2; \
	exit 1; }; \
	$(QEMU) -M virt -smp $$(($(CORES) + 1)) -m $(MEGABYTES)M -bios none \
	-display none -monitor none -serial none $(QEMU_FLAGS) \
	-semihosting-config enable=on,target=native -kernel $(PROGRAM) \
	-append "$(1) $(2) $(CORES) $(if $(filter 1,$(IMC_LATE)),late)"
