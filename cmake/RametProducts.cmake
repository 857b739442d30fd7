# SPDX-License-Identifier: Apache-2.0
#
# What a user gets: libramet.so, libramet.a and the command, all at the top of the build directory. The command is built
# against the public headers and the shared library alone.
set(RAMET_PRODUCT_NEEDS "")
foreach(room ${RAMET_ROOMS})
  list(APPEND RAMET_PRODUCT_NEEDS ${RAMET_NEEDS_${room}})
endforeach()
list(REMOVE_DUPLICATES RAMET_PRODUCT_NEEDS)

function(ramet_add_library target type name)
  add_library(${target} ${type} ${RAMET_OBJECTS})
  set_target_properties(${target} PROPERTIES OUTPUT_NAME ramet EXPORT_NAME ${name} LINKER_LANGUAGE C)
  target_include_directories(${target} INTERFACE $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
                                                 $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  target_link_libraries(${target} PRIVATE ${RAMET_PRODUCT_NEEDS})
  add_library(ramet::${name} ALIAS ${target})
endfunction()

if(RAMET_OBJECTS)
  ramet_add_library(ramet_static STATIC static)
  ramet_add_library(ramet_shared SHARED ramet)
  set(map "${PROJECT_SOURCE_DIR}/cmake/ramet.map")
  set_target_properties(ramet_shared PROPERTIES VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}
                                                LINK_DEPENDS "${map}")
  target_link_options(ramet_shared PRIVATE "LINKER:--version-script=${map}")
  if(NOT RAMET_SANITIZE AND NOT RAMET_FUZZ)
    target_link_options(ramet_shared PRIVATE LINKER:--no-undefined)
  endif()

  file(GLOB sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/apps/cli/*.c")
  if(sources)
    add_executable(ramet ${sources})
    target_link_libraries(ramet PRIVATE ramet_shared ramet_warnings PkgConfig::JANSSON Threads::Threads m)
    file(RELATIVE_PATH bin_to_lib "${CMAKE_INSTALL_FULL_BINDIR}" "${CMAKE_INSTALL_FULL_LIBDIR}")
    set_target_properties(ramet PROPERTIES BUILD_RPATH_USE_ORIGIN ON INSTALL_RPATH "$ORIGIN/${bin_to_lib}")
  endif()
endif()
