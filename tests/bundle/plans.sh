#!/bin/sh
# plans.sh PROGRAM WORK-FOLDER LIBRARY FLAGS FIRST N: random networks with
# random plans, compiled and run, give what the evaluator of the plan gives,
# however late engines and DMA are; debug builds know what their layers make, and
# name one that differs. LIBRARY: the runtime on the host's machine;
# FLAGS: of the compiler, with the folders of its headers.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
program=$1 work=$2 library=$3 flags=$4 first=$5 n=$6

rm -rf "$work"
mkdir -p "$work"
"$program" "$work" "$first" "$n"

includes="-I$here -I$here/../.. -I$work"
for dir in "$work"/net*/; do
	includes="$includes -iquote $dir/include -iquote $dir/src"
done
warnings="-std=c11 -Wall -Wextra -Wpedantic -Werror"
flags="$flags -DIMC_DEBUG"
for dir in "$work"/net*/; do
	net=$(basename "$dir")
	for source in "$net" "${net}_data" "${net}_golden"; do
		# shellcheck disable=SC2086
		cc $warnings $flags $includes -c -o "$work/$source.o" \
			"$dir/src/$source.c"
	done
done
# shellcheck disable=SC2086
cc $warnings $flags $includes -o "$work/run" "$work/table.c" \
	"$here/plans_main.c" "$work"/*.o "$library" -lm
"$work/run" "$work"

# what is emitted can be read
! sed 's/	/        /g' "$work"/net*/src/net*[0-9].c | grep -n '.\{81\}'
