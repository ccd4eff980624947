make_input npy x.npy '<f4' '(2, 4, 4, 4)' 0 1
imcc compile case.onnx -t garofalo-1 --calib x.npy -o out
