compile_digits -t sram-imc --robust pcm -o out
