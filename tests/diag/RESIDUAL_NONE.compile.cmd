imcc compile digits.onnx --calib calib_x.npy --calib-limit 2 -t garofalo-1 --residual=5 -o out
