compile_digits -t garofalo-1 --set ima.arrays=-1 -o out
