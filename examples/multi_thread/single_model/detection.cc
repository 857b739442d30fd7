/* SPDX-License-Identifier: Apache-2.0 */
/* Finds objects in images on threads: detection MODEL_DIR IMAGE_OR_FOLDER RUN_OPTION THREAD_NUM */
#include "../multi_thread.hpp"

int main(int argc, char *argv[])
{
    return RunSingleModel<fastdeploy::vision::DetectionResult, fastdeploy::vision::detection::PaddleDetectionModel>(
        argc, argv);
}
