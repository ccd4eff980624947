imcc compile m.onnx --calb x.npy
