/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ramet: models of PaddleClas, PaddleDetection, PaddleSeg and PaddleOCR on CPUs, many threads from one copy of the
 * weights.
 *
 * By need:
 *   read text in an image       ramet/ocr.h       ramet_ocr_open, ramet_ocr_predict
 *   classify an image           ramet/classify.h  ramet_classify_model_open, ..._predict
 *   find objects in an image    ramet/detect.h    ramet_detect_model_open, ..._predict
 *   class of each pixel         ramet/segment.h   ramet_segment_model_open, ..._predict
 *   run a model on tensors      ramet/runtime.h   ramet_runtime_open, ramet_runtime_run
 *   use many threads            ..._clone of each handle, one clone a thread; ramet/fleet.h shares out inputs
 *   read image files            ramet/image.h     ramet_image_load
 *   know the machine            ramet/host.h      ramet_host_get
 *   understand a failure        ramet/status.h    ramet_error
 */
#ifndef RAMET_RAMET_H
#define RAMET_RAMET_H

#include "ramet/classify.h"
#include "ramet/detect.h"
#include "ramet/fleet.h"
#include "ramet/host.h"
#include "ramet/image.h"
#include "ramet/ocr.h"
#include "ramet/runtime.h"
#include "ramet/segment.h"
#include "ramet/status.h"
#include "ramet/tensor.h"

#endif
