#!/bin/sh
# Includes go one way (CONVENTIONS.md). Prints every include that does not.
cd "$(dirname "$0")/../.." || exit 1

# may FOLDER ALLOWED...: files of FOLDER include only from itself and ALLOWED.
bad=0
may()
{
	folder=$1
	shift
	pattern="^$folder/"
	for allowed in "$@"; do
		pattern="$pattern|^$allowed/"
	done
	found=$(grep -rn '^#include "' "$folder" --include='*.c' --include='*.h' |
		sed 's/^\([^:]*:[0-9]*\):#include "\([^"]*\)".*/\2 \1/' |
		grep '^[^ ]*/' | grep -Ev "$pattern")
	[ -z "$found" ] || { echo "$folder: $found"; bad=1; }
}

may ir/support
may ir
may hwdesc ir
may frontend/onnx ir
may frontend/zoo ir frontend/onnx
may frontend/data ir
may passes ir hwdesc
may backend ir hwdesc
may runtime
may frontend/cli ir hwdesc passes backend frontend

for header in glpk.h cblas.h yaml.h onnx.pb-c.h; do
	n=$(grep -rlE "#include [<\"]([^>\"]*/)?$header" ir hwdesc frontend \
		passes backend runtime --include='*.c' --include='*.h' |
		wc -l)
	[ "$n" -le 1 ] || { echo "$header is included by $n files"; bad=1; }
done

long=$(find ir hwdesc frontend passes backend runtime -name '*.[ch]' |
	xargs wc -l | awk '$2 != "total" && $1 > 600')
[ -z "$long" ] || { echo "over 600 lines: $long"; bad=1; }
exit $bad
