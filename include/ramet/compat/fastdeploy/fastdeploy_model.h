/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A header of FastDeploy's that programs include by itself; here all of them are the one beside vision.h.
 */
#ifndef RAMET_COMPAT_FASTDEPLOY_FASTDEPLOY_MODEL_H
#define RAMET_COMPAT_FASTDEPLOY_FASTDEPLOY_MODEL_H

#include "ramet/compat/fastdeploy/vision.h"

#endif
