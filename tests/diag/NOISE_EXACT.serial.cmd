imcc eval digits.onnx -t lrmp --calib calib_x.npy --calib-limit 2 --data test_x.npy --limit 1 --noise pcm
