# From the least latency to the most images a second, over arrays and over the
# samples that may be lost: curve.csv, curve.json, curve.svg. Sourced by run.
. "$here/networks.sh"

echo
echo "== ResNet-20 over arrays and lost samples"
net=resnet20_cs
about $net
if there; then
	measured $net
	"$imcc" explore "$out/$net/"*.imc --tiles=152,304,608 --drop=0.5,2 \
		--steps=4 --trials=6 --stop-after=choose_engine $tests $labels \
		$numbers -o "$out/curve" 2>"$out/curve.log" ||
		stop "$out/curve.log"
	cp "$out/curve/"curve.* "$out"
fi
