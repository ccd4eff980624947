# Resolution of the ADCs, and what else a machine could have, for ResNet-20
# with 8-bit and 4-bit weights. adc.csv, .md. Sourced by run.

adc_limit=${LIMIT:-200}
net=resnet20_cs
about $net || net=digits
about $net

# machine KIND: keys of the target behind a line of the table
machine() {
	case $1 in
	column) echo --set=ima.adc_range=column ;;
	free) echo --set=ima.dac_zero=free ;;
	*) echo "--set=ima.adc_bits=$1" ;;
	esac
}

# posts BITS: what makes activations of sums; of 4 bits also always the ADC
posts() {
	[ "$1" = 8 ] && echo auto || echo auto adc
}

echo
echo "== resolution of ADCs, $net"
mkdir -p "$out/adc"
kinds="4 5 6 7 8 9 10 11 12 column free"
for bits in 8 4; do
	for kind in $kinds; do
		for post in $(posts $bits); do
			later "adc/$bits.$kind.$post" "'$imcc'" eval "'$model'" \
				$ranges $tests --limit=$adc_limit \
				$(width $net $bits) $(machine "$kind") \
				--post=$post --format=json
		done
	done
done
workers

{
	echo "network,samples,bits,adc,post,float,top1,relative"
	for bits in 8 4; do
		for kind in $kinds; do
			for post in $(posts $bits); do
				json=$out/adc/$bits.$kind.$post
				echo "$net,$(samples "$json"),$bits,$kind,$post,$(
					percent "$(of "$json" top1 float)"),$(
					percent "$(of "$json" top1 quantised)"),$(
					of "$json" relative quantised)"
			done
		done
	done
} | awk -F, -v OFS=, 'NR > 1 { $8 = sprintf("%.4f", $8) } { print }' \
	>"$out/adc.csv"

awk -F, 'NR == 1 { print "| ADC | 8 bits | 4 bits | 4 bits, post=adc |"
		print "|---|---|---|---|"; next }
	!($4 in seen) { seen[$4] = 1; kind[++n] = $4 }
	{ cell[$3, $4, $5] = $7 " (" $8 ")" }
	END { for (i = 1; i <= n; i++) { k = kind[i]
		print "| " k " | " cell[8, k, "auto"] " | " cell[4, k, "auto"] " | " cell[4, k, "adc"] " |" } }' \
	"$out/adc.csv" >"$out/adc.md"
echo "float $(percent "$(of "$out/adc/8.8.auto" top1 float)")," \
	"$(samples "$out/adc/8.8.auto") samples"
cat "$out/adc.md"
