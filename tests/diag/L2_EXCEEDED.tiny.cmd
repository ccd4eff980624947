compile_digits -t garofalo-1 --set "l2.bytes=1 kB" -o out
