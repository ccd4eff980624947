#!/bin/sh
# adc32.sh IMCC WHAT WORK-FOLDER: the target pulp-ima, whose ADCs compute in
# float32. WHAT:
#   levels   graph, map, plan and bundle agree, in float32 and in integers,
#            which differ; the integer one has no floats
#   explain  the target says what it is
#   virt     cores without floating point give what the host gives
# Skips (exit 77), naming what is missing, without compiler or QEMU.
set -eu

digits=$(cd "$(dirname "$0")/../../examples/digits" && pwd)
imcc=$1 what=$2 work=$3

fail()
{
	echo "$*"
	exit 1
}

# wants COMMAND PACKAGE
wants()
{
	command -v "$1" >/dev/null || {
		echo "skipped: no $1 (package $2)"
		exit 77
	}
}

# compile FOLDER [OPTION...]: the example
compile()
{
	folder=$1
	shift
	"$imcc" compile "$digits/digits.onnx" -t pulp-ima -o "$folder" \
		--set=ima.arrays=8 --weight-bits 4 --calib "$digits/calib_x.npy" \
		"$@" >/dev/null
}

# run FOLDER: on 50 samples, and all levels give the same
run()
{
	make -s -C "$1" run INPUT="$digits/test_x.npy" OUTPUT="$work/$1.npy" \
		LIMIT=50 >/dev/null
	"$imcc" eval "$1" --data "$digits/test_x.npy" --limit 50 \
		--outputs "$1.npy" --format=json >"$1.json"
	for level in mapped planned bundle; do
		grep -q "\"$level\": 50" "$1.json" || fail "$1: $(cat "$1.json")"
	done
}

levels()
{
	compile single
	compile whole --set=ima.adc_rounding=integer
	run single
	run whole
	cmp -s single.npy whole.npy && fail "float32 makes no difference"
	grep -q adc_float=1 single/module/*.imc || fail "no ADC in float32"
	grep -q adc_float=1 whole/module/*.imc && fail "an ADC in float32"
	ls single/runtime/models/model_ima_float.c >/dev/null
	[ ! -e whole/runtime/models/model_ima_float.c ] ||
		fail "a model in float32 that nobody needs"
	# the registers, one pair a layer
	grep -q '\.adc_low = [0-9]*, \.adc_high = [1-9]' single/src/*.c ||
		fail "no registers"
}

explain()
{
	"$imcc" targets --explain pulp-ima >targets
	grep -q '^  adc_rounding  *float32  *integer ' targets &&
		grep -q '^  adc_ends  *whole  *any ' targets &&
		grep -q '^  channel_align  *4  *1 ' targets &&
		grep -q '^  mvm_ns  *130  *130 ' targets || fail "$(cat targets)"
}

virt()
{
	wants riscv64-unknown-elf-gcc gcc-riscv64-unknown-elf
	wants qemu-system-riscv32 qemu-system-misc
	compile host
	compile virt --port=riscv-virt
	for folder in host virt; do
		make -s -C $folder run INPUT="$digits/test_x.npy" \
			OUTPUT="$work/$folder.npy" LIMIT=10 \
			QEMU_FLAGS="-cpu rv32,f=false,d=false" >/dev/null
	done
	cmp host.npy virt.npy || fail "soft floats give others"
}

rm -rf "$work"
mkdir -p "$work"
work=$(cd "$work" && pwd)
cd "$work"
$what
