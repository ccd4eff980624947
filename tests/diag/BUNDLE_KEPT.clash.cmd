compile_digits -t garofalo-1 -o out
# a file of the user where the bundle has a folder
rm -r out/runtime
echo mine >out/runtime
compile_digits -t garofalo-1 -o out
