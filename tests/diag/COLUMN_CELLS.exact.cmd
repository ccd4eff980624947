compile_digits -t lrmp -o out --column-cells=auto
