imcc compile a.onnx b.onnx
