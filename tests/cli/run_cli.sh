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
check 2 "$(usage targets "surplus argument 'x'")" targets x
check 2 "$(usage compile "missing option: -t TARGET")" compile m.onnx -o d
check 2 "$(usage compile "missing option: -o DIR")" \
	compile m.onnx -t garofalo-1
check 2 "$(usage eval "missing option: --data X.npy")" eval m.onnx
check 2 "$(usage compile "option '--weight-bits' has value 'many'; wanted an \
integer of 2 to 8")" compile m.onnx -t garofalo-1 -o d --weight-bits many
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
shows '^2-quant  *calibrate  *nhwc  *ranged  *range of every' passes
for command in compile eval report info targets ops passes; do
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
