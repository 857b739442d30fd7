/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads text in images on threads:
 * multi_thread_ocr DET_MODEL CLS_MODEL REC_MODEL REC_LABEL_FILE IMAGE_OR_FOLDER RUN_OPTION THREAD_NUM
 *
 * Each thread has a clone of the whole pipeline; all of them share the weights of the three models.
 */
#include "../multi_thread.hpp"

namespace
{

/* A model that cannot be opened is said. */
bool IsReady(const fastdeploy::FastDeployModel &model)
{
    if (!model.Initialized())
        std::cerr << model.ModelName() << ": " << model.ErrorText() << std::endl;
    return model.Initialized();
}

} // namespace

int main(int argc, char *argv[])
{
    const int thread_num = argc == 8 ? std::atoi(argv[7]) : 0;
    if (thread_num < 1) {
        std::cerr << "usage: " << argv[0]
                  << " det_model cls_model rec_model rec_label_file image_or_folder run_option thread_num\n"
                  << "run_option: 0, the CPU\n";
        return 2;
    }
    fastdeploy::RuntimeOption option;
    SetRunOption(&option, std::atoi(argv[6]));
    fastdeploy::vision::ocr::DBDetector det_model(argv[1], "", option);
    fastdeploy::vision::ocr::Classifier cls_model(argv[2], "", option);
    fastdeploy::vision::ocr::Recognizer rec_model(argv[3], "", argv[4], option);
    if (!IsReady(det_model) || !IsReady(cls_model) || !IsReady(rec_model))
        return 2;
    fastdeploy::pipeline::PPOCRv4 ppocr(&det_model, &cls_model, &rec_model);
    ppocr.SetClsBatchSize(1);
    ppocr.SetRecBatchSize(6);
    if (!IsReady(ppocr))
        return 2;
    return RunThreads<fastdeploy::vision::OCRResult>(&ppocr, ListImages(argv[5]), thread_num);
}
