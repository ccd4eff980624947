#!/bin/sh
# Accuracy on analog hardware, as the example shows it.
# usage: analog.sh IMCC [bars]
# Without bars: the parts run, and their figures for the example network hold.
# bars: what trained networks may lose, of those that are quick; skipped (exit
# 77) where they are not.
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

# holds WHAT CONDITION: of awk
holds()
{
	awk "BEGIN { exit !($2) }" || fail "$1: $2 does not hold"
}

# cell FILE COLUMN WANTED...: of the line that has the first cells wanted, NR
# of them, each as COLUMN=VALUE
cell()
{
	file=$1 column=$2
	shift 2
	awk -F, -v want="$*" -v column="$column" '
		NR == 1 { n = split(want, w, " ")
			for (i = 1; i <= NF; i++) at[$i] = i; next }
		{ for (i = 1; i <= n; i++) { split(w[i], kv, "=")
				if ($(at[kv[1]]) != kv[2]) next }
			print $(at[column]) }' "$file"
}

run()
{
	"$root/examples/analog-accuracy/run" out "$@" >text 2>&1 ||
		fail "$(cat text)"
}

parts()
{
	NETS=digits LIMIT=200 LIMIT_STEP=200 run ablation
	e=$(cell out/ablation.csv relative bits=4 step=all)
	off=$(cell out/ablation.csv relative bits=4 step=off)
	nearest=$(cell out/ablation.csv relative bits=4 step=rounding)
	eight=$(cell out/ablation.csv relative bits=8 step=all)
	holds "steps halve the error of 4 bits" "$e > 0 && $off > 2 * $e"
	holds "rounding matters" "$nearest > 1.4 * $e"
	holds "error of 8 bits" "$eight > 0 && $eight < 0.7 * $e"
	holds "drop with 8 bits" \
		"$(cell out/ablation.csv drop bits=8 step=all) <= 0.5"
	holds "drop with 4 bits" \
		"$(cell out/ablation.csv drop bits=4 step=all) <= 1.5"

	MODELS=$work/none LIMIT=20 RUNS=2 run noise debug
	e=$(cell out/noise.csv relative bits=4 devices=pcm time=0s)
	year=$(cell out/noise.csv relative bits=4 devices=pcm time=1year)
	plain=$(cell out/noise.csv relative bits=4 devices=plain time=1year)
	holds "drift" "$e > 0.02 && $year > 1.2 * $e && $plain > 3 * $year"
	holds "compensated for a year" \
		"$(cell out/noise.csv mean bits=4 devices=pcm time=1year) >= 90"
	holds "uncompensated for a year" \
		"$(cell out/noise.csv mean bits=4 devices=plain time=1year) < 70"
	[ -s out/noise/digits.4.pcm.svg ] || fail "no picture"
	grep -q "adds most" out/diff.short || fail "$(cat out/diff.short)"

	cp out/noise.csv before
	MODELS=$work/none LIMIT=20 RUNS=2 run noise
	cmp before out/noise.csv || fail "a second run gives other figures"
}

# bar NET BITS DROP: percent that may be lost
bar()
{
	holds "$1, $2 bits" \
		"$(cell out/ablation.csv drop network="$1" bits="$2" step=all) <= $3"
}

bars()
{
	models=${MODELS:-$root/../shared/models}
	nets="tiny_ic_resnet8 tiny_kws_dscnn lenet5_mnist mnist_8 resnet20_cs"
	for net in $nets; do
		[ -f "$models/models/$net/model.onnx" ] ||
			{ echo "skipped: no $models/models/$net"; exit 77; }
	done
	STEPS=all NETS="$nets" MODELS=$models run ablation
	for net in $nets; do
		bar $net 8 0.5
	done
	for net in tiny_ic_resnet8 lenet5_mnist mnist_8 resnet20_cs; do
		bar $net 4 1.5
	done
	bar tiny_kws_dscnn 4 3
}

case ${2:-parts} in
parts) parts ;;
bars) bars ;;
*) fail "no $2" ;;
esac
exit $failed
