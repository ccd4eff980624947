imcc compile m.onnx -t garofalo-1 -o d --set ima.arrays
