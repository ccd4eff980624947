compile_digits -t garofalo-1 --time 1day -o out
