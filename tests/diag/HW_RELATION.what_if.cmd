compile_digits -t garofalo-1 --set ima.adc=none --set ima.adc_range=column -o out
