#!/bin/sh
# faults.sh IMCC MAKE_MODELS: bad input to the whole pipeline. Each case has
# one exact message, exit status 1 (2: wrong usage), and leaves no file.
imcc=$1
make_models=$2
digits=$(cd "$(dirname "$0")/../../examples/digits" && pwd)
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
n=0
failed=0

# fault STATUS STDERR ARGUMENT...: run where all files are
fault() {
	status=$1
	want=$2
	shift 2
	n=$((n + 1))
	ls -AR . >"$tmp/before"
	"$imcc" "$@" >"$tmp/out" 2>"$tmp/err" </dev/null
	got=$?
	ls -AR . >"$tmp/after"
	if [ "$got" != "$status" ] || [ "$(cat "$tmp/err")" != "$want" ]; then
		failed=$((failed + 1))
		echo "imcc $*: status $got, not $status; it said:"
		cat "$tmp/err"
		echo "and not:"
		echo "$want"
	fi
	if [ -s "$tmp/out" ]; then
		failed=$((failed + 1))
		echo "imcc $*: said on standard output: $(cat "$tmp/out")"
	fi
	if ! cmp -s "$tmp/before" "$tmp/after"; then
		failed=$((failed + 1))
		echo "imcc $*: left files: $(diff "$tmp/before" "$tmp/after")"
	fi
}

# on STATUS STDERR OPTION...: the example, which is right but for the options
on() {
	status=$1
	want=$2
	shift 2
	fault "$status" "$want" compile digits.onnx --calib calib_x.npy "$@"
}

mkdir "$tmp/work"
cd "$tmp/work" || exit 1
cp "$digits/digits.onnx" "$digits"/*.npy "$digits/data.yaml" .
"$make_models" . || exit 1
t="-t garofalo-34"

# the model
fault 1 "no.onnx: error: cannot read: No such file or directory" \
	compile no.onnx $t -o d
damaged="not a readable ONNX model: it is damaged, cut off, or no ONNX file"
for size in 1 100 5000 60000; do
	head -c $size digits.onnx >cut.onnx
	fault 1 "cut.onnx: error: $damaged" compile cut.onnx $t -o d
done
fault 1 "data.yaml: error: $damaged" compile data.yaml $t -o d
fault 1 ".: error: cannot read: it is a directory" compile . $t -o d
unsupported="unsupported.onnx: node 0 (LSTM 'memory'): error: unsupported \
operator: recurrent layers are not supported; unroll it into MatMul, Add and \
activations before exporting
unsupported.onnx: node 2 (Sigmiod 'Sigmiod_2'): error: unsupported operator: \
there is no 'Sigmiod' here; did you mean 'Sigmoid'? else express it with \
simpler operators, or cut the network before it
unsupported.onnx: node 3 (Magic 'm'): error: unsupported operator: the \
operators of domain 'acme' are not supported; export it with standard ONNX \
operators"
fault 1 "$unsupported" compile unsupported.onnx $t -o d
fault 1 "dynamic.onnx: error: dimension 3 of input 'x' is not fixed; it is \
'width' there: export the network with a fixed shape" \
	compile dynamic.onnx $t -o d

# the target
printf 'name: mine\nima:\n  rowz: 64\n' >key.yaml
on 1 "key.yaml:3:3: error: unknown key 'ima.rowz'; did you mean 'ima.rows'?" \
	-t key.yaml -o d
on 1 "imcc: error: unknown target 'garofalo-35'; known are bruschi-512, diana, \
garofalo-1, garofalo-34, lrmp, pulp-ima, rram-sram, sram-imc, or a .yaml file; did you mean 'garofalo-34'?" -t garofalo-35 -o d
on 1 "--set: error: unknown key 'ima.arays'; did you mean 'ima.arrays'?" \
	$t -o d --set ima.arays=3
on 1 "--set: error: ima.arrays: expected a whole number, found 'many'" \
	$t -o d --set ima.arrays=many
on 1 "digits.onnx: error: the network needs 6 crossbar arrays, garofalo-34 \
has 2; without the missing ones 25 % of its multiply-accumulates would run on \
the cores: allow that with --spill, or try --set ima.arrays=6 or fewer weight \
bits" $t -o d --set ima.arrays=2 --set ima.rows=64 --set ima.cols=64 \
	--set core.conv_macs_per_cycle=1

# data
on 1 "no.npy: error: cannot read: No such file or directory" \
	$t -o d --calib no.npy
shape="data of shape [500] does not fit input 'image'; wanted [N, 1, 8, 8] or \
[N, 8, 8, 1]"
on 1 "test_y.npy: error: $shape" $t -o d --calib test_y.npy
head -c 1000 calib_x.npy >cut.npy
on 1 "cut.npy: error: not a readable .npy file: shape [100, 1, 8, 8] of u8 \
needs 6400 bytes of data, found 872" $t -o d --calib cut.npy
fault 1 "digits.onnx/x: error: cannot read: Not a directory" \
	eval digits.onnx/x --data test_x.npy

# options and folders
on 2 "imcc: error: option '--weight-bits' has value '99'; wanted an integer of \
2 to 8
try 'imcc compile --help'" $t -o d --weight-bits 99
on 2 "imcc: error: missing option: -o DIR
try 'imcc compile --help'" $t
on 1 "imcc: error: cannot write 'data.yaml/d': Not a directory" \
	$t -o data.yaml/d
on 1 "imcc: error: cannot write 'no/such/d': No such file or directory" \
	$t -o no/such/d
mkdir foreign
: >foreign/precious
on 1 "imcc: error: 'foreign' is not empty and holds no older bundle; name \
another folder" $t -o foreign

# a plan in rows of what no kernel computes by rows
cat >turn.imc <<'END'
imcc-module 1
model "turn"
facts shaped folded canonical nhwc ranged assigned quantised fitted tiled placed planned
graph "turn" nhwc
value %0 "x" i8[1,2,3,1] scale 0x1p-6 zero 0
value %1 "y" i8[1,3,2,1] scale 0x1p-6 zero 0
input %0
output %1
node n0 transpose "turn" (%0) -> (%1) perm=[0,2,1,3]
map "greedy" array_rows=16 array_cols=32 n_array=1
assign n0 cores
plan 2 l1_bytes=128
step load %0 scratch=-1
step run n0 n_row=3 scratch=-1
step store %1 scratch=-1
buffer l1 %0 lines=2 size_bytes=6 last=1
buffer l1 %1 lines=3 offset=64 size_bytes=6 first=1 last=2
END
fault 1 "imcc: error: internal check failed: step 1 cannot run by rows" \
	compile turn.imc -o d

# what a node off the crossbars says of tiles is not looked at
sed 's/ n_row=3//; s/^assign n0 cores/& first_tile=1000000000 n_tile=7/' \
	turn.imc >whole.imc
"$imcc" compile whole.imc -o whole >/dev/null || failed=$((failed + 1))

# a bundle that is there outlives a compile that fails
"$imcc" compile digits.onnx --calib calib_x.npy $t -o kept >/dev/null
cp -r kept copy
on 1 "test_y.npy: error: $shape" $t -o kept --calib test_y.npy
diff -r kept copy || failed=$((failed + 1))

# what eval is given for a bundle
outputs="what 'make run' of the bundle writes for the same samples"
fault 1 "test_x.npy: error: outputs of u8 [500, 1, 8, 8]; wanted f32 [500, \
10]: $outputs" eval kept --data test_x.npy --outputs test_x.npy
fault 1 "test_y.npy: error: outputs of i32 [500]; wanted f32 [7, 10]: \
$outputs" eval kept --data test_x.npy --limit 7 --outputs test_y.npy
fault 1 "test_y.npy: error: outputs of i32 [500]; wanted f32 [2, 10]: \
$outputs" eval digits.onnx --data test_x.npy --skip 498 --outputs test_y.npy
fault 1 "no.npy: error: cannot read: No such file or directory" \
	eval kept --data test_x.npy --outputs no.npy
fault 1 "test_x.npy: error: --skip 500 leaves no sample of 500" \
	eval kept --data test_x.npy --skip 500
fault 1 "test_y.npy: error: $shape" eval kept --data test_y.npy
fault 1 "calib_x.npy: error: labels of shape [100, 1, 8, 8]; wanted [N], one \
for each sample" eval kept --data test_x.npy --labels calib_x.npy
fault 1 "test_y.npy: error: 500 labels for 100 samples; give one \
for each" eval kept --data calib_x.npy --labels test_y.npy
: >kept/data/digits_xbar0.bin
fault 1 "kept/data/digits_xbar0.bin: error: not a readable crossbar image: it \
is cut off" eval kept --data test_x.npy

cd / || exit 1
echo "$n faults, $failed failed"
[ "$failed" = 0 ]
