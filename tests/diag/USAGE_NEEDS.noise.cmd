imcc eval digits.onnx -t garofalo-1 --data test_x.npy --time 1day
