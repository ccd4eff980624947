printf 'name: mine\ndevice:\n  g_min: 30 uS\n' >mine.yaml
imcc noise mine.yaml
imcc noise pcm --noise-set drift.nu_min=0.2
imcc noise pcm --noise-set drift.std_min=0.2
imcc noise pcm --noise-set stuck.low=0.6 --noise-set stuck.high=0.6
