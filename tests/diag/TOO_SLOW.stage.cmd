compile_digits -t lrmp -o out --arrays=400 --min-throughput=1e9
