compile_digits -t garofalo-1 --port=pulp -o out
