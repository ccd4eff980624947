# Sourced by tests of the program, whose path is $1: imcc, a folder of its own
# with the example network, its data and their preprocessing, which is removed
# at the end; n checks were made, so many failed.
imcc=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
digits=$(cd "$(dirname "$0")/../../examples/digits" && pwd)
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
cd "$tmp" || exit 1
cp "$digits/digits.onnx" "$digits/data.yaml" "$digits"/*.npy .
n=0
failed=0
