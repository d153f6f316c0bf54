# abi.sh <source> <folder of liblockstep_c> <work folder>: compares what programs in C are compiled
# against, and what the library exports, with the reference in bindings/c/lockstep.abi. What follows
# from the header alone is described: a library of empty functions, made of its declarations.
set -eu
source=$1 library=$2 work=$3 reference=$1/bindings/c/lockstep.abi
[ "$(uname -m)" = x86_64 ] || { echo "the reference is of x86_64"; exit 77; }
rm -rf "$work"
mkdir -p "$work"
{
    echo '#include "lockstep.h"'
    awk '/^LS_API/ {on = 1} on {print} on && /;/ {on = 0}' "$source/bindings/c/lockstep.h" |
        sed 's/^LS_API//; s/;/ {}/'
} >"$work/declared.c"
cc -w -g -fPIC -shared -fvisibility=hidden -I "$source/bindings/c" -Wl,-soname,liblockstep_c.so.1 \
    -o "$work/declared.so" "$work/declared.c"

exported() { nm -D --defined-only "$1" | sed -n 's/.* T \([^@]*\).*/\1/p' | sort; }
exported "$work/declared.so" >"$work/declared"
exported "$library/liblockstep_c.so" >"$work/exported"
diff "$work/declared" "$work/exported" || { echo "declared (<) is not what is exported (>)"; exit 1; }

abidw --no-corpus-path --no-comp-dir-path --no-show-locs "$work/declared.so" >"$work/lockstep.abi"
status=0
abidiff "$reference" "$work/lockstep.abi" || status=$?
[ $status = 0 ] && exit 0
[ $((status & 8)) = 0 ] || echo "incompatible: programs that were compiled before break; raise LS_ABI"
echo "if it is meant, the reference becomes $work/lockstep.abi"
exit 1
