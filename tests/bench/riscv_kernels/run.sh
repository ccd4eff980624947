#!/bin/sh
# Instructions of the kernels of the runtime on rv32imc, for the layers of
# bench.c. With IMCC_CMSIS_NN=DIR, a copy of CMSIS-NN, its portable C beside.
#   usage: run.sh [FLAGS of the compiler, else those of the port]
set -e
here=$(cd "$(dirname "$0")" && pwd)
runtime=${IMCC_RUNTIME:-$here/../../../runtime}
for need in gcc-riscv64-unknown-elf:riscv64-unknown-elf-gcc \
	picolibc-riscv64-unknown-elf:/usr/lib/picolibc/riscv64-unknown-elf \
	qemu-system-misc:qemu-system-riscv32; do
	tool=${need#*:}
	if ! command -v "$tool" >/dev/null && ! test -d "$tool"; then
		echo "skipped: needs the package ${need%%:*}"
		exit 77
	fi
done
flags=${*:--O2 -fno-schedule-insns}
build=$(mktemp -d)
trap 'rm -rf "$build"' EXIT
cc="riscv64-unknown-elf-gcc --specs=picolibc.specs -march=rv32imc
	-mabi=ilp32 -mcmodel=medany $flags -ffunction-sections"
peer=$here/no_peer.c
if test -n "$IMCC_CMSIS_NN"; then
	peer="$here/peer.c $(find "$IMCC_CMSIS_NN/Source" -name 'arm_*s8*.c' \
		! -name '*f16*' ! -name '*f32*' ! -name '*s4*')
		$(find "$IMCC_CMSIS_NN/Source/NNSupportFunctions" \
			-name 'arm_*q7*.c')"
fi
$cc -w -I"$runtime" -I"$here" ${IMCC_CMSIS_NN:+-I"$IMCC_CMSIS_NN/Include"} \
	-Wl,--gc-sections -Wl,--no-warn-rwx-segments \
	-Wl,--defsym=__flash=0x80000000 -Wl,--defsym=__flash_size=0x200000 \
	-Wl,--defsym=__ram=0x80200000 -Wl,--defsym=__ram_size=0x200000 \
	-Wl,--defsym=__stack_size=0x4000 \
	-o "$build/bench" "$here/bench.c" "$here/plain.c" $peer \
	"$runtime"/imc_rt_*.c --oslib=semihost --crt0=semihost
timeout 120 qemu-system-riscv32 -M virt -m 8M -bios none -nographic -icount shift=0 \
	-semihosting-config enable=on,target=native -kernel "$build/bench"
