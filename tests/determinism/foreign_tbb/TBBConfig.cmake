# oneTBB for machines that Debian's package does not reach: the headers of the package, and the few
# functions of its library that they call, compiled into each program.
find_path(TBB_INCLUDE_DIR oneapi/tbb.h REQUIRED)
if(NOT TARGET TBB::tbb)
  add_library(TBB::tbb INTERFACE IMPORTED)
  target_sources(TBB::tbb INTERFACE
    $<$<STREQUAL:$<TARGET_PROPERTY:TYPE>,EXECUTABLE>:${CMAKE_CURRENT_LIST_DIR}/tbb_memory.cpp>)
  # … and of compiler-rt, which these machines lack as well.
  if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    target_sources(TBB::tbb INTERFACE
      $<$<STREQUAL:$<TARGET_PROPERTY:TYPE>,EXECUTABLE>:${CMAKE_CURRENT_LIST_DIR}/int128_overflow.cpp>)
  endif()
endif()
set(TBB_FOUND TRUE)
