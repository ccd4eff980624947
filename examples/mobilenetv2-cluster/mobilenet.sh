# MobileNetV2: the paper's way against the default. Sourced by run.

"$imcc" zoo mobilenet_v2 --features --expand-first -o "$out/features.onnx"
"$imcc" zoo mobilenet_v2 -o "$out/whole.onnx"

echo "== MobileNetV2 1.0/224 on garofalo-34, mapped the paper's way"
compile features paper $paper
layers paper >"$out/paper.csv"
status=0
awk -f "$here/compare.awk" "$here/published.csv" "$out/paper.csv" ||
	status=1
# arrays by how many of their cells are used, emptiest first
awk '/"array":/ {
	gsub(/[^0-9 ]/, " ")
	used[$1] += $(NF - 1) * $NF
}
END {
	for (k in used)
		printf "%.1f %%\n", 100 * used[k] / 65536
}' "$out/paper/report.json" | sort -n | head -2 | tr '\n' ' ' >"$out/emptiest"
echo "arrays: $(number paper used) (printed 34)," \
	"the two emptiest use $(cat "$out/emptiest")(printed 14.6 %, 84.4 %)"
rm "$out/emptiest"

echo
echo "== the same network and numbers, mapped by default"
compile features best $numbers
compile features best36 $numbers --arrays=36
compile features packed $paper --solver=best
compile whole paper-whole $paper --arrays=64
compile whole best-whole $numbers
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
row best "default mapping, same numbers, the paper's 34 arrays"
row best36 "the same with 36 arrays"
row paper-whole "with pooling and classifier on 64 arrays"
row best-whole "with pooling and classifier"
row default-whole "no options: accuracy first (post digital where it pays)"

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
	grep identical "$out/$dir-eval.json"
done
cmp "$out/paper.npy" "$out/best.npy" &&
	echo "both mappings give the same outputs"
[ "$status" = 0 ] || { echo "rows are off" >&2; exit 1; }
