/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For C++ programs written for FastDeploy 1.x: with this folder's parent on the include path
 * (-I PREFIX/include/ramet/compat), their #include "fastdeploy/vision.h" and the names fastdeploy::... mean ramet.
 */
#ifndef RAMET_COMPAT_FASTDEPLOY_VISION_H
#define RAMET_COMPAT_FASTDEPLOY_VISION_H

#include <cassert>

#include "ramet/ramet.hpp"

namespace fastdeploy = ramet;

#endif
