set(machine riscv64)
include(${CMAKE_CURRENT_LIST_DIR}/foreign.cmake)
if(NOT LOCKSTEP_COMPILER MATCHES "clang")
  # Debian has no sanitizer library for this machine; findings trap instead of being described.
  set(CMAKE_CXX_FLAGS_INIT "-fsanitize-undefined-trap-on-error")
endif()
