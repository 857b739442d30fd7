# SPDX-License-Identifier: Apache-2.0
#
# One static library a room, each linked to the rooms before it, so that a room and its tests build while a later room
# does not. RAMET_ROOMS lists the rooms found, RAMET_OBJECTS every object the products are made of.
set(RAMET_ROOMS "")
set(RAMET_OBJECTS "")

# Kernels are written once and compiled for each of these levels, lowest first.
set(RAMET_LEVELS base)
set(RAMET_LEVEL_FLAGS_base "")
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64)$")
  list(APPEND RAMET_LEVELS avx2 avx512 avx512_bf16)
  set(RAMET_LEVEL_FLAGS_avx2 -mavx2 -mfma -mf16c)
  set(RAMET_LEVEL_FLAGS_avx512 -mavx512f -mavx512bw -mavx512dq -mavx512vl -mfma -mavx2 -mf16c
                               -mprefer-vector-width=512)
  set(RAMET_LEVEL_FLAGS_avx512_bf16 ${RAMET_LEVEL_FLAGS_avx512} -mavx512bf16)
endif()

# What a room needs from outside.
set(RAMET_NEEDS_os Threads::Threads ${CMAKE_DL_LIBS})
set(RAMET_NEEDS_base PkgConfig::XXHASH)
set(RAMET_NEEDS_kernels m)
set(RAMET_NEEDS_formats PkgConfig::YAML ${RAMET_NANOPB_LIBRARY})
set(RAMET_NEEDS_image PkgConfig::JPEG PkgConfig::PNG PkgConfig::WEBP)

function(ramet_room_properties target)
  target_include_directories(${target} PUBLIC "${PROJECT_SOURCE_DIR}/include" "${PROJECT_SOURCE_DIR}/src")
  target_link_libraries(${target} PRIVATE ramet_warnings)
  target_compile_options(${target} PRIVATE -fno-math-errno)
endfunction()

# src/kernels/<family>/*.c, compiled once a level with RMT_LEVEL naming it.
function(ramet_add_kernel_levels out)
  file(GLOB sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/src/kernels/*/*.c")
  set(objects "")
  if(sources)
    # Pixels are exact: what a product feeds sees it rounded, at every level.
    set(exact ${sources})
    list(FILTER exact INCLUDE REGEX "/kernels/pixels/")
    set_source_files_properties(${exact} PROPERTIES COMPILE_OPTIONS -ffp-contract=off)
    foreach(level ${RAMET_LEVELS})
      set(target ramet_kernels_${level})
      add_library(${target} OBJECT ${sources})
      ramet_room_properties(${target})
      target_compile_definitions(${target} PRIVATE RMT_LEVEL=${level})
      # C11 forbids contraction across statements by default; the kernels are written for fused multiply-add.
      target_compile_options(${target} PRIVATE -O3 -ffp-contract=fast -fno-trapping-math
                                               ${RAMET_LEVEL_FLAGS_${level}} ${RAMET_KERNEL_SANITIZE})
      list(APPEND objects $<TARGET_OBJECTS:${target}>)
    endforeach()
  endif()
  set(${out} ${objects} PARENT_SCOPE)
endfunction()

function(ramet_add_room room)
  set(folder "${PROJECT_SOURCE_DIR}/src/${room}")
  set(levels "")
  if(room STREQUAL "kernels")
    file(GLOB sources CONFIGURE_DEPENDS "${folder}/*.c")
    ramet_add_kernel_levels(levels)
  else()
    file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${folder}/*.c")
  endif()
  if(NOT sources AND NOT levels)
    return()
  endif()

  set(target ramet_${room})
  add_library(${target} STATIC ${sources} ${levels})
  set_target_properties(${target} PROPERTIES LINKER_LANGUAGE C OPTIMIZE_DEPENDENCIES ON ARCHIVE_OUTPUT_DIRECTORY rooms)
  ramet_room_properties(${target})
  # Pixel and shape arithmetic must not depend on what the compiler fuses.
  target_compile_options(${target} PRIVATE -ffp-contract=off)
  file(GLOB schemas CONFIGURE_DEPENDS "${folder}/*.proto")
  if(schemas)
    ramet_add_schemas(${target} ${schemas})
  endif()
  if(RAMET_ROOMS)
    list(GET RAMET_ROOMS -1 before)
    target_link_libraries(${target} PUBLIC ramet_${before})
  endif()
  target_link_libraries(${target} PUBLIC ${RAMET_NEEDS_${room}})

  set(RAMET_ROOMS ${RAMET_ROOMS} ${room} PARENT_SCOPE)
  set(RAMET_OBJECTS ${RAMET_OBJECTS} $<TARGET_OBJECTS:${target}> ${levels} PARENT_SCOPE)
endfunction()
