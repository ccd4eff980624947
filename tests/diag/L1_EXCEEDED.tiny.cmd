compile_digits -t garofalo-1 --set "l1.bytes=1 kB" --set l1.banks=1 -o out
