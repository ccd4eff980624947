compile_digits -t garofalo-1 -o out >compile.txt
cat digits.onnx >m.onnx
printf "\172\000" >>m.onnx
imcc diff m.onnx out --data test_x.npy --limit 1
