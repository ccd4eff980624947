imcc noise pcm --noise-set drift.compensate
