# SPDX-License-Identifier: Apache-2.0
#
# What packed weights look like is decided by the sources of these rooms and by how they are compiled. Their digest names
# that in every file of packed weights, so that a file from another build is never taken for one of this build, and nobody
# has to remember to raise a number.
set(rooms base kernels graph formats ops passes plan)

# As a script (cmake -P): writes the header.
if(CMAKE_SCRIPT_MODE_FILE)
  set(text "${FLAGS}")
  foreach(room ${rooms})
    file(GLOB_RECURSE sources RELATIVE "${SOURCE}" "${SOURCE}/${room}/*.[ch]")
    foreach(source ${sources})
      file(SHA256 "${SOURCE}/${source}" digest)
      string(APPEND text "${source} ${digest}\n")
    endforeach()
  endforeach()
  string(SHA256 digest "${text}")
  file(WRITE "${OUTPUT}" "/* SPDX-License-Identifier: Apache-2.0 */\n#define RMT_BUILD_DIGEST \"${digest}\"\n")
  return()
endif()

set(sources "")
foreach(room ${rooms})
  file(GLOB_RECURSE found CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/src/${room}/*.[ch]")
  list(APPEND sources ${found})
endforeach()
set(header "${PROJECT_BINARY_DIR}/gen/build_digest.h")
add_custom_command(
  OUTPUT "${header}"
  COMMAND "${CMAKE_COMMAND}" "-DSOURCE=${PROJECT_SOURCE_DIR}/src" "-DOUTPUT=${header}"
          "-DFLAGS=${PROJECT_VERSION} ${CMAKE_C_COMPILER_ID} ${CMAKE_C_COMPILER_VERSION} ${CMAKE_BUILD_TYPE} ${CMAKE_C_FLAGS} ${RAMET_SANITIZE}"
          -P "${CMAKE_CURRENT_LIST_DIR}/RametIdentity.cmake"
  DEPENDS ${sources} "${CMAKE_CURRENT_LIST_DIR}/RametIdentity.cmake"
  COMMENT "Naming the form of packed weights"
  VERBATIM)
target_sources(ramet_plan PRIVATE "${header}")
target_include_directories(ramet_plan PRIVATE "${PROJECT_BINARY_DIR}/gen")
