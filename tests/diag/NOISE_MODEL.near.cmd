imcc eval digits.onnx -t garofalo-1 --calib calib_x.npy --data test_x.npy --noise pmc
