#!/bin/sh
# The example: its report is the one that is kept, and its main.c builds
# against the bundle and sees the right digits. usage: digits.sh IMCC [--bless]
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
example=$root/examples/digits
imcc=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

"$imcc" compile "$example/digits.onnx" -t garofalo-34 -o bundle \
	--calib "$example/calib_x.npy" --weight-bits 8 >/dev/null
[ "${2:-}" = --bless ] && cp bundle/report.txt "$example/report.txt"
diff "$example/report.txt" bundle/report.txt

# the command of the example's README
sed -n '/^    cc /,/[^\\]$/p' "$example/README.md" |
	sed "s,main\.c,$example/main.c," >build.sh
sh -e build.sh

# pictures and labels behind the 128 bytes of a .npy header
tail -c +129 "$example/test_x.npy" | head -c 6400 |
	od -An -v -t u1 | ./digits >seen
tail -c +129 "$example/test_y.npy" | head -c 400 |
	od -An -v -t d4 -w4 | tr -d ' ' >right
wrong=$(paste -d' ' seen right | awk '$1 != $2' | wc -l)
n=$(wc -l <seen)
echo "$n pictures, $wrong wrong"
[ "$n" = 100 ] && [ "$wrong" -le 3 ]
