compile_digits -t garofalo-1 -o out
imcc compile out/module/digits.imc -o out2 --set ima.arrays=0
