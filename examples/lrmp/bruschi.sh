# ResNet-18 on 512 clusters (arXiv 2211.12877): images of 256 x 256 pixels, 4-bit
# weights. The published mapping comes to 3303 images/s on 322 clusters.
# Sourced by run.

echo
echo "== ResNet-18 on bruschi-512"
if [ ! -f "$out/bruschi/done" ]; then
	"$imcc" zoo resnet18 --resolution=256 -o "$out/bruschi.onnx" >/dev/null
	"$imcc" compile "$out/bruschi.onnx" -t bruschi-512 --calib-limit=1 \
		--stop-after=measure_errors -o "$out/bruschi" \
		>"$out/bruschi.log" 2>&1 || stop "$out/bruschi.log"
	rm "$out/bruschi.onnx"
	touch "$out/bruschi/done"
fi
printf '%-44s %8s %10s\n' mapping clusters images/s
for clusters in 322 512; do
	map bruschi --arrays=$clusters --objective=throughput
	printf '%-44s %8s %10.0f\n' "best that imcc finds for $clusters" \
		"$(field bruschi used)" "$(field bruschi images_per_s)"
done
