compile_digits -t lrmp --arrays=120 --errors=equal --data test_x.npy --labels test_y.npy --limit 20 --max-drop=1 --label-offset=5 -o out
