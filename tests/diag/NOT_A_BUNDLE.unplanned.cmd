compile_digits -t garofalo-1 -o out >compile.txt
compile_digits -t garofalo-1 --stop-after place_tiles -o early >early.txt
cp early/*.imc out/module/digits.imc
cp early/*.bin out/module/digits.bin
imcc diff digits.onnx out --data test_x.npy
