compile_digits -t garofalo-1 -o out
# every tile in the same corner
sed '/^tile/{s/ x=[0-9]*//;s/ y=[0-9]*//}' out/module/digits.imc >x.imc
mv x.imc out/module/digits.imc
imcc eval out --data test_x.npy --limit 1
