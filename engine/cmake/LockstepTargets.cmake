# Helper functions for libraries, tests and the installed package.

add_library(lockstep_flags INTERFACE)
target_compile_options(lockstep_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wold-style-cast
  -Wfloat-conversion -fvisibility-inlines-hidden)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # GCC 12 takes `"text" + std::string` at -O3 for overlapping copies (GCC bug 105651).
  target_compile_options(lockstep_flags INTERFACE -Wno-restrict)
  if(LOCKSTEP_SANITIZE)
    # Under sanitizers it takes parts of std::regex for uninitialised.
    target_compile_options(lockstep_flags INTERFACE -Wno-maybe-uninitialized)
  endif()
endif()
if(LOCKSTEP_SANITIZE)
  target_compile_options(lockstep_flags INTERFACE
    -fsanitize=${LOCKSTEP_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(lockstep_flags INTERFACE -fsanitize=${LOCKSTEP_SANITIZE})
  if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    target_compile_options(lockstep_flags INTERFACE
      -fsanitize-ignorelist=${PROJECT_SOURCE_DIR}/engine/cmake/ignored_checks.txt)
  endif()
endif()

# Shared libraries export what lies in the namespace, and nothing of what they are made with.
set(LOCKSTEP_EXPORTS ${PROJECT_SOURCE_DIR}/engine/cmake/exports.map)

# lockstep_library(NAME <name> HEADERS <files> [PUBLIC <files>] [SOURCES <files>]
#                  [LINK <public targets>] [PRIVATE_LINK <targets>])
# Makes lockstep::<name> from the calling folder; header-only when there are no sources. The library
# is position independent, static or shared as BUILD_SHARED_LIBS says. Embedders include the headers
# under PUBLIC, as "lockstep/<file>"; what these need is installed under lockstep/internal.
function(lockstep_library)
  cmake_parse_arguments(ARG "" "NAME" "HEADERS;PUBLIC;SOURCES;LINK;PRIVATE_LINK" ${ARGN})
  set(target lockstep_${ARG_NAME})
  if(ARG_SOURCES)
    add_library(${target} ${ARG_SOURCES})
    set(scope PUBLIC)
    target_link_libraries(${target} PRIVATE $<BUILD_INTERFACE:lockstep_flags> ${ARG_PRIVATE_LINK})
    # A minor version may change everything while the major one is 0.
    set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE ON
      VERSION "${PROJECT_VERSION}" SOVERSION "${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR}")
    if(BUILD_SHARED_LIBS)
      target_link_options(${target} PRIVATE LINKER:--version-script=${LOCKSTEP_EXPORTS})
      set_target_properties(${target} PROPERTIES LINK_DEPENDS ${LOCKSTEP_EXPORTS})
    endif()
  else()
    add_library(${target} INTERFACE)
    set(scope INTERFACE)
  endif()
  add_library(lockstep::${ARG_NAME} ALIAS ${target})
  target_compile_features(${target} ${scope} cxx_std_20)
  target_link_libraries(${target} ${scope} ${ARG_LINK})
  target_sources(${target} ${scope} FILE_SET HEADERS BASE_DIRS ${PROJECT_SOURCE_DIR}
                 FILES ${ARG_HEADERS})
  cmake_path(RELATIVE_PATH CMAKE_CURRENT_SOURCE_DIR BASE_DIRECTORY ${PROJECT_SOURCE_DIR}
             OUTPUT_VARIABLE folder)
  set(public "")
  foreach(header IN LISTS ARG_PUBLIC)
    cmake_path(GET header FILENAME name)
    file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/include/lockstep/${name}
         CONTENT "#pragma once\n#include \"${folder}/${header}\"\n")
    list(APPEND public ${PROJECT_BINARY_DIR}/include/lockstep/${name})
  endforeach()
  target_include_directories(${target} ${scope} $<BUILD_INTERFACE:${PROJECT_BINARY_DIR}/include>
                             $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  set_property(GLOBAL APPEND PROPERTY LOCKSTEP_LIBRARIES ${ARG_NAME})
  set_target_properties(${target} PROPERTIES EXPORT_NAME ${ARG_NAME}
                        VERIFY_INTERFACE_HEADER_SETS ON)
  if(LOCKSTEP_INSTALL)
    install(TARGETS ${target} EXPORT lockstepTargets
            LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT runtime NAMELINK_COMPONENT dev
            ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT dev
            FILE_SET HEADERS DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/lockstep/internal COMPONENT dev
            INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/lockstep/internal)
    install(FILES ${public} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/lockstep COMPONENT dev)
  endif()
endfunction()
