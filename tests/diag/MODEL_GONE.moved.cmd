cp digits.onnx m.onnx
imcc compile m.onnx -t garofalo-1 -o out --calib calib_x.npy --calib-limit 2
rm m.onnx
imcc eval out --data test_x.npy --limit 1
