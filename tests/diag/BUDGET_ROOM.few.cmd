compile_digits -t lrmp -o out --arrays=100 --errors=equal --budget-bits=7.5
