#!/bin/sh
# gvsoc.sh PROGRAM: runs it with the command in GVSOC, and looks for what it
# prints when all is well.
#
# GVSOC is a command that takes a program (ELF) as its last argument, runs it on
# chip `pulp` with an IMA of 256 x 256 cells (model ima_v1, 130 ns), prints what
# the program prints, and ends with its exit status. The chip's simulator wants
# a folder to work in for each run, so it is best a script around
#	gapy --target=pulp --platform=gvsoc --work-dir=FOLDER run --image \
#		--exec-prepare --exec --binary=PROGRAM
# with an absolute path of the program. Programs take up to a minute there.
#	GVSOC=/path/to/script ctest -R gvsoc
# PULP_SIM of bundles for the port takes the same command.
if [ -z "$GVSOC" ]; then
	echo "skipped: GVSOC is not set: a command that runs a program there"
	exit 77
fi
log=$(basename "$1").gvsoc.log
$GVSOC "$1" >"$log" 2>&1
status=$?
cat "$log"
[ $status -eq 0 ] && grep -q '^[1-9][0-9]* checks, 0 failed' "$log"
