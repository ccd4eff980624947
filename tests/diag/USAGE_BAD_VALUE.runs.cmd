imcc eval digits.onnx -t garofalo-1 --data test_x.npy --noise pcm --runs 0
