#!/bin/sh
# size.sh IMCC WORK-FOLDER [CFLAGS]: code of bundles for bare-metal RV32IMC, in
# bytes, and their memory; a Markdown table. network: its descriptors and
# steps; kernels: objects of the runtime before the linker leaves out what is
# not used; program: all code and constant tables of code that is linked, with
# port and models of engines; constants, images: data/; L1, L2: peaks.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
imcc=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
work=$2 flags=${3:--O2}
shared=${IMCC_SHARED:-$here/../../../shared/models}

mkdir -p "$work"
cd "$work"
echo "| network ($flags) | network | kernels | program | constants | images | L1 | L2 |"
echo "|---|---|---|---|---|---|---|---|"
for name in digits tiny_ic_resnet8 tiny_kws_dscnn mobilenet_v1_025_224 \
	tiny_ad_autoencoder mobilenet_v2_100_224; do
	model=$shared/models/$name/model.onnx
	[ "$name" = digits ] && model=$here/../../examples/digits/digits.onnx
	[ -f "$model" ] || continue
	rm -rf "$name"
	"$imcc" compile "$model" -t garofalo-34 --port=riscv-virt -o "$name" \
		>"$name.log" 2>&1
	make -s -C "$name" CFLAGS="$flags" size >"$name.size"
	net=$(awk -v n="build/$name.o" '$6 == n {print $1}' "$name.size")
	kernels=$(awk '$6 ~ /imc_rt/ {s += $1} END {print s}' "$name.size")
	data=$(awk '$6 ~ /_data_S.o/ {print $1}' "$name.size")
	all=$(awk -v n="build/$name" '$6 == n {print $1}' "$name.size")
	constants=$(wc -c <"$name/data/${name}_l2.bin")
	images=$(cat "$name"/data/*_xbar*.bin | wc -c)
	memory() {
		sed -n "s/^#define [A-Z0-9_]*_$1_BYTES \([0-9]*\)$/\1/p" \
			"$name/include/$name.h"
	}
	echo "| $name | $net | $kernels | $((all - data)) | $constants |" \
		"$images | $(memory L1) | $(memory L2) |"
done
