mkdir d
imcc eval d --data test_x.npy
