#!/bin/sh
# frontier.sh IMCC: accuracy against latency on a machine whose ADCs round sums.
. "$(dirname "$0")/../digits.sh"
data="--data test_x.npy --labels test_y.npy --limit 100"

fail() {
	echo "frontier: $*"
	failed=1
}

# a bundle within the drop, as who runs it sees it
"$imcc" compile digits.onnx -t garofalo-34 --calib calib_x.npy --calib-limit 20 $data \
	--max-drop=1 --trials=4 -o bundle >out 2>err || fail "compile: $(cat err)"
grep -q '^trial 1: error at most' err || fail "no trial told: $(cat err)"
"$imcc" eval bundle $data --model digits.onnx --format=json >eval.json 2>err ||
	fail "eval: $(cat err)"
# right LEVEL: the share of the samples
right() {
	sed -n "s/.*\"top1\": {\([^}]*\)}.*/\1/p" eval.json | tr , '\n' |
		sed -n "s/^ *\"$1\": *//p"
}
echo "$(right float) $(right quantised)" |
	awk 'NF != 2 || $2 < $1 - 0.01001 { exit 1 }' ||
	fail "lost more than 1 %: $(cat eval.json)"
grep -q 'Networks that were measured' bundle/report.txt || fail "report.txt"
grep -q '"choice"' bundle/report.json || fail "report.json"

# a dump that knows no errors is measured when it is asked for a drop, once
stop() {
	"$imcc" compile "$@" --calib calib_x.npy --calib-limit 4 -o dump \
		>out 2>err || fail "$*: $(cat err)"
}
stop digits.onnx -t garofalo-34 --stop-after=calibrate
stop dump/*.calibrate.imc --max-drop=100 --stop-after=measure_errors
grep -q '^error n.* adc ' dump/*.measure_errors.imc || fail "no errors of adc"
mv dump known
stop known/*.measure_errors.imc --stop-after=choose_engine
grep -q '^trial .*taken=1.*right=' dump/*.choose_engine.imc || fail "no trial"

# the frontier between its ends: more loss, less time
"$imcc" explore digits.onnx -t garofalo-34 --drop=0,100 --calib calib_x.npy --calib-limit 20 \
	$data --trials=3 -o curve >out 2>err || fail "explore: $(cat err)"
[ "$(sed -n 2p out)" = "all digital" ] && grep -q '^all adc' out ||
	fail "ends: $(cat out)"
awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
	{ n++; post[n] = $at["post"]; ms[n] = $at["latency_ms"]
	adc[n] = $at["adc_layers"]; cores[n] = $at["digital_layers"] }
	$at["accuracy"] == "" || $at["drop"] == "" { exit 1 }
	END { if (n != 4 || post[1] != "digital" || post[4] != "adc" ||
		adc[1] || cores[4] || ms[3] > ms[2] || ms[3] > ms[1] ||
		ms[3] > ms[4] * 1.0001) exit 1 }' curve/curve.csv ||
	fail "curve: $(cat curve/curve.csv)"
grep -q '"sliced_layers"' curve/curve.json || fail "curve.json"
grep -q 'all digital' curve/curve.svg || fail "curve.svg"
exit $failed
