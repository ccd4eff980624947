imcc zoo resnet19 -o x.onnx
