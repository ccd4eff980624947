: >case.onnx
imcc compile case.onnx -t garofalo-1 -o out
