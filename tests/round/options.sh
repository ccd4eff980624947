#!/bin/sh
# options.sh IMCC: --rounding and --bias-correction, also of dumps.
imcc=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
digits=$(cd "$(dirname "$0")/../../examples/digits" && pwd)
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
cd "$tmp" || exit 1
cp "$digits/digits.onnx" "$digits"/*.npy .
failed=0

# ok WHAT COMMAND...: it succeeds
ok() {
	what=$1
	shift
	"$@" >out.txt 2>err.txt </dev/null && return
	failed=$((failed + 1))
	echo "$what: $*"
	cat err.txt
}

# model OPTION...: as far as the rounding, into the folder d
model() {
	rm -rf d
	"$imcc" compile digits.onnx --calib calib_x.npy --calib-limit 20 \
		--stop-after=round_weights -o d "$@"
}

# rounded: weights have scales
rounded() {
	grep -q '^const .* scales %' d/*.round_weights.imc
}

not() {
	! "$@"
}

ok "arrays" model -t garofalo-34
ok "are compensated for" rounded
cp d/*.imc auto.imc
ok "by name" model -t garofalo-34 --rounding=compensate
ok "the same" grep -q 'options .*rounding=1' d/*.imc
sed '/^options/d' auto.imc >a.imc
sed '/^options/d' d/*.imc >b.imc
ok "as before" cmp a.imc b.imc
ok "nearest" model -t garofalo-34 --rounding=nearest
ok "nothing is rounded" not rounded
ok "a spatial machine" model -t lrmp --weight-bits=4
ok "has its own rounding" not rounded
ok "or the other one" model -t lrmp --weight-bits=4 --rounding=compensate
ok "which is done" rounded
ok "no samples" "$imcc" compile digits.onnx -t garofalo-34 \
	--stop-after=round_weights -o d
ok "no rounding" not rounded
ok "biases" model -t garofalo-34
grep 'bias"' d/*.imc >with.txt
ok "biases" model -t garofalo-34 --bias-correction=off
ok "are rounded" rounded
ok "and stay" grep -q 'no_bias_correction=1' d/*.imc
grep 'bias"' d/*.imc >without.txt
ok "or change" not cmp -s with.txt without.txt

# one thread or three
ok "one thread" env IMC_THREADS=1 "$imcc" compile digits.onnx -t garofalo-34 \
	--calib calib_x.npy --calib-limit 20 --stop-after=round_weights -o one
ok "three threads" env IMC_THREADS=3 "$imcc" compile digits.onnx \
	-t garofalo-34 --calib calib_x.npy --calib-limit 20 \
	--stop-after=round_weights -o three
ok "the same module" cmp one/*.round_weights.imc three/*.round_weights.imc
ok "and constants" cmp one/*.round_weights.bin three/*.round_weights.bin

# a dump from before can still be told, one from after not
ok "a dump" "$imcc" compile digits.onnx -t garofalo-34 --calib calib_x.npy \
	--calib-limit 20 --stop-after=choose_engine -o before
ok "goes on" "$imcc" compile before/*.imc --calib calib_x.npy \
	--calib-limit 20 --stop-after=round_weights -o after
ok "as the whole" cmp after/*.round_weights.imc one/*.round_weights.imc
"$imcc" compile after/*.imc --rounding=nearest --calib calib_x.npy -o late \
	2>late.txt && failed=$((failed + 1))
ok "it is late" grep -q -- '--rounding' late.txt
"$imcc" compile digits.onnx -t garofalo-34 --rounding=up -o no 2>late.txt &&
	failed=$((failed + 1))
ok "a bad word" grep -q "auto|compensate|nearest" late.txt

# columns of few cells, from the model or from a dump
ok "three cells a column" model -t garofalo-34 --column-cells=3
ok "say so" grep -q '^assign .* column_cells=3' d/*.imc
ok "and cores make the activations" grep -q 'options .*post=1' d/*.imc
cp d/*.imc whole.imc
ok "a dump" "$imcc" compile digits.onnx -t garofalo-34 --calib calib_x.npy \
	--calib-limit 20 --stop-after=calibrate -o ranged
ok "goes on" "$imcc" compile ranged/*.imc --calib calib_x.npy \
	--calib-limit 20 --column-cells=3 --stop-after=round_weights -o after
ok "as the whole" cmp after/*.round_weights.imc whole.imc
"$imcc" compile after/*.imc --column-cells=2 --calib calib_x.npy -o late \
	2>late.txt && failed=$((failed + 1))
ok "it is late" grep -q -- '--column-cells' late.txt
ok "cells that ADCs read exactly" "$imcc" compile digits.onnx -t garofalo-34 \
	--set ima.dac_bits=4 --calib calib_x.npy --calib-limit 20 \
	--column-cells=auto -o exact
ok "are a bundle" "$imcc" eval exact --data test_x.npy --limit 20
ok "and in the report" grep -q '"column_cells": [1-9]' exact/report.json
exit $failed
