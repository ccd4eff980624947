imcc compile none.onnx -t garofalo-1 -o d
