# pkg_config.sh <compiler> <library folder> <source> <program>: builds and runs a program with the
# flags that pkg-config gives.
set -eu
export PKG_CONFIG_PATH="$2/pkgconfig"
# shellcheck disable=SC2046
"$1" -std=c++20 "$3" -o "$4" $(pkg-config --cflags --libs lockstep)
"$4"
