# Trained networks with data: errors of bits are measured, and the samples that
# the outcome loses, measured too, are held below 1 %. Sourced by run.
. "$here/networks.sh"

# uniform NET: the fewest bits everywhere that lose at most 1 %
uniform() {
	best=8
	for b in 7 6 5 4 3; do
		map "$1" $o --weight-bits=$b --act-bits=$b $published \
			--drop=100 $measure
		awk "BEGIN { exit !($(field "$1" drop) <= 1) }" || break
		best=$b
	done
	map "$1" $o --weight-bits=$best --act-bits=$best $published \
		--drop=100 $measure
	rows "$1" uniform-$best
}

# Networks that the agent may measure; the solver takes 12 at most.
episodes=24

echo
echo "== trained networks, at most 1 % of the samples lost"
for net in $networks; do
	about $net
	there || continue
	forget $net
	measured $net
	measure="$tests $labels $numbers"
	baseline $net --drop=100 $measure
	o="--arrays=$budget $ends"
	map $net $o $eight $published --drop=100 $measure
	rows $net replication
	uniform $net
	map $net $o --drop=1 $measure $published --replicas=1
	rows $net precision
	map $net $o --drop=1 $measure
	rows $net joint
	map $net $o --drop=1 $measure --search=rl --trials=$episodes
	rows $net rl
done
