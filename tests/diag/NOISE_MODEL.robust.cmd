imcc compile digits.onnx -t garofalo-1 --calib calib_x.npy --robust rrma -o out
