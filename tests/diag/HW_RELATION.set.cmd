compile_digits -t garofalo-1 --set ima.active_arrays=2 -o out
