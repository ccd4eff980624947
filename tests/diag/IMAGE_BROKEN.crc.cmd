compile_digits -t garofalo-1 -o out
make_input poke out/data/digits_xbar0.bin 1000 77
imcc eval out --data test_x.npy --limit 1
