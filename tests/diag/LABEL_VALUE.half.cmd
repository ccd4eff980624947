make_input npy y.npy '<f4' '(4,)' 1 0.5
imcc eval digits.onnx -t garofalo-1 --calib calib_x.npy --data test_x.npy --labels y.npy
