imcc compile digits.onnx -t lrmp --calib calib_x.npy --search=rl -o out
imcc compile digits.onnx -t lrmp --calib calib_x.npy --search=rl --max-drop=1 --budget-bits=6 -o out
imcc explore digits.onnx -t lrmp --calib calib_x.npy --search=rl --budgets=6 --arrays=64..65 -o out
