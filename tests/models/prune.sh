#!/bin/sh
# prune.sh IMCC [NETWORK]: what columns of few cells do to the accuracy, and
# which ADCs read them without loss, on garofalo-34, as Markdown tables. Slow.
# Default network: resnet20_cs.
# CELLS: weights of a column that are not 0 (default "4 8 16 32 64 256"); BITS:
# of ADCs, for as many as these read exactly (default "8 10 12 14"); DAC: bits
# of the inputs (default 4); LIMIT: samples of the data (default 200); OPTIONS:
# more of compile. WORK: where bundles are made (default: a folder that is
# removed).
set -eu

here=$(cd "$(dirname "$0")" && pwd)
imcc=$1 model=${2:-resnet20_cs}
work=${WORK:-$(mktemp -d)}
[ -n "${WORK:-}" ] || trap 'rm -rf "$work"' EXIT
shared=${IMCC_SHARED:-$here/../../../shared/models}
field()
{
	grep "^$model |" "$here/networks.txt" | cut -d'|' -f"$1" |
		sed 's/^ *//; s/ *$//'
}
data=$shared/data/$(field 2)
onnx=$shared/models/$model/model.onnx
for file in "$onnx" "${data}_x.npy"; do
	[ -e "$file" ] || { echo "skipped: no $file"; exit 77; }
done
dac=${DAC:-4}
# what compile and eval share; the words of it hold no spaces
common="-t garofalo-34 --calib $shared/data/$(field 3)_x.npy
	--calib-limit $(field 4) --set ima.arrays=$(field 7)
	--set ima.dac_bits=$dac $(field 6) ${OPTIONS:-}"

# accuracy OPTION...: float and mapped
accuracy()
{
	# shellcheck disable=SC2086
	"$imcc" eval "$onnx" $common --data "${data}_x.npy" \
		--labels "${data}_y.npy" --limit "${LIMIT:-200}" \
		--skip "$(field 5)" "$@" >"$work/eval.txt" 2>"$work/log" ||
		{ cat "$work/log" >&2; echo "-"; return; }
	awk '$1 == "float" { f = $2 } $1 == "mapped" { m = $2 }
		END { print m " % (float " f " %)" }' "$work/eval.txt"
}

# numbers KEY: those of the layers in the report
numbers()
{
	grep -o "\"$1\": [0-9]*" "$work/$model/report.json" | sed 's/.* //'
}

echo "$model, inputs of $dac bits"
echo
echo "| cells a column | weights not 0 | lossless ADC | with it | with 8 bits |"
echo "|---|---|---|---|---|"
for cells in ${CELLS:-4 8 16 32 64 256}; do
	# shellcheck disable=SC2086
	"$imcc" compile "$onnx" $common --column-cells="$cells" \
		-o "$work/$model" >"$work/log" 2>&1 ||
		{ cat "$work/log"; exit 1; }
	bits=$(numbers exact | sort -n | tail -n 1)
	share=$({ numbers weights | sed 's/^/of /'; numbers weights_not_0; } |
		awk '$1 == "of" { all += $2; next } { left += $1 }
			END { printf "%.1f", 100 * left / all }')
	echo "| $cells | $share % | $bits bits |" \
		"$(accuracy --column-cells="$cells" \
			--set ima.adc_bits="$bits") |" \
		"$(accuracy --column-cells="$cells") |"
done
echo
# --weight-bits=2 in OPTIONS: small codes only
echo "| ADC | cells a column that it reads exactly | accuracy |"
echo "|---|---|---|"
for bits in ${BITS:-8 10 12 14}; do
	rm -rf "$work/dump"
	# shellcheck disable=SC2086
	"$imcc" compile "$onnx" $common --column-cells=auto \
		--set ima.adc_bits="$bits" --stop-after=round_weights \
		-o "$work/dump" >"$work/log" 2>&1 ||
		{ echo "| $bits bits | none | - |"; continue; }
	cells=$(grep '^assign' "$work"/dump/*.imc |
		grep -o 'column_cells=[0-9]*' | sed 's/.*=//' | sort -n |
		sed -n '1p;$p' | tr '\n' ' ' | sed 's/ *$//; s/ / to /')
	echo "| $bits bits | $cells |" \
		"$(accuracy --column-cells=auto --set ima.adc_bits="$bits") |"
done
