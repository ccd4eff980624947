compile_digits -t garofalo-1 --robust pcm --noise-set read.mvmm=1 -o out
