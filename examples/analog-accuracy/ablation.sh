# Each network with 8-bit weights (two slices) and 4-bit ones (one cell): all
# steps, each one switched the other way alone, all off. ablation.csv, .md.
# Sourced by run.

# Samples, for all and nothing; fewer for single steps, whose effect the error
# of the outputs shows, and for all once more, to compare these with: so the
# whole takes minutes.
limit=${LIMIT:-600}
limit_step=${LIMIT_STEP:-200}
steps=${STEPS:-all fewer rounding bias equalise ranges off}
networks=${NETS:-$(sed -n 's/^\([a-z][^ ]*\) |.*/\1/p' "$table")}

# switched STEP: options that take a step away; equalisation, which is off where
# every output has a scale of its own, is put on
switched() {
	case $1 in
	rounding) echo --rounding=nearest ;;
	bias) echo --bias-correction=off ;;
	equalise) echo --equalise=on ;;
	ranges) echo --calib-method=minmax ;;
	off) echo --rounding=nearest --bias-correction=off --equalise=off \
		--calib-method=minmax ;;
	esac
}

# wanted NET BITS STEP: single steps not of large networks with 8 bits, nor of
# the twin of another network
wanted() {
	case $1.$2.$3 in
	*.all | *.off) ;;
	resnet20_aka.* | vgg8_cifar10.8.* | mlp_mnist.8.* | mobilenet_*.8.*)
		return 1 ;;
	esac
}

# evaluate: all steps of every network and width
evaluate() {
	for net in $there; do
		about "$net"
		for bits in 4 8; do
			for step in $steps; do
				n=$limit_step
				case $step in all | off) n=$limit ;; esac
				wanted "$net" $bits "$step" || continue
				later "ablation/$net.$bits.$step" "'$imcc'" eval \
					"'$model'" $ranges $tests --limit="$n" \
					$(width "$net" $bits) \
					$(switched "$step") --format=json
			done
		done
	done
	workers
}

echo
echo "== accuracy without each step"
mkdir -p "$out/ablation"
there=
for net in $networks; do
	about "$net" && there="$there $net"
done
evaluate

{
	echo "network,samples,bits,step,float,top1,drop,relative"
	for net in $there; do
		for bits in 8 4; do
			for step in $steps; do
				json=$out/ablation/$net.$bits.$step
				wanted "$net" $bits "$step" || continue
				echo "$net,$(samples "$json"),$bits,$step,$(
					percent "$(of "$json" top1 float)"),$(
					percent "$(of "$json" top1 quantised)"),,$(
					of "$json" relative quantised)"
			done
		done
	done
} | awk -F, -v OFS=, 'NR > 1 && $5 != "" { $7 = sprintf("%.2f", $5 - $6) }
	NR > 1 { $8 = sprintf("%.4f", $8) } { print }' >"$out/ablation.csv"

# A line for each network and width: what is lost, and the error of outputs
awk -F, -v steps="$steps" '
	NR == 1 { n = split(steps, step, " ")
		printf "| network | samples | bits | float |"
		for (i = 1; i <= n; i++)
			printf " %s |", step[i] ~ /^(all|fewer|off)$/ ? step[i] : \
				(step[i] == "equalise" ? "with " : "without ") step[i]
		printf "\n|---|---|---|---|"
		for (i = 1; i <= n; i++) printf "---|"
		print ""; next }
	{ key = $1 FS $3
		if (!(key in seen)) { seen[key] = 1; order[++lines] = key
			head[key] = "| " $1 " | " $2 " | " $3 " | " \
				($5 == "" ? "-" : $5) " |" }
		cell[key, $4] = ($7 == "" ? "-" : $7) " (" $8 ")" }
	END { for (l = 1; l <= lines; l++) { key = order[l]
		printf "%s", head[key]
		for (i = 1; i <= n; i++)
			printf " %s |", cell[key, step[i]]
		print "" } }' "$out/ablation.csv" >"$out/ablation.md"
cat "$out/ablation.md"
