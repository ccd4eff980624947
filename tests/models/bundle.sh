#!/bin/sh
# bundle.sh IMCC MAKE_MODELS WHAT WORK-FOLDER: what the folder of a bundle must stand,
# shown on the example network. WHAT:
#   twice    compiled twice, it has the same bytes
#   resume   so it has when compiling goes on from the dump of any pass
#   data_c   built with DATA=c, it computes the same
#   late     it waits for all that it starts
#   clang    built with clang, it computes the same
#   moved    moved elsewhere, alone, it builds and computes the same
#   range    SKIP and LIMIT choose the samples that imcc eval chooses
#   layouts  channels first or last, several outputs: read as imcc eval does
#   name     the network has the name of the file, or of its folder
set -eu

here=$(cd "$(dirname "$0")" && pwd)
digits=$here/../../examples/digits
imcc=$1 make_models=$2 what=$3 work=$4
data=$digits/test_x.npy

fail()
{
	echo "$*"
	exit 1
}

# compile FOLDER [OPTION...]
compile()
{
	folder=$1
	shift
	"$imcc" compile "$digits/digits.onnx" -t garofalo-34 -o "$folder" \
		--weight-bits 8 --calib "$digits/calib_x.npy" "$@" >/dev/null
}

# run FOLDER OUTPUT [VARIABLE...]: as a user would, on 20 samples
run()
{
	folder=$1 output=$2
	shift 2
	make -s -C "$folder" run INPUT="$data" OUTPUT="$output" LIMIT=20 "$@" \
		>/dev/null
}

twice()
{
	compile a
	compile b
	diff -r a b
}

# What a dump does not hold: the passes before it, and where the target lay;
# so the hash of the report differs too.
held()
{
	sed '/^  "passes": \[\]/d; /^  "passes": \[$/,/^  \]/d
		/^    "source": ".*",$/d; /^    "report.json": /d' "$1"
}

same_but_history()
{
	diff -r -x report.json -x metadata.json a b || return 1
	for file in report.json metadata.json; do
		held "a/$file" >want
		held "b/$file" >got
		diff want got || return 1
	done
}

resume()
{
	compile a --dump all
	[ "$(ls a-dump/*.imc | wc -l)" -gt 10 ] || fail "too few dumps"
	for module in a-dump/*.imc; do
		rm -rf b
		"$imcc" compile "$module" -o b --calib "$digits/calib_x.npy" \
			>/dev/null
		same_but_history || fail "$module leads elsewhere"
	done
	compile c --stop-after fit_adc
	cmp c/*.fit_adc.imc a-dump/*.fit_adc.imc
	[ ! -e c/metadata.json ] || fail "--stop-after made a bundle"
}

data_c()
{
	compile a
	run a "$work/S.npy"
	run a "$work/c.npy" DATA=c
	[ -e a/build/digits_data_c.o ] || fail "DATA=c was not heeded"
	cmp S.npy c.npy
}

late()
{
	compile a --set ima.cell_bits=8 --post=adc
	grep -q imc_rt_crossbar_start a/src/digits.c &&
		grep -q 'finish(hal, .*IMC_HAL_PORT' a/src/digits.c ||
		fail "no sum runs beside an array"
	run a "$work/early.npy"
	"$imcc" eval a --data "$data" --limit 20 --outputs early.npy \
		--format=json >y.json
	grep -q '"planned": 20, "bundle": 20}' y.json || fail "$(cat y.json)"
	grep -q IMC_LATE a/runtime/hal/host/device_host.c || fail "nothing is late"
	IMC_LATE=1
	export IMC_LATE
	run a "$work/late.npy"
	cmp early.npy late.npy
}

clang()
{
	command -v clang >/dev/null || { echo "skipped: no clang"; exit 77; }
	compile a
	run a "$work/cc.npy"
	make -s -C a clean
	run a "$work/clang.npy" CC=clang
	make -s -C a clean
	run a "$work/clang_c.npy" CC=clang DATA=c
	cmp cc.npy clang.npy
	cmp cc.npy clang_c.npy
}

moved()
{
	compile a
	run a "$work/before.npy"
	make -s -C a clean
	away=$(mktemp -d)
	trap 'rm -rf "$away"' EXIT
	mv a "$away/its new place"
	cd "$away"
	# nothing of the environment, and no path to this source
	env -i PATH="$PATH" make -s -C "its new place" run INPUT="$data" \
		OUTPUT=../after.npy LIMIT=20 >/dev/null
	cmp "$work/before.npy" after.npy
	"$imcc" eval "its new place" --data "$data" --limit 20 \
		--outputs after.npy --format=json >"$work/moved.json"
	grep -q '"planned": 20, "bundle": 20}' "$work/moved.json" ||
		fail "$(cat "$work/moved.json")"
	! grep -rqF "$here" "its new place" --include='*.[chS]' \
		--include=Makefile --include='CMake*' ||
		fail "the bundle names the folder it was made from"
}

# evaluate RANGE-OF-EVAL RANGE-OF-RUN N: all N samples are the same
evaluate()
{
	make -s -C a run INPUT="$data" OUTPUT="$work/y.npy" $2 >/dev/null
	"$imcc" eval a --data "$data" $1 --outputs y.npy --format=json >y.json
	grep -q "^{\"n\": $3, .*\"bundle\": $3}" y.json ||
		fail "$1, $2: $(cat y.json)"
}

range()
{
	compile a
	evaluate "" "" 500
	evaluate "--skip 3" "SKIP=3" 497
	evaluate "--limit 7" "LIMIT=7" 7
	evaluate "--skip 490 --limit 20" "SKIP=490 LIMIT=20" 10
	! make -s -C a run INPUT="$data" OUTPUT="$work/none.npy" SKIP=500 \
		2>y.err || fail "SKIP=500 left samples"
	grep -q "^digits: $data: SKIP leaves no sample" y.err || fail "$(cat y.err)"
	# other samples are other outputs
	make -s -C a run INPUT="$data" OUTPUT="$work/y.npy" SKIP=9 LIMIT=7 \
		>/dev/null
	"$imcc" eval a --data "$data" --limit 7 --outputs y.npy --format=json \
		>y.json
	! grep -q '"bundle": 7}' y.json || fail "SKIP makes no difference"
	# those of a bundle, whatever lies beside the data
	cp "$data" x.npy
	make -s -C a run INPUT="$work/x.npy" OUTPUT="$work/y.npy" LIMIT=5 \
		>/dev/null
	echo "scale: 7" >x.yaml
	"$imcc" eval a --data x.npy --limit 5 --outputs y.npy --format=json \
		>y.json
	grep -q '"bundle": 5}' y.json || fail "preprocessing: $(cat y.json)"
}

# same_layout NETWORK DATA: bundle and evaluator agree on all 6 samples
same_layout()
{
	rm -rf b
	"$imcc" compile "$1.onnx" -t garofalo-1 -o b --calib "$2.npy" \
		--mean 0.4,0.7 --std 0.25,0.5 >/dev/null
	make -s -C b run INPUT="$work/$2.npy" OUTPUT="$work/$2.y.npy" >/dev/null
	"$imcc" eval b --data "$2.npy" --outputs "$2.y.npy" --format=json \
		>y.json
	grep -q '"mapped": 6, "planned": 6, "bundle": 6}' y.json ||
		fail "$2: $(cat y.json)"
}

layouts()
{
	"$make_models" .
	same_layout two two_first
	same_layout two two_last
	cmp two_first.y.npy two_last.y.npy
	cmp two_first.y.npy.1.npy two_last.y.npy.1.npy
	same_layout row row_last
	# a second output that differs is noticed
	same_layout two two_first
	cp two_first.y.npy.1.npy good.npy
	head -c -4 good.npy >two_first.y.npy.1.npy
	head -c 4 /dev/zero | tr '\0' '\1' >>two_first.y.npy.1.npy
	"$imcc" eval b --data two_first.npy --outputs two_first.y.npy \
		--format=json >y.json
	grep -q '"planned": 6, "bundle": 5}' y.json || fail "$(cat y.json)"
}

# named MODEL NAME: the name that compiling MODEL gives
named()
{
	rm -rf b
	"$imcc" compile "$1" -t garofalo-1 -o b 2>/dev/null >/dev/null
	[ -e "b/include/$2.h" ] || fail "$1 is not called $2: $(ls b/include)"
}

name()
{
	"$make_models" .
	mkdir -p nets/small-one
	cp two.onnx nets/small-one/model.onnx
	cp two.onnx nets/small-one/net.onnx
	cp two.onnx model.onnx
	named nets/small-one/model.onnx small_one
	named nets/small-one//model.onnx small_one
	named nets/small-one/net.onnx net
	named model.onnx model
	named ./model.onnx model
	named "$work/nets/../model.onnx" model
	# the names of system headers are names too
	for name in features string math; do
		cp "$digits/digits.onnx" "$name.onnx"
		"$imcc" compile "$name.onnx" -t garofalo-34 -o "$name" \
			--calib "$digits/calib_x.npy" >/dev/null
		run "$name" "$work/$name.npy"
		cmp features.npy "$name.npy"
		cmake -S "$name" -B "$name-cmake" >/dev/null
		cmake --build "$name-cmake" >/dev/null
	done
}

rm -rf "$work"
mkdir -p "$work"
work=$(cd "$work" && pwd)
cd "$work"
"$what"
