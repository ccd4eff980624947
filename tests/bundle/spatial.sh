#!/bin/sh
# spatial.sh PROGRAM NET WORK-FOLDER: the bundle of a network of spatial.c
# computes what its quantised graph does, bit for bit, whatever builds it and
# however late its arrays are.
set -eu

program=$1 net=$2 work=$3

fail()
{
	echo "$net: $*"
	exit 1
}

# run WHAT [VARIABLE...]
run()
{
	what=$1
	shift
	rm -f y.npy
	make -s -C bundle run INPUT="$work/bundle.x.npy" \
		OUTPUT="$work/y.npy" "$@" >/dev/null
	cmp bundle.y.npy y.npy || fail "$what differs"
}

rm -rf "$work"
mkdir -p "$work"
work=$(cd "$work" && pwd)
cd "$work"
"$program" "$net" bundle

# an image an array, named in the order of the arrays
tiles=$(grep -c '^	{[0-9]*, [0-9]*, [0-9]*, ' "bundle/src/$net.c")
ls bundle/data | grep _xbar >images
[ "$(wc -l <images)" = "$tiles" ] || fail "$tiles tiles, other images"
sed -n 's/.*incbin "data\/\(.*_xbar.*\)"/\1/p' "bundle/src/${net}_data.S" |
	cmp - images || fail "images are not in order"
LC_ALL=C sort -c images

run cc
IMC_LATE=1
export IMC_LATE
run late
[ "$net" = many ] && exit
run "DATA=c" DATA=c
command -v clang >/dev/null || exit 0
make -s -C bundle clean
run clang CC=clang
