mkdir x.npy
imcc eval digits.onnx -t garofalo-1 --data x.npy
