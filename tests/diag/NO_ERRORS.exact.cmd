compile_digits -t sram-imc --max-drop=1 -o out
