# What is installed beside the libraries: a CMake package, a pkg-config file, and Debian packages.

# lockstep_install_package()
# Makes find_package(lockstep CONFIG), `pkg-config lockstep` and `cpack -G DEB` work.
function(lockstep_install_package)
  include(CMakePackageConfigHelpers)
  set(folder ${CMAKE_INSTALL_LIBDIR}/cmake/lockstep)
  configure_package_config_file(${PROJECT_SOURCE_DIR}/engine/cmake/lockstepConfig.cmake.in
    ${PROJECT_BINARY_DIR}/lockstepConfig.cmake INSTALL_DESTINATION ${folder})
  write_basic_package_version_file(${PROJECT_BINARY_DIR}/lockstepConfigVersion.cmake
    COMPATIBILITY SameMinorVersion)
  install(EXPORT lockstepTargets NAMESPACE lockstep:: DESTINATION ${folder} COMPONENT dev)
  install(FILES ${PROJECT_BINARY_DIR}/lockstepConfig.cmake
                ${PROJECT_BINARY_DIR}/lockstepConfigVersion.cmake
          DESTINATION ${folder} COMPONENT dev)

  # The prefix is found from the file's own place, so an installed tree may be moved.
  file(RELATIVE_PATH up /prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig /prefix)
  configure_file(${PROJECT_SOURCE_DIR}/engine/cmake/lockstep.pc.in
                 ${PROJECT_BINARY_DIR}/lockstep.pc @ONLY)
  install(FILES ${PROJECT_BINARY_DIR}/lockstep.pc
          DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT dev)

  # The component `runtime` is the package `lockstep`; `dev` is `liblockstep-dev`.
  set(CPACK_GENERATOR DEB)
  set(CPACK_PACKAGE_NAME lockstep)
  set(CPACK_PACKAGE_CONTACT "The Lockstep authors <lockstep@localhost>")
  set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "${PROJECT_DESCRIPTION}")
  set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
  set(CPACK_RESOURCE_FILE_LICENSE ${PROJECT_SOURCE_DIR}/LICENSE)
  set(CPACK_COMPONENTS_ALL runtime dev)
  set(CPACK_STRIP_FILES ON)
  set(CPACK_DEBIAN_COMPRESSION_TYPE gzip)
  set(CPACK_DEB_COMPONENT_INSTALL ON)
  set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
  set(CPACK_DEBIAN_RUNTIME_PACKAGE_NAME lockstep)
  set(CPACK_DEBIAN_RUNTIME_PACKAGE_SHLIBDEPS ON)
  set(CPACK_DEBIAN_DEV_PACKAGE_NAME liblockstep-dev)
  set(CPACK_DEBIAN_DEV_PACKAGE_SECTION libdevel)
  set(CPACK_DEBIAN_DEV_PACKAGE_DEPENDS
      "lockstep (= ${PROJECT_VERSION}), libtbb-dev, libexpected-dev")
  if(BUILD_SHARED_LIBS)
    # Its own libraries are looked for where they were built.
    set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS ${PROJECT_BINARY_DIR})
  endif()
  include(CPack)
endfunction()
