# SPDX-License-Identifier: Apache-2.0
#
# The Python package, below build/python/ramet: the modules of bindings/python, the public headers as ctypes, the library,
# and the plug-in for OpenVINO if it is built. PYTHONPATH=build/python is enough to use it; pyproject.toml installs the
# component `python` into a wheel.
if(NOT TARGET ramet_shared)
  return()
endif()
find_program(RAMET_PYTHON NAMES python3 REQUIRED)

set(package "${PROJECT_BINARY_DIR}/python/ramet")
file(GLOB headers CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/include/ramet/*.h")
add_custom_command(
  OUTPUT "${package}/_abi.py"
  COMMAND "${RAMET_PYTHON}" "${PROJECT_SOURCE_DIR}/tools/make_abi" "${PROJECT_SOURCE_DIR}/include" "${package}/_abi.py"
  DEPENDS ${headers} "${PROJECT_SOURCE_DIR}/tools/make_abi"
  COMMENT "Translating the public headers to ctypes"
  VERBATIM)
add_custom_target(
  ramet_python
  COMMAND ${CMAKE_COMMAND} -E copy_directory "${PROJECT_SOURCE_DIR}/bindings/python/ramet" "${package}"
  COMMAND ${CMAKE_COMMAND} -E copy $<TARGET_FILE:ramet_shared> "${package}/libramet.so"
  DEPENDS "${package}/_abi.py" ramet_shared
  VERBATIM)

if(TARGET ramet_openvino)
  add_dependencies(ramet_python ramet_openvino)
  add_custom_command(
    TARGET ramet_python
    POST_BUILD
    COMMAND ${CMAKE_COMMAND} -E copy $<TARGET_FILE:ramet_openvino> "${package}/"
    VERBATIM)
  install(TARGETS ramet_openvino LIBRARY DESTINATION ramet COMPONENT python EXCLUDE_FROM_ALL)
endif()

install(FILES "${package}/_abi.py" DESTINATION ramet COMPONENT python EXCLUDE_FROM_ALL)
install(PROGRAMS $<TARGET_FILE:ramet_shared> DESTINATION ramet RENAME libramet.so COMPONENT python EXCLUDE_FROM_ALL)
