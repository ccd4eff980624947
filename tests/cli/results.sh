#!/bin/sh
# results.sh IMCC MAKE_MODELS: key lines of what every command prints when all
# is well: status 0, nothing on stderr.
imcc=$1
make_models=$2
digits=$(cd "$(dirname "$0")/../../examples/digits" && pwd)
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
n=0
failed=0

# prints ARGUMENT...: runs; then `line` looks at what it printed
prints() {
	command="imcc $*"
	if ! "$imcc" "$@" >"$tmp/out" 2>"$tmp/err" || [ -s "$tmp/err" ]; then
		failed=$((failed + 1))
		echo "$command: failed, or said:"
		cat "$tmp/err"
	fi
}

# line PATTERN
line() {
	n=$((n + 1))
	grep -q -e "$1" "$tmp/out" && return
	failed=$((failed + 1))
	echo "$command: no line '$1' in:"
	cat "$tmp/out"
}

cd "$tmp" || exit 1
"$make_models" . || exit 1

prints compile "$digits/digits.onnx" -t garofalo-34 -o d \
	--calib "$digits/calib_x.npy"
line '^digits on garofalo-34$'
line '^  arrays    3 of 34$'
line '^  latency   0\.0[0-9]* ms (modelled)$'
line '^  energy    [0-9.]* uJ (modelled)$'
line '^  warnings  0$'
line '^  bundle    d$'
line '^  report    d/report.txt$'

prints report d
cmp -s out d/report.txt || { echo "report is not report.txt"; failed=1; }
line 'garofalo-34'
prints report d --format=json
cmp -s out d/report.json || { echo "report is not report.json"; failed=1; }
line '^  "arrays": {$'
line '^    "used": 3,$'
line '^    "macs": 441472,$'

prints info "$digits/digits.onnx"
line '^  opset      13$'
line '^  input      image f32 \[1, 1, 8, 8\]$'
line '^  output     logits f32 \[1, 10\]$'
line '^  Conv  *14$'
line '^/classifier/Gemm  *Gemm  *128  *10  *1  *1  *1280  *1280$'
line '^MACs       441472$'
line '^parameters 25682$'
prints info two.onnx
line '^  output     picture f32 \[1, 4, 6, 5\]$'
line '^  output     vector f32 \[1, 4, 1, 1\]$'

prints targets
line '^garofalo-1  .* 1 array of 256x256, 4-bit cells'
line '^garofalo-34  .* 34 arrays of 256x256'
line '^diana  .* 1 cluster of 1 core, .* of 1152x512, 2-bit .* array 16x16$'
line '^sram-imc  .* 64 arrays of 256x256, 8-bit .*; no ADC$'
prints targets --explain
line '^  key  *default  *unit  *range  *meaning$'
line '^ima: in-memory accelerator'
line '^  mvm_ns  *130  *ns  *0.001 \.\. 1e+09  *one matrix-vector product'
line '^  aggregate  *no  *-  *no or yes  *a block behind the ADCs'
prints targets diana --set ima.arrays=64
line '^  key  *diana  *default  *unit  *range  *meaning$'
line '^  arrays  *64  *1  *-  *0 \.\. 1000000  *crossbar arrays$'
line '^  rows  *16  *0  *-  *0 \.\. 4096  *input channels taken at once'
prints ops
line '^operator  *ONNX  *kind  *meaning$'
line '^conv2d  *Conv  *matrix '
line '^q_conv2d '
prints passes
line '^stage  *pass  *needs  *makes  *what it does$'
line '^1-graph  *infer_shapes '
line '^4-plan  *schedule  *placed  *planned '

prints eval d --data "$digits/test_x.npy" --labels "$digits/test_y.npy" \
	--model "$digits/digits.onnx"
line '^500 samples$'
line '^level  *top-1  *identical  *agree  *mean |d| relative d$'
line '^float  *98\.80 %$'
line '^mapped  *9[789]\.[0-9]* %  *500  *100\.00 % '
line '^planned  *9[789]\.[0-9]* %  *500  *100\.00 % '
prints eval d --data "$digits/test_x.npy" --labels "$digits/test_y.npy" \
	--model "$digits/digits.onnx" --limit 100 --format=json
f='[0-9.]*'
line "^{\"n\": 100, \"top1\": {\"float\": $f, \"quantised\": $f, \"mapped\": $f, "
line "\"mapped\": $f, \"planned\": $f}, \"identical\": "
line '"identical": {"mapped": 100, "planned": 100}'
prints eval "$digits/digits.onnx" --calib "$digits/calib_x.npy" \
	--data "$digits/test_x.npy" --skip 450 --format=json
line '^{"n": 50, "identical": {"mapped": 50, "planned": 50}, "agree": {'
# a module that is not planned has no such level
"$imcc" compile "$digits/digits.onnx" -t garofalo-34 -o s \
	--calib "$digits/calib_x.npy" --stop-after place_tiles
cp s/*.place_tiles.imc d/module/digits.imc
cp s/*.place_tiles.bin d/module/
prints eval d --data "$digits/test_x.npy" --model "$digits/digits.onnx" \
	--limit 3 --format=json
line '"identical": {"mapped": 3, "planned": null}'

echo "$n lines, $failed failed"
[ "$failed" = 0 ]
