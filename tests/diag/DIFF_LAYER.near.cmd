compile_digits -t garofalo-1 -o out >compile.txt
imcc diff digits.onnx out --data test_x.npy --layers /clasifier/Gemm
