# SPDX-License-Identifier: Apache-2.0
#
# The libraries that do what ramet does not exist for, each as an imported target; and the protocol buffer generator.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
pkg_check_modules(JPEG REQUIRED IMPORTED_TARGET libjpeg)
pkg_check_modules(PNG REQUIRED IMPORTED_TARGET libpng)
pkg_check_modules(WEBP REQUIRED IMPORTED_TARGET libwebp)
pkg_check_modules(YAML REQUIRED IMPORTED_TARGET yaml-0.1)
pkg_check_modules(XXHASH REQUIRED IMPORTED_TARGET libxxhash)
pkg_check_modules(JANSSON REQUIRED IMPORTED_TARGET jansson)
if(RAMET_TESTS)
  pkg_check_modules(CMOCKA REQUIRED IMPORTED_TARGET cmocka)
endif()

find_library(RAMET_NANOPB_LIBRARY protobuf-nanopb REQUIRED)
find_path(RAMET_NANOPB_INCLUDE pb_decode.h PATH_SUFFIXES nanopb REQUIRED)
find_program(RAMET_NANOPB_GENERATOR NAMES nanopb_generator nanopb_generator.py REQUIRED)
mark_as_advanced(RAMET_NANOPB_LIBRARY RAMET_NANOPB_INCLUDE RAMET_NANOPB_GENERATOR)

# Compiles schemas into `target`: NAME.proto (with NAME.options beside it, if any) -> gen/NAME.pb.h and gen/NAME.pb.c.
function(ramet_add_schemas target)
  set(gen "${PROJECT_BINARY_DIR}/gen")
  file(MAKE_DIRECTORY "${gen}")
  foreach(schema ${ARGN})
    cmake_path(GET schema STEM name)
    cmake_path(GET schema PARENT_PATH folder)
    file(GLOB options CONFIGURE_DEPENDS "${folder}/${name}.options")
    add_custom_command(
      OUTPUT "${gen}/${name}.pb.c" "${gen}/${name}.pb.h"
      COMMAND "${RAMET_NANOPB_GENERATOR}" --quiet --output-dir "${gen}" "${name}.proto"
      WORKING_DIRECTORY "${folder}"
      DEPENDS "${schema}" ${options}
      COMMENT "Generating ${name}.pb.c"
      VERBATIM)
    set_source_files_properties("${gen}/${name}.pb.c" PROPERTIES COMPILE_OPTIONS -w)
    target_sources(${target} PRIVATE "${gen}/${name}.pb.c" "${gen}/${name}.pb.h")
  endforeach()
  target_include_directories(${target} SYSTEM PUBLIC "${gen}" "${RAMET_NANOPB_INCLUDE}")
  target_compile_definitions(${target} PUBLIC PB_ENABLE_MALLOC)
endfunction()
