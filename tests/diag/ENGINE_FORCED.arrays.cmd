imcc compile case.onnx -t garofalo-34 --arrays=0 --conv-engine=crossbar -o out
