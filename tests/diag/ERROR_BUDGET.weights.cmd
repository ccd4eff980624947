compile_digits -t lrmp -o out --weight-bits=3 --errors=equal --budget-bits=7
