#include "replay/digest/digest_file.hpp"

namespace lockstep {

std::string build_description() {
#if defined(__clang__)
    std::string text = "clang " __clang_version__;
#else
    std::string text = "g++ " __VERSION__;
#endif
#if defined(__x86_64__)
    text += ", x86_64";
#elif defined(__aarch64__)
    text += ", aarch64";
#elif defined(__riscv)
    text += ", riscv64";
#elif defined(__s390x__)
    text += ", s390x";
#else
    text += ", other processor";
#endif
#ifdef NDEBUG
    text += ", release";
#else
    text += ", debug";
#endif
    return "lockstep " LOCKSTEP_VERSION ", " + text;
}

}  // namespace lockstep
