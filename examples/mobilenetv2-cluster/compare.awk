# compare.awk: the published table beside what was modelled.
# usage: awk -f compare.awk published.csv layers.csv
# Exit status 1 when a row is further off than it may be: ms to the printed
# digits (ADD: 10 %), energy 12 %.
BEGIN {
	FS = ","
	line = "%-8s %-10s %9s %9s  %9s %9s %7s  %s\n"
	printf line, "row", "engine", "ms print", "ms", "uJ print", "uJ", "uJ off", ""
}
/^#/ || /^row,/ { next }
FNR == NR {
	n++
	row[n] = $1
	ms[n] = $3
	uj[n] = $4 > 0 ? 1000 * $2 / $4 : 0
	next
}
{
	i++
	got = $3 / 1000
	off = uj[i] ? ($4 / 1000 / uj[i] - 1) * 100 : 0
	add = row[i] ~ /ADD/
	slack = add ? 0.1 * ms[i] + 0.005 : 0.005
	bad = got > ms[i] + slack + 1e-9 || got < ms[i] - slack - 1e-9
	if (off > 12 || off < -12)
		bad = 1
	printf line, row[i], $2, ms[i], sprintf("%.3f", got), \
		sprintf("%.2f", uj[i]), sprintf("%.2f", $4 / 1000), \
		sprintf("%+.1f%%", off), bad ? "<-- off" : ""
	failed += bad
	if (row[i] !~ /2D/)
		block_ms += got
	sum_ms += got
	sum_uj += $4 / 1000
	print_uj += uj[i]
}
END {
	if (i != n) {
		printf "%d layers, but %d rows are published\n", i, n
		exit 1
	}
	printf "bottlenecks: %.3f ms (printed 10.06)\n", block_ms
	printf "all rows:    %.3f ms (printed rows: 11.77), %.1f uJ", sum_ms, sum_uj
	printf " (printed rows: %.0f)\n", print_uj
	exit failed > 0
}
