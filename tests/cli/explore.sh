#!/bin/sh
# explore.sh IMCC: a sweep over arrays, stopped and taken up again.
imcc=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
model=$(cd "$(dirname "$0")/../.." && pwd)/examples/digits/digits.onnx
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
cd "$tmp" || exit 1
failed=0

fail() {
	echo "explore: $*"
	failed=1
}

# sweep RANGE [OPTION...]
sweep() {
	range=$1
	shift
	"$imcc" explore "$model" -t garofalo-34 --arrays="$range" -o out "$@" \
		>stdout 2>stderr
}

sweep 0..3 --spill || fail "status $?: $(cat stderr)"
[ "$(head -1 out/curve.csv)" = \
	"arrays,latency_ms,energy_uj,bound_ms,used,pareto" ] || fail "columns"
[ "$(wc -l <out/curve.csv)" = 5 ] || fail "not 4 points"
# one array is faster than none, and more arrays are never slower
awk -F, 'NR == 2 { zero = $2 } NR > 2 && ($2 + 0 >= zero || $5 > $1 ||
	(NR > 3 && $2 > last * 1.0001)) { exit 1 } { last = $2 }' out/curve.csv ||
	fail "latencies: $(cat out/curve.csv)"
grep -q '"arrays": 3' out/curve.json || fail "no point 3 in curve.json"
grep -q '<circle' out/curve.svg || fail "no points in the picture"

# what is there is not computed again; what is missing is, to the same bytes
cp -r out first
touch -d '2001-01-01' out/points/2.txt
rm out/points/1.txt
sweep 0..3 --spill || fail "taken up again: status $?"
diff -r out first >/dev/null || fail "taken up again, it differs"
[ -n "$(find out/points/2.txt ! -newermt 2001-01-02)" ] ||
	fail "a point was computed twice"

# another network, machine or option is another sweep
sweep 0..3 --spill --copies=1 || fail "other options: status $?"
[ -z "$(find out/points/2.txt ! -newermt 2001-01-02)" ] ||
	fail "a point of other options was kept"

# a machine too small for the network without --spill: an empty row
sweep 1..9:8 --set ima.rows=64 --set ima.cols=64 \
	--conv-engine=crossbar || fail "small: status $?"
grep -q '^1,,,,,$' out/curve.csv || fail "1 array: $(cat out/curve.csv)"

sweep 0..0 --conv-engine=crossbar || fail "no arrays: status $?"
grep -q '^0,,,,,$' out/curve.csv || fail "no arrays: $(cat out/curve.csv)"

# what no number of arrays mends is an error
sweep 1..2 --conv-engine=pe
[ $? = 1 ] || fail "no such engine: status $?"
grep -q "engine 'pe', which is asked for, cannot compute it" stderr ||
	fail "no such engine: $(cat stderr)"

# fewer arrays than may compute at once; no bound but on the latency
sweep 1..1 -t sram-imc --objective=energy || fail "sram-imc: status $?"
grep -q '^ *1 *1 .* - ' stdout || fail "bound of energy: $(cat stdout)"
! grep -q 'lower bound' out/curve.svg || fail "a bound that is not known"

rm -rf out
mkdir -p out/points/2.txt
sweep 2..2
[ $? = 1 ] || fail "a point that cannot be written: status $?"
lost="mapping onto 2 arrays came to no result; repeat the command to try it again"
grep -q "error: $lost" stderr || fail "message: $(cat stderr)"

for range in 3..2 x 1..2: 1..5:0 -1 ''; do
	sweep "$range"
	[ $? = 2 ] || fail "range '$range': status $?"
	grep -q "wanted A..B, A..B:STEP or A,B,..: arrays" stderr ||
		fail "range '$range': $(cat stderr)"
done
exit $failed
