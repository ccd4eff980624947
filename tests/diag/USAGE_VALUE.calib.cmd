imcc compile m.onnx --calib
