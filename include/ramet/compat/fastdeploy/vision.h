/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For C++ programs written for FastDeploy 1.x: with this folder's parent on the include path
 * (-I PREFIX/include/ramet/compat), their #include "fastdeploy/vision.h" and the names fastdeploy::... mean ramet. Such
 * programs expect to read on the standard error why a call failed.
 */
#ifndef RAMET_COMPAT_FASTDEPLOY_VISION_H
#define RAMET_COMPAT_FASTDEPLOY_VISION_H

#ifndef RAMET_PRINT_ERRORS
#define RAMET_PRINT_ERRORS
#endif

#include <cassert>

#include "ramet/ramet.hpp"

namespace fastdeploy = ramet;

#endif
