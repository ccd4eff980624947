imcc zoo mobilenet_v1_025 --width=0.5 -o x.onnx
