compile_digits -t none.yaml -o out
