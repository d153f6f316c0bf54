//! Links liblockstep_c, which is looked for in LOCKSTEP_LIB_DIR first.

fn main() {
    println!("cargo:rerun-if-env-changed=LOCKSTEP_LIB_DIR");
    if let Ok(folder) = std::env::var("LOCKSTEP_LIB_DIR") {
        println!("cargo:rustc-link-search=native={folder}");
    }
    println!("cargo:rustc-link-lib=dylib=lockstep_c");
}
