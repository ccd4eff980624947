imcc zoo alexander_network -o x.onnx
