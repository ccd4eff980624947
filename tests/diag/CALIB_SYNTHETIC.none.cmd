imcc compile digits.onnx -t garofalo-1 -o out
