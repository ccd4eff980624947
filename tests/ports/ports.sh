#!/bin/sh
# ports.sh IMCC WHAT WORK-FOLDER [NETWORK]: bundles for several machines compute
# the same. WHAT:
#   threads  any number of threads, engines early or late, gives the same
#   digits   the example on riscv-virt gives what it gives on the host
#   network  so does NETWORK of tests/models/networks.txt, on few samples
#   absent   what is not installed is asked for by the name of its package
#   check    the golden sample is right, and of changed weights the first wrong
#            layer is named, on the host and on riscv-virt
#   counts   instructions are counted, the same each time; COUNTS: the plugin
# Skips (exit 77), naming what is missing, without compiler, QEMU or network.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
digits=$here/../../examples/digits
shared=${IMCC_SHARED:-$here/../../../shared/models}
imcc=$1 what=$2 work=$3 network=${4:-}

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

wants_board()
{
	wants riscv64-unknown-elf-gcc gcc-riscv64-unknown-elf
	wants qemu-system-riscv32 qemu-system-misc
}

# compile PORT [OPTION...]: the example
compile()
{
	port=$1
	shift
	"$imcc" compile "$digits/digits.onnx" -t garofalo-34 -o "$port" \
		--port="$port" --weight-bits 8 --calib "$digits/calib_x.npy" \
		"$@" >/dev/null
}

# run PORT OUTPUT [VARIABLE...]: as a user would, on 20 samples
run()
{
	port=$1 output=$2
	shift 2
	make -s -C "$port" run INPUT="$digits/test_x.npy" \
		OUTPUT="$work/$output" LIMIT=20 "$@" >/dev/null
}

threads()
{
	compile host "$@"
	IMC_CORES=1 run host one.npy
	for cores in 2 3 8; do
		for late in 0 1; do
			IMC_CORES=$cores IMC_LATE=$late run host many.npy
			cmp one.npy many.npy || fail "$cores, late $late"
		done
	done
	"$imcc" eval host --data "$digits/test_x.npy" --limit 20 \
		--outputs one.npy --format=json >y.json
	grep -q '"bundle": 20}' y.json || fail "$(cat y.json)"
}

digits()
{
	wants_board
	compile host
	compile riscv-virt
	run host host.npy
	# cores without floating-point registers, as the machine says
	run riscv-virt virt.npy QEMU_FLAGS="-cpu rv32,f=false,d=false"
	cmp host.npy virt.npy
	for cores in 1 3 12; do
		run riscv-virt virt.npy CORES=$cores IMC_LATE=1
		cmp host.npy virt.npy || fail "$cores cores"
	done
	run riscv-virt virt.npy DATA=c
	cmp host.npy virt.npy
	# other outputs are other bytes
	make -s -C riscv-virt run INPUT="$digits/test_x.npy" \
		OUTPUT="$work/virt.npy" SKIP=20 LIMIT=20 >/dev/null
	! cmp -s host.npy virt.npy || fail "SKIP makes no difference"
	make -s -C riscv-virt size | grep -q "build/imc_rt_conv.o" ||
		fail "make size lacks a kernel"
	! make -s -C riscv-virt run INPUT="$digits/test_x.npy" CORES=65 \
		>log 2>&1 || fail "65 cores"
	grep -q '^the number of cores is none of 1 .. 64' log || fail "$(cat log)"
	# the input ends within a sample
	head -c 100 riscv-virt/build/input.raw >short.raw
	! qemu-system-riscv32 -M virt -smp 9 -m 256M -bios none -display none \
		-monitor none -serial none \
		-semihosting-config enable=on,target=native \
		-kernel riscv-virt/build/digits -append "short.raw y.raw 8" \
		>log 2>&1 || fail "half a sample is no fault"
	grep -q '^digits: the last sample is not whole' log || fail "$(cat log)"
}

network()
{
	wants_board
	line=$(grep "^$network |" "$here/../models/networks.txt")
	data=$shared/data/$(field 2)_x.npy
	calib=$shared/data/$(field 3)_x.npy
	onnx=$shared/models/$network/model.onnx
	for file in "$onnx" "$data" "$calib"; do
		[ -e "$file" ] || { echo "skipped: no $file"; exit 77; }
	done
	pre=$(field 6 | sed 's/--label-offset [0-9]*//')
	for port in host riscv-virt; do
		# shellcheck disable=SC2086
		"$imcc" compile "$onnx" -t garofalo-34 -o "$port" \
			--port="$port" --calib "$calib" --calib-limit 4 $pre \
			>/dev/null 2>&1
		make -s -C "$port" run INPUT="$data" OUTPUT="$work/$port.npy" \
			SKIP="$(field 5)" LIMIT=3 >/dev/null
	done
	cmp host.npy riscv-virt.npy
	make -s -C riscv-virt size | tail -n 1
}

field()
{
	echo "$line" | cut -d'|' -f"$1" | sed 's/^ *//; s/ *$//'
}

absent()
{
	compile riscv-virt
	! make -s -C riscv-virt CC=none/gcc 2>log || fail "there is a none/gcc"
	grep -q 'none/gcc is not there: install gcc-riscv64-unknown-elf' log ||
		fail "$(cat log)"
	make -s -C riscv-virt clean CC=none/gcc
	! compile none 2>log || fail "there is a port none"
	grep -q "host|riscv-virt|" log || fail "$(cat log)"
	wants riscv64-unknown-elf-gcc gcc-riscv64-unknown-elf
	! run riscv-virt y.npy QEMU=none/qemu 2>log || fail "there is no QEMU"
	grep -q '^none/qemu is not there: install qemu-system-misc' log ||
		fail "$(cat log)"
	# too little memory for its sections
	make -s -C riscv-virt clean
	! make -s -C riscv-virt MEGABYTES=1 2>log || fail "1 MB is enough"
	grep -q "region .RAM. overflowed" log || fail "$(cat log)"
}

# checked PORT: make check is good; with the weights of layer LAYER changed
# it is not, and a debug build names LAYER
checked()
{
	compile "$1"
	make -s -C "$1" check | grep -q '^digits: the golden sample is right' ||
		fail "$1: make check"
	make -s -C "$1" check DEBUG=1 >log 2>&1 || fail "$1: $(cat log)"
	! grep -q 'first wrong' log || fail "$1: $(cat log)"
	# the last quarter of the constants, where no early layer has any
	l2=$1/data/digits_l2.bin
	n=$(wc -c <"$l2")
	head -c $((n * 3 / 4)) "$l2" >changed
	tail -c +$((n * 3 / 4 + 1)) "$l2" | tr '\001-\100' '\101-\200' >>changed
	cp changed "$l2"
	! make -s -C "$1" check DEBUG=1 >log 2>&1 || fail "$1: as before"
	grep '^digits: CRC [0-9a-f]\{8\}, golden [0-9a-f]\{8\}: first wrong' \
		log >"$1.wrong" || fail "$1: $(cat log)"
}

check()
{
	checked host
	wants_board
	checked riscv-virt
	diff host.wrong riscv-virt.wrong
	sed 's/.*first wrong is layer //' host.wrong >layer
	# it is not the first one
	sed -n 's/.*"onnx_nodes": \["\([^"]*\)".*/\1/p' host/metadata.json >layers
	grep -qxF -f layer layers || fail "$(cat layer layers)"
	! head -n 1 layers | grep -qxF -f layer || fail "$(cat layer layers)"
}

counts()
{
	wants_board
	compile riscv-virt
	for i in 1 2; do
		run riscv-virt y.npy COUNT=1 QEMU_FLAGS="-icount shift=0,sleep=off \
			-plugin $COUNTS,out=$work/counts$i.txt"
	done
	cmp counts1.txt counts2.txt
	# a row for each slot that is announced, and one for what follows
	awk '!/^#/ { n++; sum += $3; bad += $2 != 20 || $1 != n - 1 }
		END { exit !(n > 10 && sum > 1e6 && !bad) }' counts1.txt ||
		fail "$(cat counts1.txt)"
	steps=$(grep -c 'imc_hal_step(hal, ' riscv-virt/src/digits.c)
	rows=$(grep -vc '^#' counts1.txt)
	[ "$rows" -ge "$steps" ] || fail "$rows rows for $steps steps"
	# hart 0 is no core, and all others work
	awk '!/^#/ { for (h = 4; h <= NF; h++) did[h] += $h; n = NF }
		END { for (h = 5; h <= 12; h++) idle += did[h] < 1e5
			exit !(n == 12 && did[4] == 0 && !idle) }' \
		counts1.txt || fail "$(cat counts1.txt)"
}

rm -rf "$work"
mkdir -p "$work"
work=$(cd "$work" && pwd)
cd "$work"
"$what"
