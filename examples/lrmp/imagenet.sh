# ResNets for ImageNet with seeded weights and no data. Without data the error
# of b bits is taken as 4^-b in every layer, for weights and activations alike
# (--errors=equal). Sourced by run.

resnets=${RESNETS:-18 34 50 101}

echo
echo "== ResNet-18/34/50/101, latency and images/s against 8 bits, one copy"
for n in $resnets; do
	net=resnet$n
	forget $net
	if [ ! -f "$out/$net/done" ]; then
		"$imcc" zoo $net -o "$out/$net.onnx" >/dev/null
		"$imcc" compile "$out/$net.onnx" -t lrmp --calib-limit=1 \
			--stop-after=calibrate -o "$out/$net" \
			>"$out/$net.log" 2>&1 || stop "$out/$net.log"
		rm "$out/$net.onnx"
		touch "$out/$net/done"
	fi
	baseline $net
	o="--arrays=$budget $ends"
	errors="--errors=equal --budgets=7,6,5,4"
	map $net $o $eight $published
	rows $net replication
	for b in 7 6 5 4; do
		map $net $o --weight-bits=$b --act-bits=$b $published
		rows $net uniform-$b
	done
	map $net $o $errors $published --replicas=1
	rows $net precision
	map $net $o $errors $published
	rows $net joint-published
	map $net $o $errors
	rows $net joint
	map $net $o $errors --set ima.slices=any
	rows $net joint-any
done

echo
echo "joint against uniform bits with the best copies, at the same error:"
printf '%-10s %-10s %4s %15s %7s %9s\n' net objective bits joint-published \
	joint joint-any
for n in $resnets; do
	for objective in latency throughput; do
		for b in 7 6 5 4; do
			awk -F, -v net=resnet$n -v o=$objective -v b=$b '
				$1 == net && $3 == o {
					v[$2] = $(o == "latency" ? 8 : 9) }
				END { u = v["uniform-" b]
					printf "%-10s %-10s %4d %15.3f", net,
						o, b, v["joint-published-" b] / u
					printf " %7.3f %9.3f\n", v["joint-" b] / u,
						v["joint-any-" b] / u }' "$table"
		done
	done
done
