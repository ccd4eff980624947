#!/bin/sh
# Replication with mixed precision, as the example shows it, of ResNet-18.
# usage: lrmp.sh IMCC
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
IMCC=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
RESNETS=18
export IMCC RESNETS
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
failed=0

fail()
{
	echo "$*"
	failed=1
}

# value MODE OBJECTIVE COLUMN
value()
{
	awk -F, -v m="$1" -v o="$2" -v c="$3" '$2 == m && $3 == o {
		print $c }' out/table.csv
}

# above WHAT VALUE LEAST
above()
{
	awk "BEGIN { exit !($2 > $3) }" || fail "$1: $2 is not above $3"
}

"$root/examples/lrmp/run" out imagenet >text || fail "$(cat text)"
[ "$(value baseline arrays 6)" = 1608 ] || fail "arrays: $(cat out/table.csv)"
above "bits at an error of 5" \
	"($(value joint-5 latency 4) + $(value joint-5 latency 5)) / 2" 5
above "latency at an error of 5 bits" "$(value joint-5 latency 8)" 9.3
above "bits at an error of 6" \
	"($(value joint-6 throughput 4) + $(value joint-6 throughput 5)) / 2" 6
above "images/s at an error of 6 bits" "$(value joint-6 throughput 9)" 18
for b in 7 6 5 4; do
	above "latency, joint against uniform $b" "$(value joint-$b latency 8)" \
		"1.15 * $(value uniform-$b latency 8)"
	above "images/s, joint against uniform $b" \
		"$(value joint-$b throughput 9)" \
		"1.15 * $(value uniform-$b throughput 9)"
done
awk -F, 'NR > 1 && ($6 > $7 || $10 > 0.005) { print; bad = 1 }
	END { exit bad }' out/table.csv || fail "too many arrays, or gaps"
exit $failed
