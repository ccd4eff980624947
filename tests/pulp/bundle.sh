#!/bin/sh
# bundle.sh IMCC SIM WORK-FOLDER WHAT: networks compiled for target pulp-ima
# compute the same on the port `pulp` as on the host. WHAT:
#   digits   the example; on one array, with the rest on the cores, and on two
#   gvsoc    the example, on the machine that GVSOC runs programs on
#   NETWORK  one of tests/models/networks.txt, on some samples
# Skips (exit 77), naming what is missing.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
example=$here/../../examples/digits
shared=${IMCC_SHARED:-$here/../../../shared/models}
imcc=$1 sim=$2 work=$3 what=$4

skip()
{
	echo "skipped: $*"
	exit 77
}

fail()
{
	echo "$*"
	exit 1
}

# compile PORT MODEL [OPTION...]
compile()
{
	port=$1 model=$2
	shift 2
	"$imcc" compile "$model" -t pulp-ima -o "$port" --port="$port" "$@" \
		>log 2>&1 || fail "$(cat log)"
}

# run PORT DATA LIMIT [VARIABLE...]
run()
{
	port=$1 data=$2 limit=$3
	shift 3
	rm -f "$port.npy"
	make -s -C "$port" run INPUT="$data" OUTPUT="$work/$port.npy" \
		LIMIT="$limit" CFLAGS=-O2 "$@" >log 2>&1 || fail "$(cat log)"
}

# both MODEL CALIB DATA LIMIT [OPTION...]: $flags are those of the machine,
# $variables those of make
both()
{
	model=$1 calib=$2 data=$3 limit=$4
	shift 4
	for port in host pulp; do
		compile "$port" "$model" --calib "$calib" "$@"
		# shellcheck disable=SC2086
		run "$port" "$data" "$limit" PULP_SIM="$sim $flags" $variables
	done
	cmp host.npy pulp.npy || fail "the outputs differ"
}

digits()
{
	set -- "$example/digits.onnx" "$example/calib_x.npy" \
		"$example/test_x.npy"
	flags=--stats variables=
	both "$@" 20 --spill
	make -s -C pulp size | grep -q "build/pulp_source.o" ||
		fail "make size lacks the port"
	for debug in 0 1; do
		make -s -C pulp check CFLAGS=-O2 PULP_SIM="$sim $flags" \
			DEBUG=$debug >log 2>&1 || fail "$(cat log)"
		grep -q '^digits: the golden sample is right' log ||
			fail "$(cat log)"
		! grep -q 'first wrong' log || fail "$(cat log)"
	done
	flags="--stats --arrays=2" variables=ARRAYS=2
	both "$@" 5 --set ima.arrays=2
	# samples that no program holds all of at once
	mv pulp.npy whole.npy
	run pulp "$3" 5 PULP_SIM="$sim $flags" ARRAYS=2 SAMPLES=2
	cmp whole.npy pulp.npy
	! make -s -C pulp run INPUT="$3" LIMIT=1 PULP_SIM= >log 2>&1 ||
		fail "without a simulator"
	grep -q '^PULP_SIM is not set: a command that runs' log ||
		fail "$(cat log)"
}

gvsoc()
{
	[ -n "${GVSOC:-}" ] || skip "GVSOC is not set: a command that runs a" \
		"program there"
	sim=$GVSOC flags= variables=SAMPLES=1
	both "$example/digits.onnx" "$example/calib_x.npy" \
		"$example/test_x.npy" 2 --spill
}

field()
{
	echo "$line" | cut -d'|' -f"$1" | sed 's/^ *//; s/ *$//'
}

# 2 MB of L2 hold all of them. What the cores pad has to fit into L1 as a whole:
# MobileNet's input does not, and the port needs no such help.
network()
{
	line=$(grep "^$what |" "$here/../models/networks.txt")
	data=$shared/data/$(field 2)_x.npy
	calib=$shared/data/$(field 3)_x.npy
	model=$shared/models/$what/model.onnx
	for file in "$model" "$data" "$calib"; do
		[ -e "$file" ] || skip "no $file"
	done
	pre=$(field 6 | sed 's/--label-offset [0-9]*//')
	[ "$what" != mobilenet_v1_025_224 ] ||
		pre="$pre --set ima.channel_align=1"
	flags="--stats --l2=$((0x210000))" variables=L2_KB=2048
	# shellcheck disable=SC2086
	both "$model" "$calib" "$data" 2 --calib-limit 8 --spill \
		--set l2.bytes=1984kB $pre
}

rm -rf "$work"
mkdir -p "$work"
cd "$work"
case $what in
digits | gvsoc) "$what" ;;
*) network ;;
esac
