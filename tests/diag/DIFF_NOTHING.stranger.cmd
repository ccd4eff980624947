compile_digits -t garofalo-1 -o out >compile.txt
imcc diff case.onnx out --data test_x.npy --limit 1
