imcc compile case.onnx -t garofalo-1 -o out
# C has no empty list
grep -q 'SHAPE {1}' out/include/*.h
