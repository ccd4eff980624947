imcc compile case.onnx -t garofalo-1 --set ima.adc_bits=16 -o out
