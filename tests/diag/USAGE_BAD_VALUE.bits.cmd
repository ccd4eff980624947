imcc compile m.onnx -t garofalo-1 -o d --weight-bits 9
