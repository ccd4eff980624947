printf 'device:\n  g_max: 30 uS\n' >mine.yaml
imcc noise mine.yaml
