compile_digits -t garofalo-1 --set ima.array=2 -o out
