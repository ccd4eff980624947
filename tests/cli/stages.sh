#!/bin/sh
# stages.sh IMCC: --min-throughput is kept or refused, whatever the objective,
# whoever shares the cores; objectives do not lose by a limit that goes.
. "$(dirname "$0")/../digits.sh"

# ok WHAT COMMAND...: it succeeds
ok() {
	what=$1
	shift
	n=$((n + 1))
	"$@" && return
	failed=$((failed + 1))
	echo "$what: $*"
	cat err.txt
}

# compile OPTION...: into the folder b
compile() {
	rm -rf b
	"$imcc" compile digits.onnx --calib calib_x.npy --calib-limit 2 \
		-o b "$@" >out.txt 2>err.txt
}

# number KEY: of the report
number() {
	sed -n "s/.*\"$1\": \([-0-9.e+]*\).*/\1/p" b/report.json | head -n 1
}

# least X Y: X is no less than Y
least() {
	awk -v x="$1" -v y="$2" 'BEGIN { exit !(x >= y * (1 - 1e-5)) }'
}

# limits MACHINE...: part of the most images a second, with each objective
limits() {
	ok "the most" compile "$@" --objective=throughput
	most=$(number images_per_s)
	want=$(awk -v x="$most" 'BEGIN { print 0.9 * x }')
	for objective in latency energy arrays edp throughput; do
		ok "$objective" compile "$@" --objective="$objective" \
			--min-throughput="$want"
		ok "$objective keeps up" least "$(number images_per_s)" "$want"
	done
	want=$(awk -v x="$most" 'BEGIN { print 3 * x }')
	compile "$@" --objective=edp --min-throughput="$want"
	ok "more is refused" grep -q 'are asked for; .* are the most' err.txt
}

limits -t lrmp --arrays=600
limits -t bruschi-512 --arrays=60
limits -t bruschi-512 --arrays=60 --errors=equal --budget-bits=5
limits -t sram-imc --set ima.tiles=own --spill --arrays=12 --errors=equal \
	--budget-bits=5

# what shares the way to L2 is limited once, not twice
ok "without" compile -t bruschi-512 --arrays=60 --objective=throughput
most=$(number images_per_s)
ok "with" compile -t bruschi-512 --arrays=60 --objective=throughput \
	--min-throughput=1
ok "a limit far away changes nothing" least "$(number images_per_s)" "$most"

# under a budget and few clusters, what all share is not worth every array
zoo() {
	rm -rf b
	"$imcc" compile net.onnx -t bruschi-512 --tiling=remainder --arrays=30 \
		--calib-limit=2 --budget-bits=7 --errors=equal -o b "$@" \
		>out.txt 2>err.txt
}
"$imcc" zoo resnet8 --resolution=16 -o net.onnx >out.txt
ok "energy times latency" zoo --objective=edp
most=$(number images_per_s)
ok "throughput" zoo --objective=throughput
ok "is no lower" least "$(number images_per_s)" "$most"
echo "$n checks, $failed failed"
[ "$failed" = 0 ]
