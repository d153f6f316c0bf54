# Pages for the browser: templates, style and script are data files that the program carries, and so is
# the plotting library of the system, where there is one. Without it the pages have pictures only.
find_path(KAINJOW_MUSTACHE_INCLUDE kainjow/mustache.hpp REQUIRED)
find_file(DYGRAPHS_SCRIPT dygraph.min.js PATHS /usr/share/javascript PATH_SUFFIXES dygraphs)
find_file(DYGRAPHS_STYLE dygraph.min.css PATHS /usr/share/javascript PATH_SUFFIXES dygraphs)

set(embedded_files "")
# embed(<constant> <file>): a file that is not there is empty.
function(embed constant file)
  set(text "")
  if(EXISTS ${file})
    file(READ ${file} text)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
    # A map of the source is not carried, and nothing may end the element that it stands in.
    string(REGEX REPLACE "/[/*]# sourceMappingURL=[^\n]*" "" text "${text}")
    string(REPLACE "</script" "<\\/script" text "${text}")
  endif()
  set(embedded_files "${embedded_files}const std::string_view ${constant} = R\"embedded(${text})embedded\";\n"
      PARENT_SCOPE)
endfunction()
set(report_folder ${CMAKE_CURRENT_LIST_DIR})
embed(kReplay ${report_folder}/replay.mustache)
embed(kStress ${report_folder}/stress.mustache)
embed(kPlots ${report_folder}/plots.mustache)
embed(kSpeedups ${report_folder}/speedups.mustache)
embed(kStyle ${report_folder}/report.css)
embed(kScript ${report_folder}/report.js)
embed(kPlotStyle "${DYGRAPHS_STYLE}")
embed(kPlotScript "${DYGRAPHS_SCRIPT}")
# The frame has script elements of its own.
file(READ ${report_folder}/page.mustache frame)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${report_folder}/page.mustache)
string(APPEND embedded_files "const std::string_view kFrame = R\"embedded(${frame})embedded\";\n")
configure_file(${report_folder}/embedded_files.cpp.in
               ${CMAKE_CURRENT_BINARY_DIR}/embedded_files.cpp @ONLY)

target_sources(lockstep_command PRIVATE ${CMAKE_CURRENT_BINARY_DIR}/embedded_files.cpp)
# Longer than every compiler has to take; those that we support do.
set_source_files_properties(${CMAKE_CURRENT_BINARY_DIR}/embedded_files.cpp PROPERTIES
  COMPILE_OPTIONS -Wno-overlength-strings SKIP_UNITY_BUILD_INCLUSION ON)
target_include_directories(lockstep_command SYSTEM PUBLIC ${KAINJOW_MUSTACHE_INCLUDE})
target_compile_definitions(lockstep_command PUBLIC LOCKSTEP_BUILD_REPORT)
