make_input npy x.npy '<f4' '(2, 1, 8, 8)' 0
head -c 300 x.npy >y.npy
imcc compile digits.onnx -t garofalo-1 --calib y.npy -o out
