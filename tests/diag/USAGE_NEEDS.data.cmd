imcc eval m.onnx
