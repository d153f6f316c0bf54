# Tests of the installed package; included by tests/CMakeLists.txt, since the folder's own
# CMakeLists.txt belongs to the consumer.
set(prefix ${PROJECT_BINARY_DIR}/consumer/prefix)
set(consumer ${PROJECT_BINARY_DIR}/consumer/build)
set(example ${PROJECT_BINARY_DIR}/consumer/readme_example.cpp)
set(here ${CMAKE_CURRENT_LIST_DIR})

add_test(NAME Package.CleanPrefix COMMAND ${CMAKE_COMMAND} -E rm -rf ${prefix} ${consumer})
add_test(NAME Package.Installs
  COMMAND ${CMAKE_COMMAND} --install ${PROJECT_BINARY_DIR} --prefix ${prefix})
add_test(NAME Package.ReadmeHasAProgram
  COMMAND ${CMAKE_COMMAND} -D README=${PROJECT_SOURCE_DIR}/README.md -D OUT=${example}
          -P ${here}/extract_example.cmake)
add_test(NAME Package.ConsumerConfigures
  COMMAND ${CMAKE_COMMAND} -G ${CMAKE_GENERATOR} -S ${here} -B ${consumer}
          -D CMAKE_PREFIX_PATH=${prefix} -D CMAKE_CXX_COMPILER=${CMAKE_CXX_COMPILER}
          -D CMAKE_BUILD_TYPE=Release -D EXAMPLE=${example})
add_test(NAME Package.ConsumerBuilds COMMAND ${CMAKE_COMMAND} --build ${consumer})
add_test(NAME Package.ConsumerRuns COMMAND ${consumer}/consumer)
add_test(NAME Package.ReadmeProgramRuns COMMAND ${consumer}/readme_example)
add_test(NAME Package.CommandRuns COMMAND ${prefix}/${CMAKE_INSTALL_BINDIR}/lockstep --help)

# Each step needs the one before; a failed step fails those behind it as not run.
set_tests_properties(Package.CleanPrefix PROPERTIES FIXTURES_SETUP clean_prefix)
set_tests_properties(Package.Installs PROPERTIES
  FIXTURES_SETUP installed FIXTURES_REQUIRED clean_prefix)
set_tests_properties(Package.ReadmeHasAProgram PROPERTIES
  FIXTURES_SETUP example FIXTURES_REQUIRED clean_prefix)
set_tests_properties(Package.ConsumerConfigures PROPERTIES
  FIXTURES_SETUP configured FIXTURES_REQUIRED "installed;example")
set_tests_properties(Package.ConsumerBuilds PROPERTIES
  FIXTURES_SETUP consumer_built FIXTURES_REQUIRED configured)
set_tests_properties(Package.ConsumerRuns Package.ReadmeProgramRuns PROPERTIES
  FIXTURES_REQUIRED consumer_built)
set_tests_properties(Package.CommandRuns PROPERTIES FIXTURES_REQUIRED installed)
set_tests_properties(Package.CleanPrefix Package.Installs Package.ReadmeHasAProgram
  Package.ConsumerConfigures Package.ConsumerBuilds Package.ConsumerRuns
  Package.ReadmeProgramRuns Package.CommandRuns PROPERTIES LABELS package)
if(NOT LOCKSTEP_BUILD_REPLAY)
  set_tests_properties(Package.CommandRuns PROPERTIES DISABLED ON)
endif()
