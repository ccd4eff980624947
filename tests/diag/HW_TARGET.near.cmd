compile_digits -t garofalo-3 -o out
