rm data.yaml
make_input npy x.npy '|u1' '(2, 8, 8)' 0 9 3
imcc compile digits.onnx -t garofalo-1 --calib x.npy -o out
