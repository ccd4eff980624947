#!/bin/sh
# residual.sh IMCC [NETWORK]: how accuracy on devices that vary recovers with
# exact residual weights beside the arrays, on target rram-sram, as a Markdown
# table. Slow. Default network: resnet20_cs.
# PERCENT: shares of the weights (default "0 1 5 12 25"); LIMIT: samples of the
# data (default 200); RUNS: draws of the devices (default 5); NOISE: their
# model (default rram); BITS: of the weights in the arrays (default 3);
# OPTIONS: more of compile. WORK: where bundles are made (default: a folder that
# is removed).
set -eu

here=$(cd "$(dirname "$0")" && pwd)
imcc=$1 model=${2:-resnet20_cs}
work=${WORK:-$(mktemp -d)}
[ -n "${WORK:-}" ] || trap 'rm -rf "$work"' EXIT
shared=${IMCC_SHARED:-$here/../../../shared/models}
data=$shared/data/$(grep "^$model |" "$here/networks.txt" | cut -d'|' -f2 |
	tr -d ' ')

# accuracy LEVEL: the first percentage in its row of the evaluation
accuracy()
{
	awk -v level="$1" '$1 == level {
		for (i = 2; i < NF; i++)
			if ($(i + 1) == "%") { print $i " %"; exit }
	}' "$work/eval.txt"
}

# reported KEY: the first number of that name in the report, behind "residual"
reported()
{
	sed -n '/"residual": {/,$p' "$work/$model.$bits/report.json" |
		sed -n "s/.*\"$1\": *\([-0-9.e+]*\).*/\1/p" | head -n 1
}

bits=${BITS:-3}
echo "| residual | SRAM bytes | groups kept | float | without noise |" \
	"with noise, mean | latency | energy |"
echo "|---|---|---|---|---|---|---|---|"
for percent in ${PERCENT:-0 1 5 12 25}; do
	# shellcheck disable=SC2086
	line=$(TARGET=rram-sram sh "$here/run.sh" "$imcc" "$model" "$bits" \
		"$work" 2 --residual="$percent" ${OPTIONS:-})
	"$imcc" eval "$work/$model.$bits" --data "${data}_x.npy" \
		--labels "${data}_y.npy" --limit "${LIMIT:-200}" \
		--noise="${NOISE:-rram}" --runs="${RUNS:-5}" \
		>"$work/eval.txt"
	echo "| $percent % | $(reported bytes) | $(reported groups) of" \
		"$(reported places) | $(accuracy float) |" \
		"$(accuracy mapped) | $(accuracy noisy) |" \
		"$(echo "$line" | sed 's/.* \([^ ]*\) ms,.*/\1/') ms |" \
		"$(echo "$line" | sed 's/.* \([^ ]*\) uJ,.*/\1/') uJ |"
done
