imcc compile digits.onnx -t garofalo-1 --calib calib_x.npy --mean 1,2,3 -o out
