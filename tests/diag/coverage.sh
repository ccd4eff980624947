#!/bin/sh
# Every row of diag.def is used by the sources, and a test fixes its text.
# Mostly that is tests/diag/<ROW>.*.err; what no input of imcc can bring
# about is looked for in the other tests.
cd "$(dirname "$0")/../.." || exit 1
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
bad=0

# Rows as "ID format": strings joined, comments out.
sed '/^ \*/d; /^\/\*/d' ir/support/diag.def | { tr '\n\t' '  '; echo; } |
	sed 's/" *"//g; s/DIAG(/\n/g' |
	sed -n 's/^\([A-Z0-9_]*\), *[A-Z]*, *"\(.*\)").*/\1 \2/p' >"$tmp/rows"
# All strings of C tests, joined, and the scripts.
find tests -name '*.c' -exec cat {} + | tr '\n\t' '  ' |
	sed 's/" *"//g; s/\\n/\n/g' >"$tmp/texts"
cat tests/*/*.sh >>"$tmp/texts"

# pattern FORMAT: a regular expression for what the row prints
pattern() {
	printf '%s\n' "$1" |
		sed 's/[][\\.*^$]/\\&/g; s/%%/%/g
			s/%\(\\\.\)*[0-9]*\(ll\)*[dsfgu]/.*/g'
}

n=0
while read -r id format; do
	n=$((n + 1))
	grep -rqw "IMC_D_$id" ir hwdesc frontend passes backend \
		--include='*.c' || { echo "$id: nothing uses it"; bad=1; }
	re=$(pattern "$format")
	grep -q -e "\(error\|warning\|note\): $re\$" tests/diag/"$id".*.err \
		2>/dev/null && continue
	# too few words of its own to know it by
	words=$(printf '%s' "$re" | tr -cd 'a-z' | wc -c)
	[ "$words" -ge 12 ] && grep -q -e "$re" "$tmp/texts" && continue
	echo "$id: no test fixes its text"
	bad=1
done <"$tmp/rows"

[ "$n" = "$(grep -c '^DIAG(' ir/support/diag.def)" ] ||
	{ echo "only $n rows could be read"; bad=1; }
for file in tests/diag/*.err; do
	id=$(basename "$file" | sed 's/\..*//')
	grep -q "^DIAG($id," ir/support/diag.def ||
		{ echo "$file: there is no such row"; bad=1; }
done
long=$(sed 's/^[^ ]* //' "$tmp/rows" | grep -nE '\.$|^[A-Z]|^$')
[ -z "$long" ] || { echo "not lower case without full stop: $long"; bad=1; }
echo "$n rows"
exit $bad
