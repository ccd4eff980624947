#!/bin/sh
# The published study of the heterogeneous cluster, as the example repeats it,
# and what the default mapping makes of the same network.
# usage: cluster.sh IMCC
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
IMCC=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
export IMCC
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
failed=0

fail()
{
	echo "$*"
	failed=1
}

# within WHAT VALUE LEAST MOST
within()
{
	awk "BEGIN { exit !($2 >= $3 && $2 <= $4) }" ||
		fail "$1: $2 is not within $3 .. $4"
}

# number REPORT KEY
number()
{
	awk -v key="\"$2\":" '$1 == key { sub(/,$/, "", $2); print $2; exit }' \
		"$1/report.json"
}

# every row as printed, 34 arrays of which two are not full, the totals
"$root/examples/mobilenetv2-cluster/run" out table bottleneck >text ||
	fail "rows are off: $(cat text)"
grep -q '^arrays: 34 .*use 14.6 % 84.4 % ' text || fail "$(grep arrays text)"
within bottlenecks "$(awk '/^bottlenecks:/ { print $2 }' text)" 10.06 10.08
within "all rows" "$(awk '/^all rows:/ { print $3 }' text)" 11.417 12.123
within energy "$(awk '/^all rows:/ { print $8 }' text)" 476.3 505.7
grep -A 3 '"peak"' out/paper/report.json >peak
within "peak TOPS" "$(awk '/"tops":/ { print $2 + 0 }' peak)" 0.9101 1.0059
within "peak TOPS/W" "$(awk '/"tops_per_w":/ { print $2 + 0 }' peak)" 6.07 6.71

# five ways to map a bottleneck layer: speed and energy within 10 %
ratio()
{
	within "$1: speed" "$(awk -F, -v m="$1" '$1 == m { print $4 }' \
		out/bottleneck.csv)" "0.9 * $2" "1.1 * $2"
	within "$1: energy" "$(awk -F, -v m="$1" '$1 == m { print $5 }' \
		out/bottleneck.csv)" "0.9 * $3" "1.1 * $4"
}
ratio IMA_cjob8 1.23 0.813 0.813
ratio IMA_cjob16 2.27 1 1
ratio HYBRID 4.6 3.4 3.4
ratio IMA+DW 11.5 9.5 9.2

# better: fewer arrays for the same mapping; less time, energy by default
numbers="--post=adc --weight-bits=4 --calib-limit=1 --set l1.bytes=4MB"
"$IMCC" compile out/features.onnx -t garofalo-34 -o packed $numbers \
	--conv-engine=crossbar --copies=1 --overlap=off >log 2>&1 || cat log
within "arrays, packed" "$(number packed used)" 33 33
within "ms, packed" "$(number packed latency_ms)" 11 \
	"$(number out/paper latency_ms)"
"$IMCC" compile out/features.onnx -t garofalo-34 -o best $numbers \
	--arrays=36 >log 2>&1 || cat log
within "arrays, best" "$(number best used)" 33 36
within "ms, best" "$(number best latency_ms)" \
	"$(number best latency_bound_ms)" 6.6
within "uJ, best" "$(number best energy_uj)" 300 430
exit $failed
