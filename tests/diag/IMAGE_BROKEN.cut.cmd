compile_digits -t garofalo-1 -o out
: >out/data/digits_xbar0.bin
imcc eval out --data test_x.npy --limit 1
