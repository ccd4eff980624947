# Latency against arrays, each point with its proven bound. Sourced by run.

echo
echo "== latency by number of arrays (37 mappings)"
"$imcc" explore "$out/features.onnx" -t garofalo-34 --arrays=28..64 \
	$numbers $roomy --slack=0 --spill -o "$out/curve" 2>"$out/curve.log" ||
	{ cat "$out/curve.log" >&2; exit 1; }
cut -d, -f1-4 "$out/curve/curve.csv" >"$out/curve.csv"
cp "$out/curve/curve.svg" "$out/curve.svg"
cat "$out/curve.csv"
