# Sourced by the scripts: installs Debian packages that are missing.

packages_build="gcc make cmake pkg-config libc6-dev protobuf-c-compiler
	libprotobuf-c-dev libyaml-dev libglpk-dev libopenblas-dev libmd-dev zlib1g-dev"
packages_check="clang libclang-rt-14-dev libonnx-testdata
	gcc-riscv64-unknown-elf picolibc-riscv64-unknown-elf
	qemu-system-misc libunicorn-dev"

# True if a package is installed.
have_package()
{
	dpkg-query -W -f='${Status}' "$1" 2>/dev/null |
		grep -q 'ok installed'
}

# install_missing GROUP...: build, check. Asks sudo when it is needed.
install_missing()
{
	missing=
	for group in "$@"; do
		eval "names=\$packages_$group"
		for name in $names; do
			have_package "$name" || missing="$missing $name"
		done
	done
	[ -z "$missing" ] && return
	echo "== installing:$missing"
	as_root=
	[ "$(id -u)" = 0 ] || as_root=sudo
	$as_root apt-get update -q >/dev/null
	DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -q \
		--no-install-recommends $missing >/dev/null
}
