echo hello >case.imc
imcc compile case.imc -o out
