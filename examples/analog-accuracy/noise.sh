# Devices that are not ideal: PCM over time, with and without compensation of
# its drift, RRAM, and exact residual weights beside RRAM arrays. noise.csv,
# .md, noise/NET.svg, residual.md. Sourced by run.

noise_limit=${LIMIT:-100}
draws=${RUNS:-5}
times=0s,1h,1day,1month,1year
networks_noise="resnet20_cs tiny_ic_resnet8"
cases="pcm plain rram"

# case NAME: options of its noise
devices() {
	case $1 in
	pcm) echo "--noise=pcm --time=$times" ;;
	plain) echo "--noise=pcm --time=$times --noise-set=drift.compensate=no" ;;
	rram) echo --noise=rram ;;
	esac
}

# noisy FILE: time, mean, std, worst, agreement and error, a line each time
noisy() {
	sed 's/.*"times": //; s/{"time"/\n&/g' "$1" | sed -n 's/[]"{}:]//g
		/^time/s/,//gp' | awk '{
			print $2, $7 * 100, $9 * 100, $11 * 100, $14 * 100, $21 }'
}

echo
echo "== noise of devices"
mkdir -p "$out/noise"
there=
for net in $networks_noise digits; do
	[ $net = digits ] && [ -n "$there" ] && continue
	about $net || continue
	there="$there $net"
	for bits in 8 4; do
		later "noise/$net.$bits.compile" "'$imcc'" compile "'$model'" \
			$ranges $(width $net $bits) \
			-o "'$out/noise/$net.$bits'"
	done
done
workers
for net in $there; do
	about $net
	for bits in 8 4; do
		for case in $cases; do
			picture=
			[ $case = rram ] ||
				picture="-o '$out/noise/$net.$bits.$case.svg'"
			later "noise/$net.$bits.$case" "'$imcc'" eval \
				"'$out/noise/$net.$bits'" $tests $picture \
				--limit=$noise_limit --runs=$draws --seed=1 \
				$(devices $case) --format=json
		done
	done
done
workers

{
	echo "network,samples,runs,bits,devices,time,ideal,mean,std,worst,agree,relative"
	for net in $there; do
		for bits in 8 4; do
			for case in $cases; do
				json=$out/noise/$net.$bits.$case
				noisy "$json" | awk -v OFS=, -v head="$net,$(
					samples "$json"),$draws,$bits,$case" \
					-v ideal="$(percent "$(of "$json" top1 mapped)")" '{
					print head, $1, ideal, sprintf("%.2f", $2),
						sprintf("%.2f", $3),
						sprintf("%.2f", $4),
						sprintf("%.2f", $5),
						sprintf("%.3f", $6) }'
			done
		done
	done
} >"$out/noise.csv"

awk -F, 'NR == 1 { print "| network | bits | devices | ideal | 0 s | 1 h |" \
		" 1 day | 1 month | 1 year |"
		print "|---|---|---|---|---|---|---|---|---|"; next }
	{ key = $1 FS $4 FS $5
		if (!(key in line)) { order[++n] = key
			line[key] = "| " $1 " | " $4 " | " $5 " | " $7 " |" }
		count[key]++
		line[key] = line[key] " " $8 " +- " $9 " |" }
	END { for (i = 1; i <= n; i++) { key = order[i]
		for (j = count[key]; j < 5; j++) line[key] = line[key] " |"
		print line[key] } }' "$out/noise.csv" >"$out/noise.md"
cat "$out/noise.md"

if about resnet20_cs; then
	echo
	echo "-- exact residual weights beside arrays of rram-sram"
	IMCC_SHARED=$models PERCENT="0 5 25" LIMIT=100 RUNS=3 \
		WORK=$out/residual \
		sh "$root/tests/models/residual.sh" "$imcc" resnet20_cs \
		>"$out/residual.md" 2>"$out/residual.log" ||
		stop "$out/residual.log"
	cat "$out/residual.md"
fi
