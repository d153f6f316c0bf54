#!/usr/bin/env bash
# Unpacks Debian packages of another machine into a folder, without a change to the system: apt works
# on lists and a cache of its own below the folder.
#
#   fetch_packages.sh <machine> <folder> <packages...>      files end up in <folder>/root
set -euo pipefail
declare -A debian_names=([aarch64]=arm64 [s390x]=s390x [x86_64]=amd64)
machine=$1
folder=$2
shift 2
architecture=${debian_names[$machine]:?Debian 12 has no packages of $machine}
mkdir -p "$folder"/{lists/partial,cache/archives/partial,packages,root}
folder=$(cd "$folder" && pwd)
: >"$folder/status"
# Of this release, whose compilers they go with.
suite=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
cat >"$folder/sources.list" <<END
deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/debian $suite main
END
apt_options=(-q -o "APT::Architecture=$architecture" -o "APT::Architectures=$architecture"
    -o "Dir::State=$folder" -o "Dir::State::status=$folder/status" -o "Dir::Cache=$folder/cache"
    -o Dir::Etc::SourceParts=- -o "Dir::Etc::SourceList=$folder/sources.list"
    -o APT::Sandbox::User=root)
apt-get "${apt_options[@]}" update
cd "$folder/packages"
apt-get "${apt_options[@]}" download "$@"
for package in ./*.deb; do
    dpkg -x "$package" "$folder/root"
done
