imcc explore digits.onnx -t lrmp --drop=1 --calib calib_x.npy -o out
