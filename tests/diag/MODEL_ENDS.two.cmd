compile_digits -t garofalo-1 -o out >compile.txt
imcc eval out --model case.onnx --data test_x.npy --limit 1
