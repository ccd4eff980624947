printf "imcc-module 1\n" >case.imc
mkdir case.bin
imcc compile case.imc -o d
