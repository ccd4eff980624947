head -c 5000 digits.onnx >case.onnx
imcc compile case.onnx -t garofalo-1 -o out
