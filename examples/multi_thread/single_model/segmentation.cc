/* SPDX-License-Identifier: Apache-2.0 */
/* Segments images on threads: segmentation MODEL_DIR IMAGE_OR_FOLDER RUN_OPTION THREAD_NUM */
#include "../multi_thread.hpp"

int main(int argc, char *argv[])
{
    return RunSingleModel<fastdeploy::vision::SegmentationResult, fastdeploy::vision::segmentation::PaddleSegModel>(
        argc, argv);
}
