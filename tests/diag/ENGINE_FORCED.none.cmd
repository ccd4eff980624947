imcc compile case.onnx -t garofalo-34 --set dw.kernel=0 --dw-engine=depthwise -o out
