imcc zoo mlp --channels=65536,65536 -o x.onnx
