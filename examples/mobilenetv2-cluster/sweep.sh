# Port width, clock, sequential and pipelined jobs: how much of a layer is
# streaming that nothing hides. Sourced by run.

echo
echo "== streaming: share of a layer's time, by clock, jobs and port"
mkdir -p "$out/sweep"
echo "jobs,freq_mhz,port_bits,use,latency_us,stream_share" >"$out/sweep.csv"
for size in 57 114 181 222 256; do
	"$imcc" zoo pointwise --channels="$size,$size" --resolution=28 \
		-o "$out/pointwise.onnx" >/dev/null
	for jobs in sequential pipelined; do
		for freq in 250 500; do
			for bits in 32 64 128 256 512; do
				compile pointwise sweep/one $numbers \
					--conv-engine=crossbar --copies=1 \
					--set ima.jobs=$jobs \
					--set cluster.freq="$freq MHz" \
					--set ima.port_bytes=$((bits / 8))
				echo "$jobs,$freq,$bits,$(
					awk "BEGIN { printf \"%.2f\", \
						$size * $size / 65536 }"
				),$(number sweep/one latency_us),$(
					number sweep/one stream_share)"
			done
		done
	done
done >>"$out/sweep.csv"
awk -F, 'NR > 1 {
	key = sprintf("%-10s %4d MHz %6s", $1, $2, $4)
	if (!(key in row))
		order[++n] = key
	row[key] = row[key] sprintf(" %7.1f%%", 100 * $6)
}
END {
	printf "%-10s %8s %6s  %s\n", "jobs", "clock", "use",
		" 32 bit   64 bit  128 bit  256 bit  512 bit"
	for (i = 1; i <= n; i++)
		print order[i] row[order[i]]
}' "$out/sweep.csv"
rm -r "$out/sweep" "$out/pointwise.onnx"
# Enough: even with the whole array in use, sequential jobs stream for half of
# the time at most, and pipelined ones never wait for a stream.
awk -F, 'NR > 1 && $4 == "1.00" {
	key = $1 ", " $2 " MHz"
	most = $1 == "sequential" ? 0.5 : 0
	if ($6 <= most && !(key in enough))
		enough[key] = $3
}
END {
	for (key in enough)
		print key ": a port of " enough[key] " bit is enough"
}' "$out/sweep.csv" | sort
