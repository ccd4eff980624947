imcc diff digits.onnx out
