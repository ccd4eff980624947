compile_digits -t garofalo-1 --set ima.tiles=own --robust pcm -o out
