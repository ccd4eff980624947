: >x.npy
imcc compile digits.onnx -t garofalo-1 --calib x.npy -o out
