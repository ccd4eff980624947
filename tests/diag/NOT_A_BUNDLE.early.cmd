mkdir -p out/module
compile_digits -t garofalo-1 --stop-after tile_layers -o out/module
mv out/module/*.imc out/module/m.imc
mv out/module/*.bin out/module/m.bin
imcc eval out --data test_x.npy
