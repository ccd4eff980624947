compile_digits -t garofalo-34 --budget-bits=6 -o out
