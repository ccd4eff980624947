echo hello >x.pb
imcc compile digits.onnx -t garofalo-1 --calib x.pb -o out
