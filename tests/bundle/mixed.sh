#!/bin/sh
# mixed.sh IMCC CELLS NETWORK WORK-FOLDER: a network with bits and copies of its
# own in each layer, compiled, built in an empty folder and run. Quantised
# graph, map, plan and bundle agree bit for bit; the images hold the bits that
# were chosen, and the report says which.
# NETWORK: digits, or a network of ../shared/models of the source
# (IMCC_SHARED: of that folder), which is skipped where it is not there.
# BITS: the budget of digits; SAMPLES: how many run.
# IMCC_RELEASE: an imcc that is used instead for the larger networks.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
shared=${IMCC_SHARED:-$here/../../../shared/models}
imcc=$1 cells=$2 net=$3 work=$4
samples=${SAMPLES:-5}

fail()
{
	echo "$net: $*"
	exit 1
}

[ "$net" = digits ] || imcc=${IMCC_RELEASE:-$imcc}

# the network, its data, and what is asked for
rgb="--scale 0.00392156862745098 --mean 0.485,0.456,0.406
	--std 0.229,0.224,0.225"
drop="--max-drop=1 --trials=3 --limit=20 --calib-limit=20"
data=$shared/data
onnx=$shared/models/$net/model.onnx
x=$data/cifar10_test600_x.npy
case $net in
digits)
	data=$here/../../examples/digits
	onnx=$data/digits.onnx
	x=$data/test_x.npy calib=$data/calib_x.npy
	options="--budget-bits=${BITS:-5} --tiles=200" ;;
resnet20_cs)
	calib=$data/cifar10_calib500_x.npy
	options="$drop $rgb --data=$calib --labels=${calib%_x.npy}_y.npy" ;;
tiny_ic_resnet8)
	calib=$data/cifar10_calib500_x.npy
	options="$drop --data=$calib --labels=${calib%_x.npy}_y.npy" ;;
*) fail "unknown" ;;
esac
for file in "$onnx" "$x" "$calib"; do
	[ -e "$file" ] || { echo "skipped: no $file"; exit 77; }
done

rm -rf "$work"
mkdir -p "$work"
work=$(cd "$work" && pwd)
cd "$work"
# shellcheck disable=SC2086
"$imcc" compile "$onnx" -t lrmp -o bundle --calib "$calib" $options \
	>compile.log 2>&1 || fail "$(cat compile.log)"
name=$(ls bundle/module | sed -n 's/\.imc$//p')

# the bundle, alone in an empty folder; no environment but PATH
mkdir empty
mv bundle empty
warnings="-O1 -Wall -Wextra -Wpedantic -Werror"
# run OUTPUT [LATE]
run()
{
	env -i PATH="$PATH" ${2:+"IMC_LATE=1"} make -s -C empty/bundle run \
		CFLAGS="$warnings" INPUT="$x" OUTPUT="$work/$1" \
		LIMIT="$samples" >run.log 2>&1 || fail "$(cat run.log)"
}
run y.npy
run late.npy late
cmp y.npy late.npy
"$imcc" eval empty/bundle --data "$x" --limit "$samples" --outputs y.npy \
	--model "$onnx" --format=json >y.json
grep -q "\"identical\": {\"mapped\": $samples, \"planned\": $samples, \
\"bundle\": $samples}" y.json || fail "$(cat y.json)"

# what the cells hold, and the same layers in the report
"$cells" empty/bundle "$name" >all.txt || fail "cells are wrong"
grep '^"' all.txt >cells.txt
awk '/^  "layers": \[/ { on = 1 }
	on && /^      "/ {
		key = $1
		value = $0
		sub(/^ *"[a-z_]*": /, "", value)
		sub(/,$/, "", value)
		gsub(/[":]/, "", key)
		of[key] = value
	}
	on && /^    }/ && of["engine"] == "\"crossbar\"" {
		print of["name"], of["weight_bits"], of["act_bits"],
			of["replicas"], of["arrays"]
		if (!(of["stage_us"] > 0) || of["bound_by"] !~ /^"[a-z]/ ||
		    of["tiles"] != of["arrays"])
			exit 1
	}' empty/bundle/report.json >report.txt ||
	fail "the report has no stage of $(tail -n 1 report.txt)"
cmp cells.txt report.txt
for column in 2 3; do
	[ "$(awk -v c=$column '{ print $c }' report.txt | sort -u | wc -l)" \
		-gt 1 ] || fail "bits (column $column) are all the same"
done
awk '$4 > 1 { n++ } END { exit !n }' report.txt || fail "no copies"

# the code says what was chosen, in lines that can be read
source=empty/bundle/src/$name.c
grep -c 'weights of [1-8] bits, inputs of [1-8], ' "$source" >n.txt ||
	fail "no comment names the bits"
[ "$(cat n.txt)" = "$(grep -c . cells.txt)" ] || fail "a layer has no comment"
grep -q ', [0-9]* copies of [0-9]* tiles' "$source" ||
	fail "no comment names the copies"
! sed 's/	/        /g' "$source" "empty/bundle/include/$name.h" |
	grep -n '.\{81\}' || fail "lines of more than 80 columns"
