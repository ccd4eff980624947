compile_digits -t garofalo-34 --conv-engine=pe -o out
