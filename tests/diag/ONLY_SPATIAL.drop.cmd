compile_digits -t garofalo-34 --max-drop=1 -o out
