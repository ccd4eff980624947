imcc compile
