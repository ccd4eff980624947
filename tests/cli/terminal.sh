#!/bin/sh
# terminal.sh IMCC: what is drawn on a terminal, and that nothing is drawn
# elsewhere. Skips (77) without script(1) of util-linux.
imcc=$1
digits=$(cd "$(dirname "$0")/../../examples/digits" && pwd)
script -qec true /dev/null >/dev/null 2>&1 ||
	{ echo "skipped: no script of util-linux"; exit 77; }
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
escape=$(printf '\033')
failed=0

# expect yes|no PATTERN FILE WHAT
expect() {
	found=no
	grep -q "$2" "$3" && found=yes
	[ "$found" = "$1" ] && return
	failed=1
	echo "$4:"
	cat -v "$3"
}

# A step of more than a second: the example's pictures many times over.
cd "$tmp" || exit 1
samples=60000
{
	printf '\223NUMPY\001\000v\000'
	printf '%-117s\n' "{'descr': '|u1', 'fortran_order': False, 'shape': \
($samples, 1, 8, 8), }"
	i=0
	tail -c 32000 "$digits/test_x.npy" >pictures
	while [ $i -lt $((samples / 500)) ]; do
		cat pictures
		i=$((i + 1))
	done
} >many.npy
cp "$digits/data.yaml" .
long="$imcc eval $digits/digits.onnx --calib $digits/calib_x.npy \
--data many.npy"
short="$imcc compile no.onnx -t garofalo-34 -o d"
colour="$escape\\[3[0-9]m"

# One processor, so that no machine is too fast; it need not come to its end.
bar='^evaluate  *\[#* *\] [0-9]*/60000'
IMC_THREADS=1 script -qec "timeout -s KILL 6 $long" /dev/null \
	</dev/null | tr '\r' '\n' >drawn
expect yes "$bar" drawn "no progress bar"
expect no "$colour" drawn "a progress bar with colours"

TERM=xterm script -qec "$short" /dev/null </dev/null >drawn
expect yes "$colour" drawn "an error without colour on a terminal"
NO_COLOR=1 script -qec "$short" /dev/null </dev/null >drawn
expect yes "^no.onnx: error: cannot read" drawn "no error"
expect no "$escape" drawn "escape codes in spite of NO_COLOR"
$short >drawn 2>&1 </dev/null
expect no "$escape" drawn "escape codes in a file"

(IMC_THREADS=1 exec timeout 4 $long 2>drawn >/dev/null </dev/null)
[ ! -s drawn ] || { echo "drawn without a terminal:"; cat drawn; failed=1; }
exit $failed
