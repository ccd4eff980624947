# A network of mixed precision as a bundle: built, run and compared with the
# evaluator, bit for bit. Sourced by run.
. "$here/networks.sh"

echo
echo "== ResNet-8 with the bits and copies chosen, as a bundle"
net=tiny_ic_resnet8
about $net
if there; then
	measured $net
	"$imcc" compile "$out/$net/"*.imc --max-drop=1 --tiles=256 $tests \
		$labels $numbers -o "$out/bundle" >"$out/bundle.log" 2>&1 ||
		stop "$out/bundle.log"
	sed -n '/^Stages/,/^Engines/p' "$out/bundle/report.txt" | sed '$d'
	# 20 pictures of 32 x 32 x 3 bytes behind a header of 128
	{
		printf '\223NUMPY\001\000v\000'
		printf '%-117s\n' "{'descr': '|u1', 'fortran_order': False, \
'shape': (20, 32, 32, 3), }"
		tail -c +129 "${tests#--data=}" | head -c 61440
	} >"$out/pictures.npy"
	make -s -C "$out/bundle" run INPUT="$out/pictures.npy" \
		OUTPUT="$out/bundle.npy" >"$out/bundle.log" 2>&1 ||
		stop "$out/bundle.log"
	"$imcc" eval "$out/bundle" --data="$out/pictures.npy" \
		--model="$model" --outputs="$out/bundle.npy"
fi
