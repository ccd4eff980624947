imcc compile case.onnx -t garofalo-34 --set ima.rows=32 --dw-engine=crossbar --dw-job=2 -o out
