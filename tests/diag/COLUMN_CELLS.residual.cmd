compile_digits -t rram-sram -o out --column-cells=4 --residual=5
