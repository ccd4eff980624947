#!/bin/sh
# mapping.sh IMCC: mappings chosen under device noise, from the command line.
. "$(dirname "$0")/../digits.sh"

# ok WHAT COMMAND...: it succeeds
ok() {
	what=$1
	shift
	n=$((n + 1))
	"$@" >out.txt 2>err.txt </dev/null && return
	failed=$((failed + 1))
	echo "$what: $*"
	cat out.txt err.txt
}

# robust OPTION...: under much noise, with few samples
robust() {
	command=compile
	case " $* " in *" --arrays "*) command=explore ;; esac
	"$imcc" $command "$@" --calib calib_x.npy --calib-limit 10 \
		--robust rram --noise-set read.out=1 --runs 2 --trials 4
}

# number OBJECT KEY: of the report of bundle b
number() {
	sed -n "/\"robust\": {/,\$p" b/report.json | tr -d '\n' |
		sed "s/.*\"$1\": {[^}]*\"$2\": *\([-0-9.e+]*\).*/\1/"
}

ok "a bundle" robust digits.onnx -t garofalo-1 --max-drop 3 -o b
ok "the report says so" grep -q '^Under the noise of rram, 0 s' b/report.txt
ok "both mappings" test "$(grep -c '^  \(plain\|robust\)  *[0-9]' b/report.txt)" = 2
ok "changed layers" grep -q '^  [^ ]* .*crossbar 4 bit .*cores' b/report.txt
plain=$(number plain mean)
better=$(number robust mean)
ok "it helps: $plain, $better" awk -v a="$plain" -v b="$better" \
	'BEGIN { exit !(b > a) }'
ok "at a cost: $(number plain ms), $(number robust ms)" awk \
	-v a="$(number plain ms)" -v b="$(number robust ms)" \
	'BEGIN { exit !(b > a) }'
if command -v python3 >/dev/null 2>&1; then
	ok "json parses" python3 -c 'import json; json.load(open("b/report.json"))'
fi
ok "an evaluation" "$imcc" eval b --data test_x.npy --labels test_y.npy \
	--limit 20 --noise rram --runs 2

cp b/report.json first.json
IMC_THREADS=1
export IMC_THREADS
ok "one thread" robust digits.onnx -t garofalo-1 --max-drop 3 -o b
unset IMC_THREADS
ok "the same bytes" cmp first.json b/report.json

# from a dump
ok "ranges" robust digits.onnx -t garofalo-1 --max-drop 3 \
	--stop-after measure_errors -o e
ok "it says how it was made" grep -q '^robust "rram" runs=2' e/*.imc
ok "from the dump" robust e/*.imc -o b
ok "the same network" sh -c '
	sed -n "/\"robust\": {/,/\"changes\"/p" first.json >x.txt
	sed -n "/\"robust\": {/,/\"changes\"/p" b/report.json >y.txt
	test -s x.txt && cmp x.txt y.txt'

# without a largest drop: at most the slack is spent
ok "the least error" robust digits.onnx -t garofalo-1 --slack 20 -o b
ok "within 20 %: $(number plain ms), $(number robust ms)" awk \
	-v a="$(number plain ms)" -v b="$(number robust ms)" \
	'BEGIN { exit !(b <= 1.25 * a) }'
ok "no more error" awk -v a="$(number plain error)" \
	-v b="$(number robust error)" 'BEGIN { exit !(b <= a * 1.2) }'
ok "a curve" robust digits.onnx -t garofalo-1 --arrays 1,2 --max-drop 3 -o x
echo "$n checks, $failed failed"
[ "$failed" = 0 ]
