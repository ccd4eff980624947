#!/bin/sh
# gvsoc.sh PROGRAM: runs it with the command in GVSOC, and looks for what it
# prints when all is well.
if [ -z "$GVSOC" ]; then
	echo "skipped: GVSOC is not set: a command that runs a program there"
	exit 77
fi
$GVSOC "$1" | tee gvsoc.log
grep -q '^[1-9][0-9]* checks, 0 failed' gvsoc.log
