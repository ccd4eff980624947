# One bottleneck layer mapped five ways, and the peak. Sourced by run.

echo
echo "== a bottleneck layer (120 -> 616 -> 120 channels, 16x16) five ways"
"$imcc" zoo bottleneck -o "$out/bottleneck.onnx" >/dev/null
five="--copies=1 --overlap=off"
mkdir -p "$out/five"
compile bottleneck five/CORES $numbers $five --conv-engine=cores \
	--dw-engine=cores
compile bottleneck five/IMA_cjob8 $numbers $five --conv-engine=crossbar \
	--dw-engine=crossbar --dw-job=8
compile bottleneck five/IMA_cjob16 $numbers $five --conv-engine=crossbar \
	--dw-engine=crossbar --dw-job=16
compile bottleneck five/HYBRID $numbers $five --conv-engine=crossbar \
	--dw-engine=cores
compile bottleneck five/IMA+DW $numbers $five --conv-engine=crossbar \
	--dw-engine=depthwise
for mapping in CORES IMA_cjob8 IMA_cjob16 HYBRID IMA+DW; do
	layers "five/$mapping" | awk -F, -v mapping="$mapping" '
		{ us += $3; nj += $4 }
		END { printf "%s,%.1f,%.4f\n", mapping, us * 500, nj / 1000 }'
done | awk -F, '
	BEGIN { print "mapping,cycles,energy_uj,speedup,energy_gain" }
	NR == 1 { cycles = $2; uj = $3 }
	{ printf "%s,%s,%s,%.3f,%.3f\n", $1, $2, $3, cycles / $2, uj / $3 }
' >"$out/bottleneck.csv"
awk -F, 'NR == 1 {
	n = split("0 1 1.23 2.27 4.6 11.5", speed, " ")
	split("0 1 0.813 1 3.4 9.35", gain, " ")
	printf "%-12s %12s %10s %8s %8s %8s %8s\n", "mapping", "cycles",
		"uJ", "speed-up", "printed", "energy", "printed"
}
NR > 1 {
	printf "%-12s %12s %10s %8s %8s %8s %8s\n", $1, $2, $3, $4, speed[NR],
		$5, gain[NR]
}' "$out/bottleneck.csv"

echo
echo "== peak of the machine (printed: 0.958 TOPS, 6.39 TOPS/W)"
grep -A 12 '"peak": {' "$out/paper/report.json" | sed '/}/q'
