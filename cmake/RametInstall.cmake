# SPDX-License-Identifier: Apache-2.0
#
# Headers, libraries and command, with the pkg-config and CMake files by which other projects find them.
include(CMakePackageConfigHelpers)

if(NOT TARGET ramet_shared)
  return()
endif()

# Relative, so that an installation may be moved.
file(RELATIVE_PATH pc_to_prefix "${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig" "${CMAKE_INSTALL_PREFIX}")
string(REGEX REPLACE "/$" "" pc_to_prefix "${pc_to_prefix}")
configure_file(cmake/ramet.pc.in ramet.pc @ONLY)
configure_package_config_file(cmake/rametConfig.cmake.in rametConfig.cmake
                              INSTALL_DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/ramet)
write_basic_package_version_file(rametConfigVersion.cmake COMPATIBILITY SameMinorVersion)

install(TARGETS ramet_shared ramet_static EXPORT rametTargets)
if(TARGET ramet)
  install(TARGETS ramet)
endif()
install(DIRECTORY include/ramet DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h" PATTERN "*.hpp")
install(FILES "${PROJECT_BINARY_DIR}/ramet.pc" DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
install(FILES "${PROJECT_BINARY_DIR}/rametConfig.cmake" "${PROJECT_BINARY_DIR}/rametConfigVersion.cmake"
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/ramet)
install(EXPORT rametTargets NAMESPACE ramet:: DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/ramet)
export(EXPORT rametTargets NAMESPACE ramet:: FILE rametTargets.cmake)
