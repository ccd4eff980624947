# What the parts share. Sourced by run.

eight="--weight-bits=8 --act-bits=8"
# The published way to cut a matrix: full tiles and a rest.
published="--tiling=remainder"
# Least latency and most images a second, nothing in between.
ends="--steps=2"

# stop LOG: a command failed, which says why there
stop() {
	cat "$1" >&2
	exit 1
}

# map NET OPTION...: mappings of out/NET/*.imc, as out/NET/point/curve.csv
map() {
	dir=$out/$1
	shift
	"$imcc" explore "$dir/"*.imc --stop-after=choose_engine --timings \
		-o "$dir/point" "$@" >"$dir/log" 2>&1 || stop "$dir/log"
}

# field NET NAME [LINE]: of a line of that curve, the first if not said
field() {
	awk -F, -v name="$2" -v line="${3:-1}" 'NR == 1 {
			for (i = 1; i <= NF; i++) if ($i == name) at = i }
		NR == line + 1 { print $at }' "$out/$1/point/curve.csv"
}

# baseline NET OPTION...: 8 bits, one copy of every layer, and the arrays that
# takes
baseline() {
	map "$@" --arrays=100000 $eight --replicas=1 $published \
		--objective=arrays
	budget=$(field "$1" used)
	base_latency=$(field "$1" latency_ms)
	base_images=$(field "$1" images_per_s)
	rows "$1" baseline
}

# rows NET MODE: every line of the curve as one of the table, and for people;
# the bits of an error budget follow the mode
rows() {
	awk -F, -v OFS=, -v net="$1" -v mode="$2" -v budget="$budget" \
		-v latency="$base_latency" -v images="$base_images" '
		NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
		$at["used"] == "" { next }
		{ bits = $at["budget_bits"]
			print net, mode (bits == "" ? "" : "-" bits),
				$at["objective"], $at["weight_bits"],
				$at["act_bits"], $at["used"], budget,
				sprintf("%.4g", latency / $at["latency_ms"]),
				sprintf("%.4g", $at["images_per_s"] / images),
				$at["gap"], $at["seconds"], $at["drop"] }' \
		"$out/$1/point/curve.csv" >"$out/rows"
	cat "$out/rows" >>"$table"
	awk -F, '{ printf "%-20s %-17s %-10s", $1, $2, $3
		printf " %4.2f %4.2f  %5d of %-5d", $4, $5, $6, $7
		printf " %7s x %7s x  gap %.3f %%", $8, $9, $10 * 100
		printf $12 == "" ? "\n" : "  drop %.2f %%\n", $12 }' "$out/rows"
	rm "$out/rows"
}

# forget NET MODE...: what an earlier run said of them; no mode: of all
forget() {
	awk -F, -v key="$*" 'BEGIN { n = split(key, k, " ") }
		{ drop = $1 == k[1] && n == 1
		for (i = 2; i <= n; i++) drop = drop || ($1 == k[1] && $2 == k[i]) }
		!drop' "$table" >"$table.new"
	mv "$table.new" "$table"
}
