mkdir there
ln -s there link
compile_digits -t garofalo-1 -o link
