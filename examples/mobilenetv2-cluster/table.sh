# MobileNetV2 mapped the paper's way, beside the published table. Sourced by
# run.

"$imcc" zoo mobilenet_v2 --features --expand-first \
	-o "$out/features.onnx" >/dev/null

echo "== MobileNetV2 1.0/224 on garofalo-34, mapped the paper's way"
compile features paper $paper
layers paper >"$out/paper.csv"
status=0
awk -f "$here/compare.awk" "$here/published.csv" "$out/paper.csv" ||
	status=1
# arrays by how many of their cells are used, emptiest first
awk '
function member(key, at) {
	at = "\"" key "\": [0-9]+"
	if (!match($0, at))
		return 0
	return substr($0, RSTART + length(key) + 4, RLENGTH - length(key) - 4)
}
/"array":/ { used[member("array")] += member("w") * member("h") }
END {
	for (k in used)
		printf "%.1f %%\n", 100 * used[k] / 65536
}' "$out/paper/report.json" | sort -n | head -2 | tr '\n' ' ' >"$out/emptiest"
echo "arrays: $(number paper used) (printed 34)," \
	"the two emptiest use $(cat "$out/emptiest")(printed 14.6 %, 84.4 %)"
rm "$out/emptiest"
[ "$status" = 0 ] || { echo "rows are off" >&2; exit 1; }
