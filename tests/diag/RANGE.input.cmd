make_input npy x.npy '<f4' '(2, 1, 8, 8)' 0 1e35
imcc compile digits.onnx -t garofalo-1 --calib x.npy -o out
