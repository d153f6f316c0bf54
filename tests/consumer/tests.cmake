# Tests of what is installed; included by tests/CMakeLists.txt, since the folder's own
# CMakeLists.txt belongs to the consumer.
set(here ${CMAKE_CURRENT_LIST_DIR})
set(work ${PROJECT_BINARY_DIR}/consumer)
set(tree ${work}/tree)
set(prefix ${tree}/usr)
set(consumer ${work}/build)
set(example ${work}/readme_example.cpp)
set(compiler -D CMAKE_CXX_COMPILER=${CMAKE_CXX_COMPILER} -D CMAKE_BUILD_TYPE=Release)

# package_test(<name> [NEEDS <fixtures>] [GIVES <fixture>] COMMAND <command>)
# A step. It needs those before it: a failed step fails those behind it as not run.
function(package_test name)
  cmake_parse_arguments(ARG "" "GIVES" "NEEDS;COMMAND" ${ARGN})
  add_test(NAME Package.${name} COMMAND ${ARG_COMMAND})
  set_tests_properties(Package.${name} PROPERTIES LABELS package
    FIXTURES_REQUIRED "${ARG_NEEDS}" FIXTURES_SETUP "${ARG_GIVES}")
endfunction()

package_test(CleanPrefix GIVES clean_prefix COMMAND ${CMAKE_COMMAND} -E rm -rf ${work})
package_test(MakesDebianPackages NEEDS clean_prefix GIVES packed
  COMMAND cpack --config ${PROJECT_BINARY_DIR}/CPackConfig.cmake -B ${work}/packages)
package_test(Installs NEEDS packed GIVES installed
  COMMAND sh ${here}/unpack.sh ${work}/packages ${tree})
package_test(ReadmeHasAProgram NEEDS clean_prefix GIVES example
  COMMAND ${CMAKE_COMMAND} -D README=${PROJECT_SOURCE_DIR}/README.md -D OUT=${example}
          -P ${here}/extract_example.cmake)
package_test(ConsumerConfigures NEEDS installed example GIVES configured
  COMMAND ${CMAKE_COMMAND} -G ${CMAKE_GENERATOR} -S ${here} -B ${consumer} ${compiler}
          -D CMAKE_PREFIX_PATH=${prefix} -D EXAMPLE=${example})
package_test(ConsumerBuilds NEEDS configured GIVES consumer_built
  COMMAND ${CMAKE_COMMAND} --build ${consumer})
package_test(ConsumerRuns NEEDS consumer_built COMMAND ${consumer}/consumer)
package_test(ReadmeProgramRuns NEEDS consumer_built COMMAND ${consumer}/readme_example)
package_test(PkgConfigSuffices NEEDS installed
  COMMAND sh ${here}/pkg_config.sh ${CMAKE_CXX_COMPILER} ${prefix}/${CMAKE_INSTALL_LIBDIR}
          ${here}/consumer.cpp ${work}/by_pkg_config)
package_test(SharedLibrariesExportTheNamespaceOnly NEEDS clean_prefix
  COMMAND bash ${here}/shared.sh ${PROJECT_SOURCE_DIR} ${here} ${work}/shared
          ${CMAKE_CXX_COMPILER} ${CMAKE_NM} ${CMAKE_READELF})
package_test(SubprojectInstallsNothing NEEDS clean_prefix
  COMMAND bash ${here}/subproject/run.sh ${PROJECT_SOURCE_DIR} ${work}/subproject
          ${CMAKE_CXX_COMPILER})
if(LOCKSTEP_BUILD_REPLAY)
  package_test(CommandRuns NEEDS installed COMMAND ${prefix}/${CMAKE_INSTALL_BINDIR}/lockstep --help)
endif()
