compile_digits -t lrmp --set "l1.bytes=1 kB" --set l1.banks=1 --stop-after=schedule -o out
