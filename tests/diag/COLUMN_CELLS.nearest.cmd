compile_digits -t garofalo-34 -o out --column-cells=4 --rounding=nearest
