printf 'name: mine\nstuck:\n  low: 0.1\n  high: 1.5\n' >mine.yaml
imcc noise mine.yaml
