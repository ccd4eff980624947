imcc compil x
