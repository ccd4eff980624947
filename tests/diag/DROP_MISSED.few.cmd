compile_digits -t lrmp --arrays=52 --errors=equal --data test_x.npy --labels test_y.npy --limit 20 --max-drop=0 --trials=2 -o out 2>&1 >/dev/null | sed "/^trial/d" >&2
