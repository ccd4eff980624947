compile_digits -t garofalo-1 -o out >compile.txt
make_input npy x.npy '<f4' '(2, 1, 8, 9)' 0
imcc diff digits.onnx out --data x.npy
