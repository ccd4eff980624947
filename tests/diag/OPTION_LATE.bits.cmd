compile_digits -t garofalo-1 -o out
imcc compile out/module/digits.imc -o out2 --weight-bits 8
