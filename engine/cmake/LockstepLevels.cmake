# The levels of the libraries, and the check that they link only lower ones.

set(LOCKSTEP_LEVEL_base 0)
set(LOCKSTEP_LEVEL_scheduler 1)
set(LOCKSTEP_LEVEL_accounts 1)
set(LOCKSTEP_LEVEL_instruments 2)
set(LOCKSTEP_LEVEL_engine 3)
set(LOCKSTEP_LEVEL_c 4)
set(LOCKSTEP_LEVEL_rocksdb 4)
set(LOCKSTEP_LEVEL_replay 4)

# lockstep_check_levels()
# Stops the configuration when a library of the project links one of its own level or above, or
# when a library has no level. Called after all targets exist.
function(lockstep_check_levels)
  get_property(libraries GLOBAL PROPERTY LOCKSTEP_LIBRARIES)
  foreach(library IN LISTS libraries)
    if(NOT DEFINED LOCKSTEP_LEVEL_${library})
      message(FATAL_ERROR "lockstep::${library} has no level in LockstepLevels.cmake")
    endif()
    set(linked "")
    foreach(property LINK_LIBRARIES INTERFACE_LINK_LIBRARIES)
      get_target_property(value lockstep_${library} ${property})
      if(value)
        list(APPEND linked ${value})
      endif()
    endforeach()
    list(REMOVE_DUPLICATES linked)
    foreach(item IN LISTS linked)
      if(NOT item MATCHES "lockstep(::|_)([a-z_]+)" OR CMAKE_MATCH_2 STREQUAL "flags")
        continue()
      endif()
      set(other ${CMAKE_MATCH_2})
      if(NOT DEFINED LOCKSTEP_LEVEL_${other} OR
         NOT LOCKSTEP_LEVEL_${other} LESS LOCKSTEP_LEVEL_${library})
        message(FATAL_ERROR
          "lockstep::${library} (level ${LOCKSTEP_LEVEL_${library}}) must not link "
          "lockstep::${other} (level ${LOCKSTEP_LEVEL_${other}})")
      endif()
    endforeach()
  endforeach()
endfunction()
