imcc diff digits.onnx out --data test_x.npy --threshold ten
