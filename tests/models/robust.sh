#!/bin/sh
# robust.sh IMCC [NETWORK...]: accuracy on devices that vary, and what it costs,
# of mappings chosen with and without regard to noise, on target garofalo-34, as
# a Markdown table. Slow. Default networks: tiny_ic_resnet8 resnet20_cs.
# LIMIT: samples of the data (default 100); RUNS: draws of the devices (default
# 10); DROP: percent for --max-drop (default 5); NOISE: models, each with its
# time (default "pcm:1day rram:0s"); CALIB_LIMIT: samples to calibrate and
# choose on (default 60); TRIALS: networks that are tried (default 8). WORK:
# where bundles are made (default: a folder that is removed).
set -eu

here=$(cd "$(dirname "$0")" && pwd)
imcc=$1
shift
[ $# -gt 0 ] || set -- tiny_ic_resnet8 resnet20_cs
work=${WORK:-$(mktemp -d)}
[ -n "${WORK:-}" ] || trap 'rm -rf "$work"' EXIT
shared=${IMCC_SHARED:-$here/../../../shared/models}
CALIB_LIMIT=${CALIB_LIMIT:-60}
export CALIB_LIMIT

# noisy: mean, deviation and worst of the evaluation
noisy()
{
	awk '$1 == "noisy" { print $3 " % +- " $5 " | " $7 " %" }' \
		"$work/eval.txt"
}

# row MODEL NAME BITS [OPTION...]: of the table
row()
{
	model=$1 name=$2 bits=$3
	shift 3
	data=$shared/data/$(grep "^$model |" "$here/networks.txt" |
		cut -d'|' -f2 | tr -d ' ')
	line=$(sh "$here/run.sh" "$imcc" "$model" "$bits" "$work" 2 "$@") || {
		status=$?
		echo "$line"
		exit $status
	}
	"$imcc" eval "$work/$model.$bits" --data "${data}_x.npy" \
		--labels "${data}_y.npy" --limit "${LIMIT:-100}" \
		--noise="${noise%:*}" --time="${noise#*:}" \
		--runs="${RUNS:-10}" >"$work/eval.txt"
	echo "| $model | ${noise%:*}, ${noise#*:} | $name |" \
		"$(echo "$line" | sed 's/.*arrays \([0-9]*\),.*/\1/') |" \
		"$(echo "$line" | sed 's/.* \([^ ]*\) ms,.*/\1/') |" \
		"$(echo "$line" | sed 's/.* \([^ ]*\) uJ,.*/\1/') |" \
		"$(awk '$1 == "mapped" { print $2 " %" }' "$work/eval.txt") |" \
		"$(noisy) |"
}

echo "| network | noise | mapping | arrays | ms | uJ | without noise |" \
	"with noise | worst |"
echo "|---|---|---|---|---|---|---|---|---|"
for net; do
	for noise in ${NOISE:-pcm:1day rram:0s}; do
		robust="--robust=${noise%:*} --time=${noise#*:}"
		row "$net" plain auto
		row "$net" "8 bit" 8
		# shellcheck disable=SC2086
		row "$net" robust auto $robust
		# shellcheck disable=SC2086
		row "$net" "robust, drop ${DROP:-5}" auto $robust \
			--max-drop="${DROP:-5}" --trials="${TRIALS:-8}"
	done
done
