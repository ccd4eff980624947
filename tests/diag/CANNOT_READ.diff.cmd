compile_digits -t garofalo-1 -o out >compile.txt
imcc diff nothing.onnx out --data test_x.npy
