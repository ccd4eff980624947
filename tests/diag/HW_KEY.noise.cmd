printf 'name: mine\nread:\n  mvn: 0.1\n' >mine.yaml
imcc noise ./mine.yaml
