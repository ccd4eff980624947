# The same network mapped by default, and what both bundles compute. Sourced
# by run, after table.sh.

echo
echo "== the same network and numbers, mapped by default"
"$imcc" zoo mobilenet_v2 -o "$out/whole.onnx" >/dev/null
compile features best $numbers --arrays=36
compile features best34 $numbers
compile features fastest $numbers --arrays=36 --slack=0
compile features packed $paper --solver=best
compile whole paper-whole $paper --arrays=64
compile whole best-whole $numbers --arrays=36
compile whole default-whole
printf '%-14s %7s %8s %10s %10s %10s  %s\n' mapping arrays "at least" \
	"ms" "bound ms" "uJ" ""
row() {
	printf '%-14s %7s %8s %10.4f %10s %10.2f  %s\n' "$1" \
		"$(number "$1" used)" "$(number "$1" lower_bound)" \
		"$(number "$1" latency_ms)" "$(number "$1" latency_bound_ms)" \
		"$(number "$1" energy_uj)" "$2"
}
row paper "the paper's way: 11.77 ms, 491 uJ, 34 arrays"
row packed "the paper's way, but all packing rules"
row best34 "default mapping, same numbers, the paper's 34 arrays"
row best "the same on 36 arrays"
row fastest "the same, no latency given away for energy"
row paper-whole "torchvision's network with pooling and classifier, 64 arrays"
row best-whole "the same network, default mapping, 36 arrays"
row default-whole "no options at all: digital sums where accuracy needs them"

echo
echo "== the paper's bundle computes what the evaluator computes, bit for bit"
# one picture of 224x224x3 bytes: the end of the model's file
{
	printf '\223NUMPY\001\000v\000'
	printf '%-117s\n' "{'descr': '|u1', 'fortran_order': False, \
'shape': (1, 224, 224, 3), }"
	tail -c 150528 "$out/features.onnx"
} >"$out/picture.npy"
for dir in paper best; do
	make -s -C "$out/$dir" run INPUT="$out/picture.npy" \
		OUTPUT="$out/$dir.npy" >"$out/$dir.log" 2>&1 ||
		{ cat "$out/$dir.log" >&2; exit 1; }
	"$imcc" eval "$out/$dir" --data "$out/picture.npy" \
		--outputs "$out/$dir.npy" --format=json >"$out/$dir-eval.json" \
		2>"$out/$dir.log" || { cat "$out/$dir.log" >&2; exit 1; }
	echo "$dir: of 1 output," "$(grep -o '"mapped": .*"bundle": [01]}' \
		"$out/$dir-eval.json" | sed 's/}.*//')" identical
done
cmp "$out/paper.npy" "$out/best.npy" &&
	echo "both mappings give the same outputs"
