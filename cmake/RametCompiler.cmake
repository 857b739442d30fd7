# SPDX-License-Identifier: Apache-2.0
#
# Flags that hold for the whole tree: language, warnings, hardening, sanitizers. What belongs to one room (contraction,
# instruction levels) stands in RametRooms.cmake.
include(CheckCCompilerFlag)

set(CMAKE_C_STANDARD 11)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_C_VISIBILITY_PRESET hidden)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

# An empty value, so that a file may still say "#define _GNU_SOURCE" itself.
add_compile_definitions($<$<COMPILE_LANGUAGE:C>:_GNU_SOURCE=>)

add_library(ramet_warnings INTERFACE)
target_compile_options(
  ramet_warnings
  INTERFACE -Wall
            -Wextra
            -Wconversion
            -Wshadow
            -Wvla
            -Walloca
            -Wstrict-prototypes
            -Wmissing-prototypes
            $<$<BOOL:${RAMET_WERROR}>:-Werror>)

if(RAMET_SANITIZE)
  add_compile_options(-fsanitize=${RAMET_SANITIZE} -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${RAMET_SANITIZE})
  if(RAMET_SANITIZE MATCHES "undefined")
    add_compile_options(-fno-sanitize-recover=undefined)
  endif()
endif()
# Fully unrolled kernels take minutes to compile with every check: they keep the one for addresses. They share no state, and
# their tests hold them to guard pages.
set(RAMET_KERNEL_SANITIZE "")
if(RAMET_SANITIZE MATCHES "undefined")
  set(RAMET_KERNEL_SANITIZE -O1 -fno-sanitize=undefined)
elseif(RAMET_SANITIZE)
  set(RAMET_KERNEL_SANITIZE -fno-sanitize=all)
endif()
if(RAMET_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

add_compile_options(-fstack-protector-strong -fstack-clash-protection)
check_c_compiler_flag(-fcf-protection RAMET_HAS_CF_PROTECTION)
if(RAMET_HAS_CF_PROTECTION)
  add_compile_options(-fcf-protection)
endif()
# Fortified calls need optimisation, and hide from the sanitizers what those would report.
if(NOT RAMET_SANITIZE AND NOT RAMET_FUZZ)
  add_compile_options($<$<CONFIG:Release,RelWithDebInfo,MinSizeRel>:-D_FORTIFY_SOURCE=3>)
endif()
add_link_options(LINKER:-z,relro LINKER:-z,now LINKER:-z,noexecstack)
