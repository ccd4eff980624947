imcc compile case.onnx -t garofalo-34 --conv-engine=crossbar --column-cells=9 -o out
