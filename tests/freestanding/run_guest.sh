#!/usr/bin/env bash
# run_guest.sh <source folder> <scratch folder> <program that prints the expected lines>
# Compiles the state transition for a bare riscv64 machine, without exceptions, run-time type
# information and an operating system, runs it under emulation, and compares what it prints.
set -euo pipefail
source=$1
scratch=$2
expected=$3
compiler=riscv64-linux-gnu-g++
mkdir -p "$scratch"
flags=(-std=c++20 -O2 -fno-exceptions -fno-rtti -fno-threadsafe-statics
       -fno-asynchronous-unwind-tables -fno-stack-protector -fno-pic -mcmodel=medany
       -ffunction-sections -fdata-sections -Wall -Wextra -I"$source" -idirafter /usr/include)
objects=()
# compile <name> <more flags> <files>: in one go, which takes a fraction of the time.
compile() {
    local name=$1 extra=$2 file
    shift 2
    for file in "$@"; do printf '#include "%s"\n' "$file"; done >"$scratch/$name.cpp"
    # shellcheck disable=SC2086
    "$compiler" "${flags[@]}" $extra -c "$scratch/$name.cpp" -o "$scratch/$name.o" &
    objects+=("$scratch/$name.o")
    (($(jobs -rp | wc -l) < $(nproc))) || wait -n
}
compile accounts "" "$source"/accounts/*.cpp
compile instruments "" "$source"/instruments/*.cpp
compile generate "" "$source"/replay/generate/*.cpp
compile engine "" "$source"/engine/contract/effects.cpp "$source"/engine/base/{digest,int128,rounding,error}.cpp
compile executor "" "$source"/tests/freestanding/guest_executor.cpp
compile main "" "$source"/tests/freestanding/guest_main.cpp
compile runtime -fno-tree-loop-distribute-patterns "$source"/tests/freestanding/guest_runtime.cpp
while (($(jobs -rp | wc -l))); do wait -n; done
"$compiler" -nostdlib -nostartfiles -static -no-pie -Wl,--gc-sections \
    -T "$source/tests/freestanding/guest.ld" "${objects[@]}" \
    -Wl,--start-group -l:libstdc++.a -lgcc -Wl,--end-group -o "$scratch/guest.elf"
timeout 300 qemu-system-riscv64 -machine virt -m 1G -bios none -nographic \
    -kernel "$scratch/guest.elf" </dev/null >"$scratch/guest.txt"
"$expected" >"$scratch/expected.txt"
[[ -s $scratch/expected.txt ]] || { echo "no expected lines" >&2; exit 1; }
diff "$scratch/expected.txt" "$scratch/guest.txt"
echo "$(wc -l <"$scratch/guest.txt") blocks on a bare machine, as on this one"
