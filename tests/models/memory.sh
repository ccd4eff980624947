#!/bin/sh
# memory.sh IMCC [NETWORK...]: what less and less L1 costs, of networks on target
# garofalo-34, as a Markdown table. Slow. Default networks: mobilenet_v2_100_224
# resnet50 mobilenet_v1_025_224 tiny_ic_resnet8; resnet50 is the one of imcc zoo,
# others are those of networks.txt, and skipped (exit 77) where they are not.
# SIZES: of L1, in kB (default "512 256 128 64").
# CALIB_LIMIT: samples to calibrate on (default 10).
# CHECK: if set, no table; only mobilenet_v2_100_224 is compiled, for 512 and 64 kB,
# and what is promised is tested: at 512 kB a latency within 5 % of that with
# room for all and at most 1.2 times the bytes that must move; at 64 kB a bundle
# that gives the evaluator's output of one sample.
# WORK: where bundles are made (default: a folder that is removed).
# IMCC_SHARED: the folder of the networks, an absolute path.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
imcc=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
shift
work=${WORK:-$(mktemp -d)}
[ -n "${WORK:-}" ] || trap 'rm -rf "$work"' EXIT
mkdir -p "$work"
shared=${IMCC_SHARED:-$here/../../../shared/models}
CALIB_LIMIT=${CALIB_LIMIT:-10}

# number KEY: the first of that name in the report
number()
{
	sed -n "s/.*\"$1\": *\([-0-9.e+]*\).*/\1/p" "$bundle/report.json" |
		head -n 1
}

# Fields of networks.txt.
field()
{
	grep "^$net |" "$here/networks.txt" | cut -d'|' -f"$1" |
		sed 's/^ *//; s/ *$//'
}

# How network $net is compiled: onnx and options; for no labels.
find_network()
{
	options="--set ima.arrays=34"
	if [ "$net" = resnet50 ]; then
		onnx=$work/resnet50.onnx
		options="--set ima.arrays=500 --set l2.bytes=64MB"
		options="$options --rounding=nearest"
		[ -e "$onnx" ] || "$imcc" zoo resnet50 -o "$onnx" >"$work/log"
		return
	fi
	onnx=$shared/models/$net/model.onnx
	calib=$shared/data/$(field 3)_x.npy
	for file in "$onnx" "$calib"; do
		[ -e "$file" ] || { echo "skipped: no $file"; exit 77; }
	done
	[ "$(field 8)" != large ] || options="--set ima.arrays=100"
	options="$options --calib $calib --calib-limit $CALIB_LIMIT"
	options="$options $(field 6 | sed 's/--label-offset [0-9]*//')"
}

# Everything but the plan is the same for all sizes.
make_map()
{
	# shellcheck disable=SC2086
	"$imcc" compile "$onnx" -t garofalo-34 -o "$work/$net.map" $options \
		--stop-after=place_tiles >"$work/log" 2>&1 ||
		{ cat "$work/log"; exit 1; }
}

# compile KB: into $bundle. False: L1 is too small.
compile()
{
	bundle=$work/$net.$1
	rm -rf "$bundle"
	text=$(ls "$work/$net.map"/*.imc)
	sed "s/^hw l1.bytes .*/hw l1.bytes $(($1 * 1024))/" "$text" \
		>"$work/$net.imc"
	ln -sf "${text%.imc}.bin" "$work/$net.bin"
	"$imcc" compile "$work/$net.imc" -o "$bundle" >"$work/log" 2>&1
}

# No plan is faster than what its kind is bounded by.
check_bound()
{
	echo "$(number latency_ms) $(number latency_bound_ms)" |
		awk '$1 < $2 * (1 - 1e-5) { print "below the bound: " $0
			exit 1 }'
}

kb()
{
	echo "$1" | awk '{ printf "%.0f", $1 / 1024 }'
}

# row KB: of the table
row()
{
	if ! compile "$1"; then
		echo "| $net | $1 | refused:" \
			"$(sed -n "s/.* too few: '\(.*\)' needs.*=\([0-9]*\).*/\2 bytes are needed, by \1/p" "$work/log") |"
		return
	fi
	check_bound
	echo "| $net | $1 | $(kb "$(number l1_peak_bytes)") |" \
		"$(kb "$(number l2_peak_bytes)") |" \
		"$(number latency_ms) | $(number latency_bound_ms)" \
		"$(sed -n 's/.*"latency_bound_of": "\(.*\)".*/\1/p' \
			"$bundle/report.json") |" \
		"$(number roomy_percent | awk '{ printf "%+.1f %%", $1 }') |" \
		"$(kb "$(number dma_bytes)") |" \
		"$(kb "$(number dma_constant_bytes)") +" \
		"$(kb "$(number dma_in_bytes)") +" \
		"$(kb "$(number dma_out_bytes)") +" \
		"$(kb "$(number dma_value_bytes)") |" \
		"$(number dma_ratio | awk '{ printf "%.2f", $1 }') |"
}

# at_most WHAT VALUE LIMIT
at_most()
{
	awk "BEGIN { exit !($2 <= $3) }" || {
		echo "$net: $1 is $2, above $3"
		exit 1
	}
}

check()
{
	net=mobilenet_v2_100_224
	find_network
	make_map
	compile 512 || { cat "$work/log"; exit 1; }
	check_bound
	at_most "% above the latency with room for all" \
		"$(number roomy_percent)" 5
	at_most "DMA over what must move" "$(number dma_ratio)" 1.2
	compile 64 || { cat "$work/log"; exit 1; }
	check_bound
	at_most "the peak of L1" "$(number l1_peak_bytes)" 65536
	data=$shared/data/$(field 2)_x.npy
	make -s -C "$bundle" run INPUT="$data" OUTPUT="$work/out.npy" \
		SKIP="$(field 5)" LIMIT=1 >"$work/log"
	"$imcc" eval "$bundle" --data "$data" --skip "$(field 5)" --limit 1 \
		--outputs "$work/out.npy" --format=json >"$work/eval.json"
	grep -q '"mapped": 1, "planned": 1, "bundle": 1}' "$work/eval.json" || {
		echo "the bundle differs from the evaluator:"
		cat "$work/eval.json"
		exit 1
	}
}

if [ -n "${CHECK:-}" ]; then
	check
	exit 0
fi
[ $# -gt 0 ] || set -- mobilenet_v2_100_224 resnet50 mobilenet_v1_025_224 \
	tiny_ic_resnet8
echo "| network | L1, kB | peak L1 | peak L2 | ms | at least, of |" \
	"to room for all | DMA, kB | constants + inputs + outputs + values |" \
	"DMA / bound |"
echo "|---|---|---|---|---|---|---|---|---|---|"
for net; do
	find_network
	make_map
	for size in ${SIZES:-512 256 128 64}; do
		row "$size"
	done
done
