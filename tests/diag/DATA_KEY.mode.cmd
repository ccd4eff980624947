make_input npy x.npy '|u1' '(2, 8, 8)' 0 9 3
mkdir d
mv x.npy d
printf 'scale: 1\nmode: 3\n' >d/data.yaml
imcc compile digits.onnx -t garofalo-1 --calib d/x.npy -o out
