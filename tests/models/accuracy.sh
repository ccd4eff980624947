#!/bin/sh
# accuracy.sh IMCC [NETWORK...]: the figures of all networks of networks.txt
# (or of those named) on their whole data sets, as a Markdown table. Slow.
# BITS: of the weights, or auto (default "8 4"); TARGET: see run.sh.
# OPTIONS: of compile. WORK: where bundles are made (default: a folder that is removed).
set -u

here=$(cd "$(dirname "$0")" && pwd)
imcc=$1
shift
work=${WORK:-$(mktemp -d)}
[ -n "${WORK:-}" ] || trap 'rm -rf "$work"' EXIT
mkdir -p "$work"
[ $# -gt 0 ] || set -- $(sed -n 's/^\([a-z][^ ]*\) |.*/\1/p' \
	"$here/networks.txt")

# part KEY LINE: the word behind KEY
part()
{
	echo "$2" | sed -n "s/.*[ ,]$1 \([^ ,]*\).*/\1/p"
}

# before UNIT LINE: the number before a unit
before()
{
	echo "$2" | sed "s/.* \([^ ]*\) $1,.*/\1/"
}

# per_cent FRACTION
per_cent()
{
	case $1 in
	[0-9]*) echo "$1" | awk '{ printf "%.2f %%", $1 * 100 }' ;;
	*) echo "-" ;;
	esac
}

echo "| network | samples | weights | float | quantised | mapped | arrays |" \
	"latency | energy | compiled in | bundle = evaluator |"
echo "|---|---|---|---|---|---|---|---|---|---|---|"
for network; do
	for bits in ${BITS:-8 4}; do
		# shellcheck disable=SC2086
		line=$(sh "$here/run.sh" "$imcc" "$network" "$bits" "$work" 0 \
			${OPTIONS:-} 2>"$work/error")
		status=$?
		[ $status = 77 ] && line="the network is not there"
		if [ $status != 0 ]; then
			echo "| $network | - | $bits bit | - | - | - | - | - |" \
				"- | - | no: ${line:-$(cat "$work/error")} |"
			continue
		fi
		echo "| $network | $(part n "$line") | $bits bit |" \
			"$(per_cent "$(part float "$line")") |" \
			"$(per_cent "$(part quantised "$line")") |" \
			"$(per_cent "$(part mapped "$line")") |" \
			"$(part arrays "$line") |" \
			"$(before ms "$line") ms | $(before uJ "$line") uJ |" \
			"$(part in "$line") s | yes |"
	done
done
