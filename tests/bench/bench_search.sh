#!/bin/sh
# bench_search.sh IMCC [OPTION...]: the solver and the agent (--search=rl) on
# ResNet-20 with as many measured networks each, in the arrays that 8 bits
# without copies need. Prints the least latency so far that loses no more than
# --max-drop, and what the searches took. Options go to both:
#
#     bench_search.sh build/imcc --trials=24 --max-drop=1 --limit=200
#
# are those that it has itself; later ones count. Reads ../shared/models, or
# the folder that MODELS names.
imcc=$1
[ -x "$imcc" ] || { echo "usage: $0 IMCC [OPTION...]" >&2; exit 2; }
shift
models=${MODELS:-$(dirname "$0")/../../../shared/models}
model=$models/models/resnet20_cs/model.onnx
data=$models/data/cifar10
for file in "$model" "${data}_calib500_x.npy" "${data}_test600_x.npy"; do
	[ -r "$file" ] || { echo "skipped: there is no $file"; exit 0; }
done
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT

# compile NAME OPTION...: report.json of it is $tmp/NAME/report.json
compile()
{
	name=$1
	shift
	"$imcc" compile "$model" -t lrmp --timings -o "$tmp/$name" \
		--calib "${data}_calib500_x.npy" --calib-limit 20 \
		--mean 0.485,0.456,0.406 --std 0.229,0.224,0.225 \
		"$@" >"$tmp/$name.log" 2>&1 ||
		{ cat "$tmp/$name.log" >&2; exit 1; }
}

# search NAME OPTION...
search()
{
	compile "$@" --data "${data}_test600_x.npy" \
		--labels "${data}_test600_y.npy"
}

# seconds NAME PASS
seconds()
{
	sed -n "s/.*\"name\": \"$2\", \"ms\": \([^,]*\),.*/\1/p" \
		"$tmp/$1/report.json" | awk '{ printf "%.1f", $1 / 1000 }'
}

# trials NAME: a line for each: drop, value in ns
trials()
{
	sed -n 's/.*"budget".*"drop": \([^,]*\), "value": \([^,]*\),.*/\1 \2/p' \
		"$tmp/$1/report.json"
}

# best: of trials, the least value so far that is good enough, in ms
best()
{
	awk -v most="$drop" '
		$1 <= most && (!least || $2 < least) { least = $2 }
		{ print least ? sprintf("%.4f", least / 1e6) : "-" }'
}

drop=1
for option in "$@"; do
	case $option in --max-drop=*) drop=${option#*=} ;; esac
done
compile small --replicas=1
arrays=$(sed -n 's/.*"used": \([0-9]*\),.*/\1/p' "$tmp/small/report.json" |
	head -n 1)
compile once --arrays="$arrays" --budget-bits=6 --errors=equal
set -- --arrays="$arrays" --trials=24 --limit=200 --max-drop=1 "$@"
search solve --search=solve "$@"
search rl --search=rl "$@"

echo "resnet20_cs on lrmp with $arrays arrays: least latency (ms) that loses at"
echo "most $drop % after so many measured networks"
echo
trials solve | best >"$tmp/solve.best"
trials rl | best >"$tmp/rl.best"
awk -v solve="$tmp/solve.best" -v rl="$tmp/rl.best" 'BEGIN {
	printf "%5s %10s %10s\n", "n", "solve", "rl"
	for (;;) {
		a = (getline x < solve) > 0
		b = (getline y < rl) > 0
		if (!a && !b)
			break
		printf "%5d %10s %10s\n", ++n, a ? x : "ends", b ? y : "ends"
	}
}'
echo
echo "seconds: solve $(seconds solve measure_errors) for the errors of layers" \
	"and $(seconds solve choose_engine) for the networks;"
echo "rl $(seconds rl choose_engine); one choice of the solver alone" \
	"$(seconds once choose_engine)"
