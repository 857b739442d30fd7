/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Programs as they are written for FastDeploy, which ask nobody why a call failed: their includes, their forms of calls, and
 * the standard error.
 */
#include "fastdeploy/runtime.h"

#include "fastdeploy/fastdeploy_model.h"
#include "fastdeploy/pipeline.h"
#include "fastdeploy/vision.h"
#include "fastdeploy/vision/common/result.h"
#include "fastdeploy/vision/visualize/visualize.h"

#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <sstream>

extern "C" {
#include <cmocka.h>
}

namespace fd = fastdeploy;

namespace
{

const std::string kModels = RAMET_TEST_DATA "/command/";

/* What a program writes to the standard error. */
template <typename Program> std::string Errors(const Program &program)
{
    std::ostringstream written;
    std::streambuf *before = std::cerr.rdbuf(written.rdbuf());
    program();
    std::cerr.rdbuf(before);
    return written.str();
}

void failures_are_written(void **)
{
    fd::RuntimeOption option;
    option.UseGpu();
    const std::string of_gpu = Errors([&] {
        auto model =
            fd::vision::classification::PaddleClasModel(kModels + "classifier/inference.pdmodel", "", "", option);
        assert_false(model.Initialized());
    });
    assert_non_null(std::strstr(of_gpu.c_str(), "ramet: GPUs are not served"));
    const std::string absent = Errors([] { fd::vision::ocr::DBDetector("nowhere/inference.pdmodel"); });
    assert_non_null(std::strstr(absent.c_str(), "nowhere/inference.pdmodel"));

    fd::vision::detection::PPYOLOE model(kModels + "objects/inference.pdmodel", "", "");
    fd::vision::DetectionResult result;
    assert_non_null(
        std::strstr(Errors([&] { model.Predict(cv::imread("nowhere.jpg"), &result); }).c_str(), "is empty"));
    assert_non_null(std::strstr(Errors([&] { model.Predict(cv::Mat(8, 8, CV_8UC1), &result); }).c_str(), "CV_8UC3"));
    assert_non_null(std::strstr(Errors([&] { model.GetPreprocessor().UseCuda(true, 0); }).c_str(), "UseCuda()"));
    assert_string_equal(Errors([&] { model.Predict(cv::Mat(8, 8, CV_8UC3), &result); }).c_str(), "");
}

void batches_may_be_written_in_braces(void **)
{
    const cv::Mat im(30, 40, CV_8UC3, cv::Scalar(10, 20, 30));
    fd::vision::classification::PaddleClasModel model(kModels + "classifier", "", "");
    std::vector<fd::vision::ClassifyResult> results;
    assert_true(model.BatchPredict({im, im, im}, &results));
    assert_int_equal(results.size(), 3);
    assert_true(model.BatchPredict({}, &results));
    assert_int_equal(results.size(), 0);
}

void a_runtime_prints_its_output(void **)
{
    fd::RuntimeOption option;
    option.SetModelPath(kModels + "classifier/inference.pdmodel", kModels + "classifier/inference.pdiparams",
                        fd::ModelFormat::PADDLE);
    option.UsePaddleBackend();
    std::unique_ptr<fd::Runtime> runtime(new fd::Runtime());
    assert_true(runtime->Init(option));
    std::vector<fd::FDTensor> inputs(1), outputs(1);
    std::vector<float> numbers(3 * 8 * 8, 0.5f);
    inputs[0].SetExternalData({1, 3, 8, 8}, fd::FDDataType::FP32, numbers.data());
    inputs[0].name = runtime->GetInputInfo(0).name;
    assert_true(runtime->Infer(inputs, &outputs));

    std::ostringstream printed;
    std::streambuf *before = std::cout.rdbuf(printed.rdbuf());
    outputs[0].PrintInfo();
    std::cout << runtime->GetInputInfo(0);
    std::cout.rdbuf(before);
    assert_non_null(std::strstr(printed.str().c_str(), ", dtype=FDDataType::FP32, mean="));
    assert_non_null(std::strstr(printed.str().c_str(), "TensorInfo(name: x, shape: [-1, 3, 8, 8]"));
}

void results_have_room(void **)
{
    fd::vision::Mask mask;
    mask.Resize(4);
    static_cast<uint8_t *>(mask.Data())[3] = 1;
    assert_true(mask.type == fd::vision::MASK && mask.data == std::vector<uint8_t>({0, 0, 0, 1}));
    fd::vision::DetectionResult objects;
    objects.contain_masks = true;
    objects.Resize(2);
    assert_true(objects.boxes.size() == 2 && objects.masks.size() == 2 && objects.label_ids.size() == 2);
    fd::vision::SegmentationResult map;
    map.Resize(3);
    assert_true(map.label_map.size() == 3 && map.score_map.empty());
    map.Free();
    assert_true(map.label_map.empty());
}

void a_stopwatch_runs(void **)
{
    fd::TimeCounter counter;
    counter.Start();
    counter.End();
    assert_true(counter.Duration() >= 0 && counter.Duration() < 60);
    fd::SetLogger(false, false);
}

void backgrounds_are_swapped_by_the_older_name(void **)
{
    const cv::Mat im(1, 2, CV_8UC3, cv::Scalar(1, 1, 1)), other(1, 2, CV_8UC3, cv::Scalar(9, 9, 9));
    fd::vision::SegmentationResult map;
    map.label_map = {0, 5};
    map.shape = {1, 2};
    const cv::Mat swapped = fd::vision::Visualize::SwapBackgroundSegmentation(im, other, 5, map);
    assert_true(swapped.at<cv::Vec3b>(0, 0) == cv::Vec3b(1, 1, 1) && swapped.at<cv::Vec3b>(0, 1) == cv::Vec3b(9, 9, 9));
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(failures_are_written),
        cmocka_unit_test(batches_may_be_written_in_braces),
        cmocka_unit_test(a_runtime_prints_its_output),
        cmocka_unit_test(results_have_room),
        cmocka_unit_test(a_stopwatch_runs),
        cmocka_unit_test(backgrounds_are_swapped_by_the_older_name),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
