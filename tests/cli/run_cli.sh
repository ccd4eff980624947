#!/bin/sh
# run_cli.sh IMCC: what the command line says to wrong usage and to --help.
imcc=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
n=0
failed=0

# check STATUS STDERR ARGUMENT...: exact exit status and standard error
check() {
	status=$1
	want=$2
	shift 2
	n=$((n + 1))
	(cd "$tmp" && "$imcc" "$@") >"$tmp.out" 2>"$tmp.err" </dev/null
	got=$?
	if [ "$got" != "$status" ] || [ "$(cat "$tmp.err")" != "$want" ]; then
		failed=$((failed + 1))
		echo "imcc $*: status $got, not $status; it said:"
		cat "$tmp.err"
		echo "and not:"
		echo "$want"
	fi
}

# shows PATTERN ARGUMENT...: status 0, and a line of stdout that matches
shows() {
	pattern=$1
	shift
	n=$((n + 1))
	if ! "$imcc" "$@" >"$tmp.out" 2>"$tmp.err" ||
		! grep -q -e "$pattern" "$tmp.out" || [ -s "$tmp.err" ]; then
		failed=$((failed + 1))
		echo "imcc $*: no line '$pattern' in:"
		cat "$tmp.out" "$tmp.err"
	fi
}

usage() {
	echo "imcc: error: $2"
	echo "try 'imcc ${1:+$1 }--help'"
}

check 2 "$(usage '' "unknown command 'compil': did you mean 'compile'?")" \
	compil x
check 2 "$(usage '' "unknown command '--frob'")" --frob
check 2 "$(usage compile "unknown option '--calb': did you mean '--calib'?")" \
	compile m.onnx --calb x.npy
check 2 "$(usage compile "unknown option '-z'")" compile m.onnx -z
check 2 "$(usage targets "unknown option '--target'")" targets --target=x
check 2 "$(usage compile "option '--calib' needs a value: X.npy")" \
	compile m.onnx --calib
check 2 "$(usage compile "option '--spill' takes no value")" \
	compile m.onnx --spill=yes
check 2 "$(usage compile "missing argument: MODEL.onnx|MODULE.imc")" compile
check 2 "$(usage compile "surplus argument 'b.onnx'")" compile a.onnx b.onnx
check 2 "$(usage targets "surplus argument 'y'")" targets x y
check 2 "$(usage targets "option '--set' has value 'l1.banks=8'; wanted a \
target to change")" targets --set l1.banks=8
check 1 "imcc: error: unknown target 'x'; known are bruschi-512, diana, garofalo-1, \
garofalo-34, lrmp, pulp-ima, rram-sram, sram-imc, or a .yaml file" targets x
check 2 "$(usage compile "missing option: -t TARGET")" compile m.onnx -o d
check 2 "$(usage compile "missing option: -o DIR")" \
	compile m.onnx -t garofalo-1
check 2 "$(usage eval "missing option: --data X.npy")" eval m.onnx
check 2 "$(usage compile "option '--weight-bits' has value 'many'; wanted an \
integer of 2 to 8")" compile m.onnx -t garofalo-1 -o d --weight-bits many
check 2 "$(usage compile "option '--act-bits' has value '9'; wanted an \
integer of 2 to 8")" compile m.onnx -t lrmp -o d --act-bits 9
check 2 "$(usage compile "option '--budget-bits' has value '1.5'; wanted a \
number of 2 to 8")" compile m.onnx -t lrmp -o d --budget-bits 1.5
check 2 "$(usage compile "option '--max-drop' has value '-1'; wanted a \
number of 0 to 100")" compile m.onnx -t lrmp -o d --max-drop=-1
check 2 "$(usage compile "option '--trials' has value '0'; wanted an \
integer of 1 to 1000")" compile m.onnx -t lrmp -o d --trials 0
check 2 "$(usage compile "option '--replicas' has value '0'; wanted an \
integer of 1 to 65536")" compile m.onnx -t lrmp -o d --replicas 0
check 2 "$(usage compile "option '--errors' has value 'none'; wanted \
measured|equal")" compile m.onnx -t lrmp -o d --errors none
check 2 "$(usage compile "option '--solver-time' has value '0'; wanted a \
number of 0.001 to 1e+06")" compile m.onnx -t lrmp -o d --solver-time 0
check 2 "$(usage compile "option '--min-throughput' has value 'x'; wanted a \
number of 1e-06 to 1e+12")" compile m.onnx -t lrmp -o d --min-throughput x
check 2 "$(usage compile "option '--percentile' has value '101'; wanted a \
number of 50 to 100")" compile m.onnx -tgarofalo-1 -od --percentile=101
check 2 "$(usage compile "option '--post' has value 'analog'; wanted \
auto|digital|adc")" compile m.onnx -t garofalo-1 -o d --post analog
check 2 "$(usage compile "option '--mean' has value '1,2,'; wanted 1 to 4 \
numbers: A,B,C")" compile m.onnx -t garofalo-1 -o d --mean=1,2,
check 2 "$(usage compile "option '--std' has value '1,0'; wanted numbers \
above 0")" compile m.onnx -t garofalo-1 -o d --std=1,0
check 2 "$(usage compile "option '--set' has value 'ima.arrays'; wanted \
KEY=VALUE")" compile m.onnx -t garofalo-1 -o d --set ima.arrays
check 2 "$(usage compile "option '--stop-after' has value 'quantize'; wanted \
a pass, such as 'quantise'")" \
	compile m.onnx -t garofalo-1 -o d --stop-after quantize
check 2 "$(usage compile "option '--target' has value 'garofalo-1'; wanted \
none: a module has its own")" compile m.imc -t garofalo-1 -o d
check 2 "$(usage report "option '--format' has value 'xml'; wanted \
text|json")" report d --format=xml

check 2 "$(usage zoo "missing option: -o X.onnx")" zoo resnet8
check 2 "$(usage zoo "missing argument: NAME")" zoo -o x.onnx
check 2 "$(usage zoo "missing argument: NAME")" zoo --list --features
check 2 "$(usage zoo "surplus argument 'mlp'")" zoo resnet8 mlp
check 2 "$(usage zoo "unknown network 'resnet34x'; did you mean 'resnet34'?")" \
	zoo resnet34x -o x.onnx
check 2 "$(usage zoo "option '--output' has value ''; wanted a file")" \
	zoo resnet8 --output=
check 2 "$(usage zoo "option '--features' is not for bottleneck, but for \
mobilenet_v2, resnet18, resnet34, resnet50, resnet101, vgg11, squeezenet1_1, \
resnet8, resnet20, ds_cnn, mobilenet_v1_025")" zoo bottleneck --features -o x.onnx
check 2 "$(usage zoo "option '--channels' is not for resnet8, but for mlp, \
pointwise, bottleneck")" zoo resnet8 --channels=8,8 -o x.onnx
check 2 "$(usage zoo "option '--channels' has value '8,0'; wanted 2 integers \
of 1 to 65536: A,B")" zoo pointwise --channels=8,0 -o x.onnx
for list in 8,8,8 8 8, ,8 8,65537 8,+8 8,x 8x8 ''; do
	check 2 "$(usage zoo "option '--channels' has value '$list'; wanted 2 \
integers of 1 to 65536: A,B")" zoo bottleneck "--channels=$list" -o x.onnx
done
check 2 "$(usage zoo "option '--channels' has value '10'; wanted 2 to 32 \
integers of 1 to 65536: A,B,...")" zoo mlp --channels=10 -o x.onnx
long=1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1
check 2 "$(usage zoo "option '--channels' has value '$long,$long,1'; wanted 2 \
to 32 integers of 1 to 65536: A,B,...")" \
	zoo mlp "--channels=$long,$long,1" -o x.onnx
check 2 "$(usage zoo "option '--width' has value 'nan'; wanted a number of \
0.05 to 8")" zoo mobilenet_v2 --width=nan -o x.onnx
check 2 "$(usage zoo "option '--resolution' has value '31'; wanted an integer \
of 32 to 4096")" zoo resnet18 --resolution=31 -o x.onnx
check 2 "$(usage zoo "option '--resolution' has value '256'; wanted a \
multiple of 224")" zoo vgg11 --resolution=256 -o x.onnx
check 2 "$(usage zoo "option '--seed' has value '-1'; wanted an integer of 0 \
to 9223372036854775807")" zoo resnet8 --seed=-1 -o x.onnx
check 1 "imcc: error: cannot write 'no/x.onnx': No such file or directory" \
	zoo resnet8 -o no/x.onnx
check 1 "imcc: error: cannot write '.': Is a directory" zoo resnet8 -o .
check 1 "imcc: error: cannot write '/dev/null': it is no regular file" \
	zoo resnet8 -o /dev/null

check 1 "missing.onnx: error: cannot read: No such file or directory" \
	compile missing.onnx -t garofalo-1 -o d
check 1 "missing.onnx: error: cannot read: No such file or directory" \
	info missing.onnx
check 1 "imcc: error: cannot write 'no/where': No such file or directory" \
	compile missing.onnx -t garofalo-1 -o no/where
: >"$tmp/file"
check 1 "imcc: error: cannot write 'file': Not a directory" \
	compile missing.onnx -t garofalo-1 -o file
check 1 "imcc: error: cannot write 'file/d': Not a directory" \
	compile missing.onnx -t garofalo-1 -o file/d
mkdir "$tmp/full"
: >"$tmp/full/precious"
check 1 "imcc: error: 'full' is not empty and holds no older bundle; name \
another folder" compile missing.onnx -t garofalo-1 -o full
check 1 "full: error: no bundle of imcc: it has no report.txt" report full
check 1 "full: error: no bundle of imcc: it has no module/NAME.imc" \
	eval full --data x.npy
if [ -e "$tmp/x.onnx" ]; then
	failed=$((failed + 1))
	echo "wrong usage of imcc zoo left a file"
fi
if [ -e "$tmp/d" ] || [ ! -e "$tmp/full/precious" ]; then
	failed=$((failed + 1))
	echo "a failed compile left a folder, or removed a file"
fi

shows '^imcc [0-9.]*$' --version
shows '^usage: imcc COMMAND' --help
shows '^usage: imcc compile MODEL.onnx|MODULE.imc -t TARGET -o DIR' \
	compile --help
shows '^  -o, --output=DIR  *folder of the bundle' compile -h
shows '^      --skip=N  *leave out' eval --help
shows '^garofalo-34  .* 34 arrays of 256x256, 4-bit cells' targets
shows '^conv2d  *Conv  *matrix' ops
shows '^usage: imcc zoo \[NAME\] \[OPTION\]' zoo --help
shows '^  -o, --output=X.onnx  *the file to write' zoo --help
shows '^resnet18  *1x3x224x224  *11689512  *1814073344  ResNet-18 ' zoo
shows '^resnet18  *1x3x32x32  *11689512  *37' zoo resnet18 --resolution=32 --list
shows '^2-quant  *calibrate  *nhwc  *ranged  *range of every' passes
for command in compile eval report info zoo targets ops passes; do
	shows '-h, --help  *print this help' "$command" --help
	# help fits a terminal
	if grep -q '.\{81\}' "$tmp.out"; then
		failed=$((failed + 1))
		echo "imcc $command --help is wider than 80 columns"
	fi
done

"$imcc" >"$tmp.out" 2>"$tmp.err"
if [ $? != 2 ] || [ -s "$tmp.out" ] || ! grep -q '^usage' "$tmp.err"; then
	failed=$((failed + 1))
	echo "imcc alone does not print usage on stderr with status 2"
fi

rm -f "$tmp.out" "$tmp.err"
echo "$n checks, $failed failed"
[ "$failed" = 0 ]
