: >x.png
imcc compile digits.onnx -t garofalo-1 --calib x.png -o out
