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

# a spatial machine: a curve for each error, from latency to images a second
rm -rf out
spatial="-t lrmp --errors=equal --budgets=6,4 --steps=4"
sweep 200,400 $spatial || fail "spatial: status $?: $(cat stderr)"
head -1 out/curve.csv | grep -q 'pareto,objective,max_drop,budget_bits,' ||
	fail "columns of a spatial machine: $(head -1 out/curve.csv)"
# more images and more time from step to step; more arrays, more error: faster
awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
	{ key = $at["arrays"] "-" $at["budget_bits"]
	ms = $at["latency_ms"]; images = $at["images_per_s"]; n[key]++ }
	key == last && (ms < ms0 * 0.9999 || images < images0) { exit 1 }
	key != last { least[key] = ms }
	$at["used"] > $at["arrays"] { exit 1 }
	{ last = key; ms0 = ms; images0 = images; most[key] = images }
	END { if (least["400-6"] > least["200-6"] ||
			least["200-4"] > least["200-6"] ||
			most["400-6"] < most["200-6"] || n["400-4"] < 2)
		exit 1 }' out/curve.csv || fail "spatial: $(cat out/curve.csv)"
grep -q '"budget_bits": 6' out/curve.json || fail "spatial: curve.json"
[ "$(grep -c 'class="grid"' out/curve.svg)" -gt 20 ] && grep -q \
	'200 arrays, error of 6 bits' out/curve.svg || fail "spatial: picture"
cp out/curve.csv first.csv
rm out/points/*-throughput-*
sweep 200,400 $spatial && cmp -s out/curve.csv first.csv ||
	fail "spatial: taken up again, it differs"
sweep 200 -t lrmp --drop=1 --budgets=6
[ $? = 2 ] || fail "two kinds of error: status $?"

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
