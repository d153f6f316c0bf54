# rust.sh <source> <folder of liblockstep_c> <work folder>: tests the crates and runs the program of
# their README, which must find equal digests.
set -eu
source=$1 library=$2 work=$3
export LOCKSTEP_LIB_DIR="$library" LD_LIBRARY_PATH="$library" CARGO_NET_OFFLINE=true
rm -rf "$work/crates" "$work/example"
mkdir -p "$work/example/src"
cp -r "$source/bindings/rust" "$work/crates"
export CARGO_TARGET_DIR="$work/target"
cd "$work/crates"
if cargo fmt --version >/dev/null 2>&1; then
    cargo fmt --check
fi
cargo test
cargo test --release -- --ignored --nocapture
sh "$source/tests/bindings/readme_program.sh" README.md rust "$work/example/src/main.rs"
cat >"$work/example/Cargo.toml" <<END
[package]
name = "example"
version = "0.1.0"
edition = "2021"

[dependencies]
lockstep = { path = "$work/crates/lockstep" }
END
cd "$work/example"
cargo run | tee output
tail -1 output | grep -qx true
