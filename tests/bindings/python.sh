# python.sh <source> <folder of liblockstep_c> <work folder>: builds the module as pip does, tests it,
# and runs the program of its README, which must find equal digests. Skipped without PyPI.
set -eu
source=$1 library=$2 work=$3
export LOCKSTEP_C_INCLUDE_DIR="$source/bindings/c" LOCKSTEP_C_LIB_DIR="$library" \
    LD_LIBRARY_PATH="$library" PIP_DISABLE_PIP_VERSION_CHECK=1
mkdir -p "$work"
cp -r "$source/bindings/python" "$work/source.new"
rm -rf "$work/source"
mv "$work/source.new" "$work/source"
[ -x "$work/venv/bin/python" ] || python3 -m venv "$work/venv" || { echo "no venv"; exit 77; }
"$work/venv/bin/pip" download -q --no-deps -d "$work/wheels" nanobind==2.9.2 || { echo "no PyPI"; exit 77; }
"$work/venv/bin/pip" install -q "$work/source"
"$work/venv/bin/python" -m unittest discover -s "$work/source/tests"
sh "$source/tests/bindings/readme_program.sh" "$source/bindings/python/README.md" python "$work/program.py"
"$work/venv/bin/python" "$work/program.py" | tee "$work/output"
tail -1 "$work/output" | grep -qx True
