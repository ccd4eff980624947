#!/bin/sh
# choice.sh IMCC: bits and copies chosen from the command line, and again from
# dumps.
. "$(dirname "$0")/../digits.sh"

# ok WHAT COMMAND...: it succeeds
ok() {
	what=$1
	shift
	n=$((n + 1))
	"$@" >out.txt 2>err.txt </dev/null && return
	failed=$((failed + 1))
	echo "$what: $*"
	cat err.txt
}

# compile OPTION...: as far as the choice, into the folder d
compile() {
	"$imcc" compile "$@" --calib calib_x.npy --calib-limit 2 \
		--stop-after=choose_engine -o d
}

model() {
	compile digits.onnx -t lrmp --errors=equal "$@"
}

# What was chosen, without what was asked for and how.
keep() {
	sed '/^options/d' d/*.choose_engine.imc >"$1"
}

# arrays FILE: those that its crossbar nodes take
arrays() {
	sed -n 's/.*arrays  *\([0-9]*\) of.*/\1/p' "$1"
}

ok "a budget" model --arrays=120 --budget-bits=5
keep arrays.imc
ok "another name" model --tiles=120 --budget-bits=5
keep tiles.imc
ok "both are the same" cmp arrays.imc tiles.imc
ok "errors are kept" grep -q '^error n' arrays.imc
ok "the choice has a name" grep -q '^chooser "' arrays.imc

# from a dump with errors of bits, under another budget
ok "errors" "$imcc" compile digits.onnx -t lrmp --errors=equal \
	--budget-bits=7 --calib calib_x.npy --calib-limit 2 \
	--stop-after=measure_errors -o e
rm -rf d
ok "from errors" compile e/*.imc --tiles=120 --budget-bits=5
keep restart.imc
ok "a restart is the same" cmp arrays.imc restart.imc

# from a dump that knows none
ok "no errors" "$imcc" compile digits.onnx -t lrmp --calib calib_x.npy \
	--calib-limit 2 --stop-after=measure_errors -o f
ok "none were asked for" sh -c '! grep -q "^error" f/*.imc'
rm -rf d
ok "errors are made up for" compile f/*.imc --errors=equal --tiles=120 \
	--budget-bits=5
keep late.imc
ok "that is the same too" cmp arrays.imc late.imc

# all the way to a bundle
ok "fewer bits" "$imcc" compile digits.onnx -t lrmp --tiles=120 \
	--errors=equal --budget-bits=5 --calib calib_x.npy -o b
ok "all arrays are used at most" [ "$(arrays out.txt)" -le 120 ]
ok "a drop" "$imcc" compile digits.onnx -t lrmp --tiles=120 --errors=equal \
	--max-drop=2 --calib calib_x.npy --data test_x.npy --labels test_y.npy \
	--limit 50 --trials=4 -o c
cp err.txt rounds.txt
ok "rounds are told" grep -q '^trial 1: error at most .*drop' rounds.txt
ok "and kept" grep -q '^trial budget=.* taken=1' c/module/digits.imc
ok "no copies" model --replicas=1 --weight-bits=4 --act-bits=4
keep alone.imc
ok "one of each" sh -c '! grep -q "crossbar.* copies=[2-9]" alone.imc'

# labels say nothing without data; points of other data are others
ok "labels alone" sh -c "! $imcc compile digits.onnx -t lrmp --tiles=120 \
	--max-drop=2 --calib calib_x.npy --labels test_y.npy -o g"
cp err.txt missing.txt
ok "data are missed" grep -q 'missing option: --data' missing.txt
sweep() {
	"$imcc" explore digits.onnx -t lrmp --errors=equal --calib calib_x.npy \
		--calib-limit 2 --arrays=120 --drop=3 --trials=2 \
		--objective=latency --data test_x.npy --limit 40 -o x "$@"
}
ok "a sweep" sweep
cp x/points/*.txt first.txt
ok "the same" sweep
ok "its points stay" cmp x/points/*.txt first.txt
ok "with classes" sweep --labels test_y.npy
ok "is another" sh -c '! cmp -s x/points/*.txt first.txt'
cp x/points/*.txt first.txt
ok "other samples" sweep --labels test_y.npy --skip 100
ok "are another, too" sh -c '! cmp -s x/points/*.txt first.txt'
cp x/points/*.txt first.txt
ok "not so far" sweep --labels test_y.npy --skip 100 \
	--stop-after=choose_engine
ok "is one more" sh -c '! cmp -s x/points/*.txt first.txt'
echo "$n checks, $failed failed"
[ "$failed" = 0 ]
