# Makes changed copies of headers of scheduler/ and engine/. Included by scripts that are run with
#   cmake -D SOURCE_DIR=... -D OUT_DIR=... -P <script>
# A pattern that is not found exactly once is reported by the test that uses the copies, not here,
# so that work on the headers is not stopped by it.

set(number 0)
set(rows "")
file(GLOB_RECURSE headers RELATIVE "${SOURCE_DIR}" "${SOURCE_DIR}/scheduler/*.hpp" "${SOURCE_DIR}/engine/*.hpp")
foreach(header IN LISTS headers)
  string(MAKE_C_IDENTIFIER "${header}" id)
  file(READ "${SOURCE_DIR}/${header}" text_${id})
endforeach()

# Replaces what stands exactly once in all headers; sets `applies`.
macro(replace_once pattern changed)
  set(hits 0)
  foreach(header IN LISTS headers)
    string(MAKE_C_IDENTIFIER "${header}" id)
    string(FIND "${text_${id}}" "${pattern}" first)
    string(FIND "${text_${id}}" "${pattern}" last REVERSE)
    if(first EQUAL -1)
      continue()
    endif()
    math(EXPR hits "${hits} + 1")
    if(first EQUAL last)
      string(REPLACE "${pattern}" "${changed}" text_${id} "${text_${id}}")
      list(APPEND changed_headers "${header}")
    else()
      math(EXPR hits "${hits} + 1")
    endif()
  endforeach()
  set(applies false)
  if(hits EQUAL 1)
    set(applies true)
  endif()
endmacro()

# mutate(<kind> <name> <pattern> <replacement>): one row of the table. MUTANT in the replacement is
# the switch of this mutation.
macro(mutate kind name pattern replacement)
  math(EXPR number "${number} + 1")
  string(REPLACE "MUTANT" "::lockstep::test::mutant(${number})" changed_text "${replacement}")
  replace_once("${pattern}" "${changed_text}")
  string(APPEND rows "    {${number}, \"${kind}\", \"${name}\", ${applies}},\n")
endmacro()

# Writes the copies, the table of mutations and the header with the switch.
macro(write_mutated)
  list(REMOVE_DUPLICATES changed_headers)
  file(REMOVE_RECURSE "${OUT_DIR}/engine" "${OUT_DIR}/scheduler")  # copies that no pattern asks for now
  foreach(header IN LISTS changed_headers)
    string(MAKE_C_IDENTIFIER "${header}" id)
    file(WRITE "${OUT_DIR}/${header}" "${text_${id}}")
  endforeach()
  file(WRITE "${OUT_DIR}/mutation_table.hpp"
    "// Made by the build.\nconstexpr Mutation kMutations[] = {\n${rows}};\n")
  file(READ "${SOURCE_DIR}/tests/support/mutant.hpp" switch)
  file(WRITE "${OUT_DIR}/mutant.hpp" "${switch}")
endmacro()
