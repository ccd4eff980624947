#!/bin/sh
# noise.sh IMCC: accuracy on devices that are not ideal, from the command line.
. "$(dirname "$0")/../digits.sh"

# ok WHAT COMMAND...: it succeeds
ok() {
	what=$1
	shift
	n=$((n + 1))
	"$@" >log.txt 2>err.txt </dev/null && return
	failed=$((failed + 1))
	echo "$what: $*"
	cat log.txt err.txt
}

# run WHAT COMMAND...: it succeeds and prints into out.txt
run() {
	ok "$@"
	mv log.txt out.txt
}

# noisy OPTION...: 40 samples of the bundle, into out.txt
noisy() {
	"$imcc" eval b --data test_x.npy --labels test_y.npy --limit 40 \
		--noise pcm --runs 2 "$@"
}

# mean: the accuracies of out.txt
mean() {
	sed -n 's/^  noisy .* \([0-9.]*\) %  *[0-9.]* %  *[0-9.]* %  *[0-9.]* %  *[0-9.]* %  *[0-9.]* %  *[0-9.e-]*$/\1/p' "$1"
}

run "a bundle" "$imcc" compile digits.onnx -t garofalo-1 --calib calib_x.npy \
	--calib-limit 20 -o b
run "noise" noisy --time 25s,1year
cp out.txt first.txt
ok "a row each time" test "$(grep -c '^  noisy ' first.txt)" = 2
run "the same bytes again" noisy --time 25s,1year
ok "the same bytes" cmp first.txt out.txt
IMC_THREADS=1
export IMC_THREADS
run "one thread" noisy --time 25s,1year
ok "the same of one thread" cmp first.txt out.txt
IMC_THREADS=3
run "three threads" noisy --time 25s,1year
ok "the same of three threads" cmp first.txt out.txt
unset IMC_THREADS
run "another seed" noisy --time 25s,1year --seed 2
grep '^  noisy' first.txt >first.rows
grep '^  noisy' out.txt >other.rows
ok "it differs" sh -c '! cmp -s first.rows other.rows'

# a time alone is what it is in a list
run "one time" noisy --time 1year
grep '^  noisy' out.txt | sed 's/  */ /g' >alone.rows
tail -1 first.rows | sed 's/  */ /g' >last.rows
ok "times do not matter to each other" cmp alone.rows last.rows

# after a year the compensation is worth a lot
run "no compensation" noisy --time 1year --noise-set drift.compensate=no
worse=$(mean out.txt)
better=$(mean first.txt | tail -1)
ok "drift costs, compensation helps: $worse, $better" \
	awk -v a="$worse" -v b="$better" 'BEGIN { exit !(b > a + 10) }'

# a model without noise: ideal devices
printf 'name: none\n' >none.yaml
run "no noise" "$imcc" eval b --data test_x.npy --labels test_y.npy --limit 40 \
	--noise none.yaml --runs 1
ok "it is ideal" grep -q '^  noisy.*100.00 %  *0.00 %  *100.00 %  *0$' out.txt

# the model of a network gives what its bundle gives
run "from the model" "$imcc" eval digits.onnx -t garofalo-1 --calib calib_x.npy \
	--calib-limit 20 --data test_x.npy --labels test_y.npy --limit 40 \
	--noise pcm --runs 2 --time 25s,1year
grep '^  noisy' out.txt >model.rows
ok "as from the bundle" cmp first.rows model.rows

run "without labels" "$imcc" eval b --data test_x.npy --limit 10 --noise rram \
	--runs 1
run "json" noisy --time 1h --format json
for key in noisy runs seed times time_s top1 mean std worst relative; do
	ok "key $key" grep -q "\"$key\":" out.txt
done
ok "brackets match" awk '{ t = t $0 } END {
	a = gsub(/[{[]/, "", t); b = gsub(/[]}]/, "", t); exit a != b }' out.txt
if command -v python3 >/dev/null 2>&1; then
	ok "json parses" python3 -c 'import json; json.load(open("out.txt"))'
fi
run "a picture" noisy --time 1s,1day,1year -o p.svg
ok "it is one" grep -q '1year' p.svg
run "models" "$imcc" noise
ok "both" test "$(grep -c '^pcm \|^rram ' out.txt)" = 2
run "one model" "$imcc" noise pcm --noise-set read.mvm=0.5
ok "its keys" grep -q '^  mvm  *0.5 ' out.txt
run "all keys" "$imcc" noise --explain
ok "sections" grep -q '^drift: ' out.txt
echo "$n checks, $failed failed"
[ "$failed" = 0 ]
