#!/bin/sh
# Compiles one network of networks.txt, builds and runs its bundle, and checks
# that quantised graph = map = plan = bundle, bit for bit.
# usage: run.sh IMCC NETWORK BITS WORK-FOLDER [LIMIT [OPTION-OF-COMPILE...]]
# Prints one line of figures. Skips (exit 77) when the network is not there.
# BITS: of a weight, or auto: as the target has it.
# TARGET: the machine; default garofalo-34 with as many arrays as the network
# wants, else as many as the target has.
# CALIB_LIMIT: calibrate on so many samples, not on those of networks.txt.
# IMCC_RELEASE: an imcc that is used instead for the networks marked large.
# MAX_LOSS: how much accuracy quantising may cost, as a fraction.
# IMCC_SHARED: the folder of the networks, an absolute path; without it that is
# ../shared/models of the source.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
shared=${IMCC_SHARED:-$here/../../../shared/models}
imcc=$1 model=$2 bits=$3 work=$4 limit=${5:-0}
shift 4
[ $# = 0 ] || shift

line=$(grep "^$model |" "$here/networks.txt")
field()
{
	echo "$line" | cut -d'|' -f"$1" | sed 's/^ *//; s/ *$//'
}

# where the network and its data lie
if [ "$model" = digits ]; then
	folder=$here/../../examples/digits
	onnx=$folder/digits.onnx
else
	folder=$shared/data
	onnx=$shared/models/$model/model.onnx
fi
data=$folder/$(field 2)_x.npy
labels=$folder/$(field 2)_y.npy
calib=$folder/$(field 3)_x.npy
for file in "$onnx" "$data" "$calib"; do
	[ -e "$file" ] || { echo "skipped: no $file"; exit 77; }
done

# --label-offset is for eval, all else for compile
offset=
pre=
set_options()
{
	while [ $# -gt 0 ]; do
		case $1 in
		--label-offset) offset="$1 $2" ;;
		*) pre="$pre $1 $2" ;;
		esac
		shift 2
	done
}
# shellcheck disable=SC2046
set_options $(field 6)
target=${TARGET:-garofalo-34}
sizes=
if [ "$target" = garofalo-34 ]; then
	arrays=34
	[ "$bits" = 8 ] && arrays=$(field 7)
	sizes="--set ima.arrays=$arrays"
fi
[ "$bits" = auto ] || sizes="$sizes --weight-bits $bits"
[ "$(field 8)" = large ] && imcc=${IMCC_RELEASE:-$imcc}
labelled=
[ -e "$labels" ] && labelled="--labels $labels"

mkdir -p "$work"
work=$(cd "$work" && pwd)
bundle=$work/$model.$bits
rm -rf "$bundle" "$bundle.npy"
start=$(date +%s.%N)
# shellcheck disable=SC2086
"$imcc" compile "$onnx" -t "$target" -o "$bundle" --calib "$calib" \
	--calib-limit "${CALIB_LIMIT:-$(field 4)}" $sizes $pre "$@" >"$bundle.log" 2>&1 ||
	{ cat "$bundle.log"; exit 1; }
seconds=$(echo "$(date +%s.%N) $start" | awk '{printf "%.1f", $1 - $2}')

make -s -C "$bundle" run INPUT="$data" OUTPUT="$bundle.npy" \
	SKIP="$(field 5)" LIMIT="$limit" >"$bundle.log"
# shellcheck disable=SC2086
"$imcc" eval "$bundle" --data "$data" $labelled $offset --skip "$(field 5)" \
	--limit "$limit" --model "$onnx" --outputs "$bundle.npy" \
	--format=json >"$bundle.json"

# of OBJECT KEY: a number of the evaluation, which is one line
of()
{
	sed -n "s/.*\"$1\": {\([^}]*\)}.*/\1/p" "$bundle.json" | tr , '\n' |
		sed -n "s/^ *\"$2\": *//p"
}
# reported KEY: the first number of that name in the report
reported()
{
	sed -n "s/.*\"$1\": *\([-0-9.e+]*\).*/\1/p" "$bundle/report.json" |
		head -n 1
}
# accuracy LEVEL: or "-", without labels
accuracy()
{
	value=$(of top1 "$1")
	echo "${value:--}"
}
n=$(sed 's/^{"n": \([0-9]*\),.*/\1/' "$bundle.json")
for level in mapped planned bundle; do
	same=$(of identical "$level")
	[ "$same" = "$n" ] || {
		echo "$model: only $same of $n outputs of '$level' equal the" \
			"quantised graph"
		exit 1
	}
done
echo "$model $bits bit: n $n, float $(accuracy float)," \
	"quantised $(accuracy quantised), mapped $(accuracy mapped)," \
	"arrays $(reported used), $(reported latency_ms) ms," \
	"$(reported energy_uj) uJ, compiled in $seconds s, bundle = evaluator"
[ -z "${MAX_LOSS:-}" ] ||
	echo "$(of top1 float) $(of top1 quantised) $MAX_LOSS" |
	awk '$2 < $1 - $3 { print "lost more than " $3; exit 1 }'
