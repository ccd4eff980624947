imcc compile case.onnx -t garofalo-34 --dw-engine=depthwise -o out
