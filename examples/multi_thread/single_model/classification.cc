/* SPDX-License-Identifier: Apache-2.0 */
/* Classifies images on threads: classification MODEL_DIR IMAGE_OR_FOLDER RUN_OPTION THREAD_NUM */
#include "../multi_thread.hpp"

int main(int argc, char *argv[])
{
    return RunSingleModel<fastdeploy::vision::ClassifyResult, fastdeploy::vision::classification::PaddleClasModel>(
        argc, argv);
}
