printf 'name: mine\ndevice:\n  g_max: 25 ohm\n' >mine.yaml
imcc noise mine.yaml
