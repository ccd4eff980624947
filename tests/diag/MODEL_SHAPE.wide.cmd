compile_digits -t garofalo-1 -o out >compile.txt
imcc zoo mlp -o other.onnx >zoo.txt
imcc diff other.onnx out --data test_x.npy --limit 1
