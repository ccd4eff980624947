imcc compile m.onnx -o d
