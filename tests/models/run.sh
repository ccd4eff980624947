#!/bin/sh
# Compiles one network of networks.txt, builds and runs its bundle, and checks
# that quantised graph = map = plan = bundle, bit for bit.
# usage: run.sh IMCC MODEL BITS WORK-FOLDER [LIMIT]
# Prints one line of figures. Skips (exit 77) when the network is not there.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
shared=$here/../../../shared/models
imcc=$1 model=$2 bits=$3 work=$4 limit=${5:-0}

line=$(grep "^$model |" "$here/networks.txt")
field()
{
	echo "$line" | cut -d'|' -f"$1" | sed 's/^ *//; s/ *$//'
}
data=$shared/data/$(field 2)_x.npy
labels=$shared/data/$(field 2)_y.npy
calib=$shared/data/$(field 3)_x.npy
onnx=$shared/models/$model/model.onnx

for file in "$onnx" "$data" "$calib"; do
	[ -e "$file" ] || { echo "skipped: no $file"; exit 77; }
done
set -- $(field 6)
offset=
pre=
while [ $# -gt 0 ]; do
	if [ "$1" = --label-offset ]; then
		offset="$1 $2"
	else
		pre="$pre $1 $2"
	fi
	shift 2
done
arrays=34
[ "$bits" = 8 ] && arrays=$(field 7)
labelled=
[ -e "$labels" ] && labelled="--labels $labels"

bundle=$work/$model.$bits
rm -rf "$bundle" "$bundle.npy"
mkdir -p "$work"
start=$(date +%s.%N)
# shellcheck disable=SC2086
"$imcc" compile "$onnx" -t garofalo-34 -o "$bundle" --calib "$calib" \
	--calib-limit "$(field 4)" --weight-bits "$bits" \
	--set "ima.arrays=$arrays" $pre >"$bundle.log" 2>&1 ||
	{ cat "$bundle.log"; exit 1; }
seconds=$(echo "$(date +%s.%N) $start" | awk '{printf "%.1f", $1 - $2}')

make -s -C "$bundle" run INPUT="$data" OUTPUT="$bundle.npy" \
	SKIP="$(field 5)" LIMIT="$limit"
# shellcheck disable=SC2086
"$imcc" eval "$bundle" --data "$data" $labelled $offset --skip "$(field 5)" \
	--limit "$limit" --model "$onnx" --outputs "$bundle.npy" \
	--format=json >"$bundle.json"

value()
{
	sed -n "s/.*\"$1\": *\([-0-9.]*\).*/\1/p" "$2" | head -n 1
}
n=$(value n "$bundle.json")
for level in mapped planned bundle; do
	same=$(sed -n '/"identical"/,/}/p' "$bundle.json" |
		sed -n "s/.*\"$level\": *\([0-9]*\).*/\1/p")
	[ "$same" = "$n" ] || {
		echo "$model: only $same of $n outputs of '$level' equal the quantised graph"
		exit 1
	}
done
echo "$model $bits bit: n $n, float $(value float "$bundle.json")," \
	"quantised $(value quantised "$bundle.json")," \
	"mapped $(value mapped "$bundle.json")," \
	"arrays $(value used "$bundle/report.json")," \
	"$(value latency_ms "$bundle/report.json") ms," \
	"$(value energy_uj "$bundle/report.json") uJ," \
	"compiled in $seconds s, bundle = evaluator"
