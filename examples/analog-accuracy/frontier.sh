# From activations that ADCs make to those that cores make: latency against
# accuracy, and the cheapest mapping that loses at most so many percent.
# NET/curve.csv, .svg in OUT/frontier, frontier.csv. Sourced by run.

frontier_limit=${LIMIT:-100}
drops=${DROPS:-0.5,2}
networks_frontier=${NETS:-resnet20_cs tiny_vww_mobilenet mobilenet_v2_100_224}

echo
echo "== from all adc to all digital"
mkdir -p "$out/frontier"
there=
for net in $networks_frontier digits; do
	[ $net = digits ] && [ -n "$there" ] && continue
	about $net || continue
	there="$there $net"
	echo "$net, $frontier_limit samples at most, 4 bits"
	"$imcc" explore "$model" -t $target --arrays=34 $ranges $tests \
		--limit="$frontier_limit" --drop="$drops" \
		--trials="${TRIALS:-4}" -o "$out/frontier/$net" \
		>"$out/frontier/$net.txt" 2>"$out/frontier/$net.log" ||
		stop "$out/frontier/$net.log"
	cat "$out/frontier/$net.txt"
done
for net in $there; do
	sed "1s/^/network,/; 2,\$s/^/$net,/" "$out/frontier/$net/curve.csv"
done | awk 'NR == 1 || !/^network,/' >"$out/frontier.csv"
