# The trained networks, and where their data is. Sourced by parts.

networks=${NETS:-mlp_mnist tiny_ic_resnet8 vgg8_cifar10 resnet20_cs}
networks=${NETS:-$networks mobilenet_v2_100_224}

# about NET: sets model, numbers (preprocessing), calib, tests, labels
about() {
	offset=
	calib=cifar10_calib500 data=cifar10_test600
	case $1 in
	mlp_mnist)
		numbers="--scale=0.00392156863 --mean=0 --std=1"
		calib=mnist_calib500 data=mnist_test5000 ;;
	resnet20_cs)
		numbers="--mean=0.485,0.456,0.406 --std=0.229,0.224,0.225" ;;
	tiny_ic_resnet8)
		numbers="--scale=1 --mean=0 --std=1" ;;
	vgg8_cifar10)
		numbers="--mean=0.4914,0.4822,0.4465"
		numbers="$numbers --std=0.247,0.2435,0.2616" ;;
	mobilenet_v2_100_224)
		numbers="--scale=0.00784313725 --mean=1 --std=1"
		offset="--label-offset=1"
		calib=imagenet224_150 data=imagenet224_150 ;;
	esac
	model=$models/models/$1/model.onnx
	calib=$models/data/${calib}_x.npy
	tests="--data=$models/data/${data}_x.npy"
	labels="--labels=$models/data/${data}_y.npy $offset"
}

# there: model and data are there
there() {
	for file in "$model" "$calib" "${tests#--data=}"; do
		[ -f "$file" ] || { echo "left out: no $file"; return 1; }
	done
}

# measured NET: the network with the errors of its layers, in out/NET
measured() {
	[ -f "$out/$1/done" ] && return
	"$imcc" compile "$model" -t lrmp $numbers --calib="$calib" \
		--calib-limit=100 --max-drop=1 --stop-after=measure_errors \
		-o "$out/$1" >"$out/$1.log" 2>&1 || stop "$out/$1.log"
	touch "$out/$1/done"
}
