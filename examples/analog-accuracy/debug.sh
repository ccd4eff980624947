# The layer that goes wrong: MobileNetV2 with 4-bit weights and activations
# that ADCs make. diff.txt, diff.short. Sourced by run.

net=mobilenet_v2_100_224
about $net || net=digits
about $net

# shorten FILE: the head, the first layers, the marked one, the three that add
# most noise, the last one, and what it says below
shorten() {
	awk 'FNR == NR { if (/ (adc|dig|-) +-?[0-9.]+ /) { n++
			for (i = 1; i < NF; i++)
				if ($i ~ /^(adc|dig|-)$/ && $(i + 1) ~ /^-?[0-9]/) {
					adds[FNR] = $(i + 1); last = FNR; break }
			if (n <= 3 || /^ *>/) keep[FNR] = 1 }
			next }
		FNR == 1 { keep[last] = 1
			for (k = 0; k < 3; k++) { least = 0
				for (l = 1; l <= last; l++)
					if (l in adds && !(l in taken) && (!least ||
						adds[l] + 0 < adds[least] + 0))
						least = l
				if (least) keep[least] = taken[least] = 1 } }
		!(FNR in adds) || FNR in keep { print; gap = 0; next }
		!gap { print " ..."; gap = 1 }' "$1" "$1"
}

echo
echo "== layer by layer, $net"
"$imcc" compile "$model" $ranges $(width $net 4) --post=adc \
	-o "$out/debug" >"$out/debug.log" 2>&1 || stop "$out/debug.log"
"$imcc" diff "$model" "$out/debug" --data="${data}_x.npy" $numbers \
	--skip="$(row $net 5)" --limit=10 >"$out/diff.txt" \
	2>"$out/debug.log" || stop "$out/debug.log"
shorten "$out/diff.txt" >"$out/diff.short"
cat "$out/diff.short"
