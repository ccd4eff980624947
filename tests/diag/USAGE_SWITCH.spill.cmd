imcc compile m.onnx --spill=yes
