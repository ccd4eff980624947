compile_digits -t garofalo-1 --stop-after tile_layers -o out/module 2>/dev/null
mkdir -p out/module
compile_digits -t garofalo-1 --stop-after tile_layers -o out/module
imcc eval out --data test_x.npy
