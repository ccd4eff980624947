make_input npy y.npy '<i8' '(4, 3)' 1
imcc eval digits.onnx -t garofalo-1 --calib calib_x.npy --data test_x.npy --labels y.npy
