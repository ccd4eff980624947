imcc eval digits.onnx -t garofalo-1 --data test_x.npy --labels test_y.npy --limit 60
