imcc compile digits.onnx -t lrmp --arrays=120 --errors=equal --max-drop=20 --trials=1 -o out 2>&1 >/dev/null | sed "/^trial/d" >&2
