compile_digits -t pulp-ima -o out --column-cells=4
