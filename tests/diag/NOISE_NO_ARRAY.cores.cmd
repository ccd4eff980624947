imcc eval digits.onnx -t garofalo-1 --conv-engine cores --calib calib_x.npy --calib-limit 2 --data test_x.npy --limit 1 --noise pcm
