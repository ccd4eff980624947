mkdir d
imcc report d
