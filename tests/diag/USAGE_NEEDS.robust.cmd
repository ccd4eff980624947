imcc compile digits.onnx -t garofalo-1 --robust pcm -o out
