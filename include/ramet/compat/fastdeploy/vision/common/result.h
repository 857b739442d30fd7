/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A header of FastDeploy's that programs include by itself; here all of them are the one beside vision.h.
 */
#ifndef RAMET_COMPAT_FASTDEPLOY_VISION_COMMON_RESULT_H
#define RAMET_COMPAT_FASTDEPLOY_VISION_COMMON_RESULT_H

#include "ramet/compat/fastdeploy/vision.h"

#endif
