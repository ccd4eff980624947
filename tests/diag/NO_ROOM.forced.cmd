imcc compile case.onnx -t garofalo-1 --set ima.rows=64 --set ima.cols=64 --conv-engine=crossbar --spill -o out
