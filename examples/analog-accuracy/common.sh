# What the parts share. Sourced by run.

target=garofalo-34

# row NET N: column N of the table of networks
row() {
	sed -n "s/^$1 |/&/p" "$table" | cut -d'|' -f"$2" | sed 's/^ *//; s/ *$//'
}

# about NET: sets model, calib and tests (options of eval), or fails, and says
# what is not there
about() {
	folder=$models/data model=$models/models/$1/model.onnx
	if [ "$1" = digits ]; then
		folder=$root/examples/digits model=$folder/digits.onnx
	fi
	data=$folder/$(row "$1" 2)
	calib=$folder/$(row "$1" 3)_x.npy
	for file in "$model" "${data}_x.npy" "$calib"; do
		[ -f "$file" ] || { echo "left out: no $file" >&2; return 1; }
	done
	labels= offset= numbers=
	[ -f "${data}_y.npy" ] && labels="--labels=${data}_y.npy"
	# shellcheck disable=SC2046
	set_numbers $(row "$1" 6)
	tests="--data=${data}_x.npy --skip=$(row "$1" 5) $labels $offset"
	ranges="--calib=$calib --calib-limit=$(row "$1" 4) $numbers"
}

# set_numbers OPTION VALUE...: those of data, and the label's offset
set_numbers() {
	while [ $# -gt 0 ]; do
		case $1 in
		--label-offset) offset=$1=$2 ;;
		*) numbers="$numbers $1=$2" ;;
		esac
		shift 2
	done
}

# width NET BITS: options for weights of so many bits, in arrays enough
width() {
	arrays=34
	[ "$2" = 4 ] || arrays=$(row "$1" 7)
	echo "-t $target --weight-bits=$2 --set=ima.arrays=$arrays"
}

# stop LOG: a command failed, which says why there
stop() {
	cat "$1" >&2
	exit 1
}

# later NAME COMMAND...: what workers run; its output becomes OUT/NAME
later() {
	name=$1
	shift
	echo "$* >'$out/$name' 2>'$out/$name.log' || echo '$out/$name.log'" \
		>>"$out/$part.work"
}

# workers: run all that was put off, a processor each
workers() {
	[ -f "$out/$part.work" ] || return 0
	failed=$(tr '\n' '\0' <"$out/$part.work" | IMC_THREADS=1 \
		xargs -0 -n 1 -P "${JOBS:-$(nproc)}" sh -c)
	rm "$out/$part.work"
	for log in $failed; do
		stop "$log"
	done
}

# of FILE OBJECT KEY: a number of an evaluation, which is one line of JSON
of() {
	sed -n "s/, \"noisy\".*//; s/.*\"$2\": {\([^}]*\)}.*/\1/p" "$1" | tr , '\n' |
		sed -n "s/^ *\"$3\": *//p"
}

# samples FILE: of an evaluation
samples() {
	sed 's/^{"n": \([0-9]*\),.*/\1/' "$1"
}

# percent NUMBER: a fraction; empty stays empty
percent() {
	[ -z "$1" ] || awk "BEGIN { printf \"%.2f\", $1 * 100 }"
}

# markdown FILE.csv: the same as a table
markdown() {
	awk -F, '{ gsub(/,/, " | "); print "| " $0 " |" }
		NR == 1 { printf "|"; for (i = 1; i <= NF; i++) printf "---|"
			print "" }' "$1"
}
