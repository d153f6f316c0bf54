# What the toolchains of foreign machines share; included by them with `machine` set.
#
# LOCKSTEP_COMPILER  g++ (Debian's cross compiler, also when unset) or a clang++ with its version,
#                    which works on top of the libraries of that cross compiler
# LOCKSTEP_LIBCXX    folder of that machine's libc++.a, to use libc++ instead of libstdc++
#
# Headers without code come from /usr/include, which the compilers of all machines search last;
# programs run under qemu's user emulation.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR ${machine})
set(CMAKE_TRY_COMPILE_PLATFORM_VARIABLES LOCKSTEP_COMPILER LOCKSTEP_LIBCXX)

if(LOCKSTEP_COMPILER MATCHES "clang")
  set(CMAKE_CXX_COMPILER ${LOCKSTEP_COMPILER})
  set(CMAKE_CXX_COMPILER_TARGET ${machine}-linux-gnu)
else()
  set(CMAKE_CXX_COMPILER ${machine}-linux-gnu-g++)
endif()
if(LOCKSTEP_LIBCXX)
  set(CMAKE_CXX_FLAGS_INIT "-stdlib=libc++ -fexperimental-library")
  set(CMAKE_EXE_LINKER_FLAGS_INIT "-nostdlib++ -L${LOCKSTEP_LIBCXX}")
  set(CMAKE_CXX_STANDARD_LIBRARIES "-l:libc++.a -l:libc++experimental.a -l:libc++abi.a")
endif()
set(CMAKE_CROSSCOMPILING_EMULATOR qemu-${machine} -L /usr/${machine}-linux-gnu)

# flatc runs on the machine that builds, and its description lies in that machine's folder.
file(GLOB FlatBuffers_DIR /usr/lib/*-linux-gnu/cmake/flatbuffers)
set(TBB_DIR ${CMAKE_CURRENT_LIST_DIR}/../foreign_tbb)
