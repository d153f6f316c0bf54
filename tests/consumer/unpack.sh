# unpack.sh <folder of packages> <root>: unpacks the runtime and the development package there,
# both of which must exist, as dpkg would under /.
set -eu
for name in lockstep liblockstep-dev; do
    set -- "$1" "$2" "$1"/"$name"_*.deb
    dpkg-deb --info "$3"
    dpkg-deb --extract "$3" "$2"
done
test -x "$2/usr/bin/lockstep"
