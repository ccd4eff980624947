mkdir d
imcc diff digits.onnx d --data test_x.npy
