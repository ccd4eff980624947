# cmake -DOUT=x.c -DTABLE=name -DROOT=dir -DFILES=a|b -P embed.cmake
# Writes a C table of files: { "path below ROOT", bytes, size } rows.
string(REPLACE "|" ";" files "${FILES}")
set(arrays "")
set(rows "")
set(k 0)
foreach(file ${files})
  file(READ ${ROOT}/${file} hex HEX)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
  string(REGEX REPLACE "((0x..,){16})" "\\1\n" bytes "${bytes}")
  string(APPEND arrays "static const unsigned char f${k}[] = {\n${bytes}0};\n")
  string(APPEND rows
    "\t{\"${file}\", (const char *)f${k}, sizeof f${k} - 1},\n")
  math(EXPR k "${k} + 1")
endforeach()
file(WRITE ${OUT}.new "/* Made from the files of ${TABLE}. */
#include \"ir/support/embed.h\"

${arrays}
const struct imc_embedded ${TABLE}[] = {
${rows}\t{0, 0, 0},
};
const size_t ${TABLE}_count = ${k};
")
file(COPY_FILE ${OUT}.new ${OUT} ONLY_IF_DIFFERENT)
file(REMOVE ${OUT}.new)
