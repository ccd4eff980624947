imcc eval digits.onnx -t garofalo-1 --data test_x.npy --noise pcm --time=25s,-1day
