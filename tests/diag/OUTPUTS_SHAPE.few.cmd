compile_digits -t garofalo-1 -o out
make_input npy y.npy '<f4' '(3, 10)' 0
imcc eval out --data test_x.npy --limit 2 --outputs y.npy
