#!/bin/sh
# zoo.sh IMCC: every network has its published size, both as listed and as
# read back from the file; files are reproducible, and whole or not there.
imcc=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
script=$(cd "$(dirname "$0")" && pwd)/$(basename "$0")
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
cd "$tmp" || exit 1
n=0
failed=0

fail() {
	failed=$((failed + 1))
	echo "$*"
}

# listed PARAMETERS MACS NAME [OPTION...]
listed() {
	n=$((n + 1))
	want="$1 $2"
	shift 2
	got=$("$imcc" zoo "$@" --list | awk 'NR == 2 { print $3, $4 }')
	[ "$got" = "$want" ] || fail "imcc zoo $* --list: $got, not $want"
}

# sized PARAMETERS MACS OUTPUT NAME [OPTION...]: the file, too
sized() {
	listed "$1" "$2" "$4" $5 $6
	want="output $3
MACs $2
parameters $1"
	shift 3
	n=$((n + 1))
	"$imcc" zoo "$@" -o x.onnx >out 2>&1 || fail "imcc zoo $*: $(cat out)"
	got=$("$imcc" info x.onnx 2>&1 | sed -n 's/^  output .*\[/output /p
		s/^\(MACs\|parameters\)  */\1 /p' | tr -d ,])
	[ "$got" = "$want" ] || fail "imcc zoo $*: $got, not $want"
	rm -f x.onnx
}

# As torchvision states them; batch normalisation counts scale and offset.
sized 3504872 300774272 '1 1000' mobilenet_v2
sized 2223872 299494272 '1 1280 7 7' mobilenet_v2 --features
sized 2224960 312339328 '1 1280 7 7' mobilenet_v2 --features --expand-first
sized 1677128 11934128 '1 1000' mobilenet_v2 --width=0.35 --resolution=96
sized 11689512 1814073344 '1 1000' resnet18
sized 21797672 3663761408 '1 1000' resnet34
sized 25557032 4089184256 '1 1000' resnet50
sized 44549160 7801405440 '1 1000' resnet101
sized 1235496 349151936 '1 1000' squeezenet1_1
# As published: 0.27 M parameters, 41 M MACs.
sized 272474 40813184 '1 10' resnet20
listed 132863336 7609090048 vgg11
sized 9220480 7485456384 '1 512 7 7' vgg11 --features
# The trainable ones of MLPerf Tiny's Keras models.
sized 78186 12501632 '1 10' resnet8
sized 23756 2656768 '1 12' ds_cnn
sized 216322 7489664 '1 2' mobilenet_v1_025
sized 267928 264192 '1 640' autoencoder
# By hand: products of the layer sizes, and the biases.
sized 669706 668672 '1 10' mlp
sized 53 40 '1 4' mlp --channels=4,5,1,3,4
sized 65536 16777216 '1 256 16 16' pointwise
sized 6 96 '1 3 4 4' pointwise --channels=2,3 --resolution=4
sized 156088 39266304 '1 120 16 16' bottleneck
sized 248 3200 '1 8 4 4' bottleneck --channels=8,8 --resolution=4

# A network that is listed can be written, and is in this test.
n=$((n + 1))
for name in $("$imcc" zoo | awk 'NR > 1 { print $1 }'); do
	grep -qE "^(sized|listed) .* $name( |\$)" "$script" ||
		fail "no test of $name"
done

# Same command, same bytes; names that are taken are no obstacle.
"$imcc" zoo resnet8 -o a.onnx >out
: >b.onnx
: >b.onnx.tmp0
"$imcc" zoo resnet8 -o b.onnx --seed=1 >out
"$imcc" zoo resnet8 -o c.onnx --seed 2 >out
n=$((n + 4))
cmp a.onnx b.onnx || fail "the same network twice differs"
! cmp -s a.onnx c.onnx || fail "another seed makes the same file"
[ "$(ls)" = "a.onnx
b.onnx
b.onnx.tmp0
c.onnx
out" ] || fail "left behind: $(ls)"
[ "$("$imcc" zoo resnet8 -o a.onnx)" = "resnet8
  input      1x3x32x32
  parameters 78186
  MACs       12501632
  file       a.onnx" ] || fail "the summary has changed"

# What only a network can have needs a name.
n=$((n + 1))
"$imcc" zoo --expand-first >out 2>err
[ $? = 2 ] || fail "--expand-first of nothing: $(cat out err)"

# What is written is compiled as it is.
n=$((n + 1))
"$imcc" compile a.onnx -t garofalo-34 -o bundle >out 2>err || fail "$(cat err)"

# A disk that is full leaves the old file, and nothing else.
n=$((n + 2))
(
	ulimit -f 100
	trap '' XFSZ
	"$imcc" zoo resnet8 -o a.onnx --seed=5
) >out 2>err && fail "a file that could not be written is none"
grep -q "^imcc: error: cannot write 'a.onnx': File too large\$" err ||
	fail "$(cat err)"
cmp a.onnx b.onnx || fail "the old file is gone"
[ ! -e a.onnx.tmp0 ] || fail "a.onnx.tmp0 is left behind"

echo "$n checks, $failed failed"
[ "$failed" = 0 ]
