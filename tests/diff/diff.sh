#!/bin/sh
# diff.sh IMCC DIFF_TOOL: imcc diff finds the layer that goes wrong, and why.
imcc=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
tool=$(cd "$(dirname "$2")" && pwd)/$(basename "$2")
digits=$(cd "$(dirname "$0")/../../examples/digits" && pwd) || exit 1
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
cd "$tmp" || exit 1
n=0
failed=0

# ok WHAT COMMAND...
ok() {
	what=$1
	shift
	n=$((n + 1))
	"$@" && return
	failed=$((failed + 1))
	echo "$what: failed: $*"
	cat out.txt
}

# compare MODEL BUNDLE DATA OPTION...: text in out.txt, JSON in out.json
compare() {
	model=$1 bundle=$2 data=$3
	shift 3
	"$imcc" diff "$model" "$bundle" --data "$data" "$@" >out.txt &&
		"$imcc" diff "$model" "$bundle" --data "$data" --format json \
			"$@" >out.json
}

has() {
	grep -q -e "$1" out.txt
}

says() {
	grep -q -e "$1" out.json
}

# number KEY of the level LEVEL (or own) of layer LAYER
number() {
	awk -v layer="\"name\": \"$3\"" -v level="\"$2\": {" -v key="\"$1\": " '
		index($0, layer) { here = 1 }
		here && index($0, level) {
			sub(".*" key, ""); sub(/[,}].*/, ""); print; exit
		}' out.json
}

below() {
	awk -v a="$1" -v b="$2" 'BEGIN { exit !(a + 0 < b + 0) }'
}

fits() {
	awk 'length($0) > 100 { exit 1 }' out.txt
}

# a good network: all levels agree, nothing falls apart
"$imcc" compile "$digits/digits.onnx" -t garofalo-1 -o good \
	--calib "$digits/calib_x.npy" >/dev/null || exit 1
ok runs compare "$digits/digits.onnx" good "$digits/test_x.npy" --limit 70
ok "is JSON" "$tool" json out.json
ok "equal levels" has "the bundle gives the quantised network's codes, bit for"
ok "equal levels" says '"other_from": {"bundle": null}\|"bundle": null'
ok "nothing falls apart" has '^no layer falls below 10 dB'
ok "what adds most" has "^of all layers '/features/features.5/.*' adds most: "
ok "nothing is marked" [ "$(grep -c '^>' out.txt)" = 0 ]
ok "100 columns" fits
ok "the float input" below 50 "$(number sqnr_db own image)"
cp out.json all.json

# the figures do not depend on the threads, and one sample is one of all
IMC_THREADS=1 "$imcc" diff "$digits/digits.onnx" good --limit 70 \
	--data "$digits/test_x.npy" --format json >out.json
ok "threads" cmp all.json out.json
ok "a part" compare "$digits/digits.onnx" good "$digits/test_x.npy" --limit 5 \
	--skip 3 --layers '*/Add'
ok "as many layers" [ "$(grep -c '/Add"$\|"name"' out.json)" = 2 ]

# with noise: arrays get worse, what is before them does not
mixed=/features/features.3/layers/layers.6/Conv
first=/features/features.0/Conv
printf 'name: none\n' >none.yaml
ok "no noise" compare "$digits/digits.onnx" good "$digits/test_x.npy" \
	--limit 20 --noise none.yaml
ok "the quantised network" [ "$(number sqnr_db noisy $mixed)" = \
	"$(number sqnr_db quantised $mixed)" ]
ok "its codes" says '"noisy": null'
ok "nothing is added" has '^ features.3/layers.6 crossbar .* exact '
ok "noise" compare "$digits/digits.onnx" good "$digits/test_x.npy" \
	--limit 20 --noise pcm --time 1day
ok "is JSON" "$tool" json out.json
ok "100 columns" fits
ok "where it begins" says "\"noisy\": \"$mixed\""
ok "not before" [ "$(number sqnr_db noisy $first)" = \
	"$(number sqnr_db quantised $first)" ]
ok "less" below "$(number sqnr_db noisy $mixed)" \
	"$(number sqnr_db quantised $mixed)"
ok "its devices alone" below "$(number noise_db own $mixed)" 25
ok "no devices" [ "$(number noise_db own /features/features.3/Add)" = null ]
ok "in words" has "; devices of '"
ok "the bundle is as it was" has '^the bundle gives the quantised'
cp out.json noisy.json
devices=$(number noise_db own $mixed)
IMC_THREADS=1 "$imcc" diff "$digits/digits.onnx" good --limit 20 --noise pcm \
	--time 1day --data "$digits/test_x.npy" --format json >out.json
ok "threads" cmp noisy.json out.json
ok "another seed" compare "$digits/digits.onnx" good "$digits/test_x.npy" \
	--limit 20 --noise pcm --time 1day --seed 2
ok "other devices" [ "$(number noise_db own $mixed)" != "$devices" ]

# a threshold that a layer does not reach
ok threshold compare "$digits/digits.onnx" good "$digits/test_x.npy" \
	--limit 20 --threshold 30
ok "one is marked" [ "$(grep -c '^>' out.txt)" = 1 ]
ok "bits are to blame" has 'from weights of 4 bits'

# a layer with wrong cells: the bundle goes wrong there, and only the bundle
layer=/features/features.5/layers/layers.6/Conv
cp -r good bad
"$tool" change bad digits "$layer" || exit 1
ok "runs" compare "$digits/digits.onnx" bad "$digits/test_x.npy" --limit 20
ok "it begins there" has "the bundle differs .* from '$layer' on"
ok "is JSON" "$tool" json out.json
ok "is JSON too" says "\"bundle\": \"$layer\""
ok "not before" [ "$(number other_codes bundle \
	/features/features.5/layers/layers.3/Conv)" = 0 ]
ok "but there" below 0.5 "$(number other_codes bundle "$layer")"
ok "float is as far" below 15 "$(number sqnr_db quantised "$layer")"
ok "from the network" below "$(number sqnr_db bundle "$layer")" 3

# a layer whose weights do not fit its bits
"$tool" model bad.onnx && "$tool" data x.npy || exit 1
# Nothing else makes up for the outlier.
"$imcc" compile bad.onnx -t garofalo-1 -o net --calib x.npy \
	--rounding=nearest --equalise=off \
	--conv-engine=crossbar >/dev/null || exit 1
ok "runs" compare bad.onnx net x.npy
ok "marked" has '^>second '
ok "by its weights" has '^>second .* weights '
ok "in words" says '"first": "second"'
ok "whose fault" says '"from": "second"'
ok "why" says '"reason": ".* % of it from weights of 4 bits.*the largest is'
ok "the worst" says '"worst": "second"'
ok "the one before is sound" below 15 "$(number sqnr_db own first)"

# steps that others chose are errors, as its own are
"$tool" qdq qdq.onnx && "$imcc" compile qdq.onnx -t sram-imc -o steps \
	--calib x.npy >/dev/null 2>&1 || exit 1
ok "runs" compare qdq.onnx steps x.npy
ok "its input" below 30 "$(number sqnr_db quantised x)"
ok "a layer" below 15 "$(number sqnr_db quantised first)"
ok "which is not exact" below "$(number sqnr_db quantised first)" 60
ok "the bundle" has '^the bundle gives the quantised'

echo "$n checks, $failed failed"
[ "$failed" = 0 ]
