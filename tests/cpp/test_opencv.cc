/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program as it was written for FastDeploy: its include, its namespace, cv::Mat. And exceptions, for those who want them.
 */
#define RAMET_THROW
#include "fastdeploy/vision.h"

#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>

extern "C" {
#include <cmocka.h>
}

using fastdeploy::vision::ClassifyResult;
using fastdeploy::vision::classification::PaddleClasModel;

namespace
{

const std::string kClassifier = RAMET_TEST_DATA "/command/classifier";

cv::Mat Noise()
{
    cv::Mat im(60, 80, CV_8UC3);
    for (int i = 0; i < im.rows * im.cols * 3; i++)
        im.data[i] = static_cast<uint8_t>(i * 31 + i / 7);
    return im;
}

void the_seed_program_runs(void **)
{
    const std::string model_file = kClassifier + "/inference.pdmodel",
                      params_file = kClassifier + "/inference.pdiparams", config_file = kClassifier + "/inference.yml",
                      image_file = "test_cpp_opencv.png";
    fastdeploy::RuntimeOption option;
    assert_true(cv::imwrite(image_file, Noise()));

    auto model = fastdeploy::vision::classification::PaddleClasModel(model_file, params_file, config_file, option);
    auto model2 = model.Clone();
    auto im = cv::imread(image_file);
    fastdeploy::vision::ClassifyResult res;
    model.Predict(im, &res);

    ClassifyResult of_clone, of_file;
    fastdeploy::Image loaded;
    assert_true(loaded.Load(image_file));
    assert_true(model2->Predict(im, &of_clone));
    assert_true(model.Predict(loaded, &of_file));
    assert_int_equal(res.label_ids.size(), 1);
    assert_string_equal(res.Str().c_str(), of_clone.Str().c_str());
    assert_string_equal(res.Str().c_str(), of_file.Str().c_str());
    std::remove(image_file.c_str());
}

void regions_are_read_where_they_lie(void **)
{
    const cv::Mat im = Noise(), region = im(cv::Rect(11, 7, 40, 30));
    PaddleClasModel model(kClassifier, "", "");
    ClassifyResult of_region, of_copy;
    model.Predict(region, &of_region);
    model.Predict(region.clone(), &of_copy);
    assert_false(region.isContinuous());
    assert_string_equal(of_region.Str().c_str(), of_copy.Str().c_str());

    std::vector<ClassifyResult> both;
    model.BatchPredict(std::vector<cv::Mat>{im, region}, &both);
    assert_string_equal(both[1].Str().c_str(), of_copy.Str().c_str());
}

template <typename Call> ramet_status StatusOf(const Call &call)
{
    try {
        call();
    } catch (const fastdeploy::Exception &exception) {
        return exception.what()[0] == '\0' ? RAMET_STATUS_INTERNAL : exception.status();
    }
    return RAMET_STATUS_OK;
}

void failures_are_thrown(void **)
{
    PaddleClasModel model(kClassifier, "", "");
    ClassifyResult res;
    assert_int_equal(StatusOf([&] { model.Predict(Noise(), &res); }), RAMET_STATUS_OK);
    assert_int_equal(StatusOf([&] { model.Predict(cv::Mat(3, 3, CV_8UC1), &res); }), RAMET_STATUS_INVALID_ARGUMENT);
    assert_int_equal(StatusOf([&] { model.Predict(cv::Mat(), &res); }), RAMET_STATUS_INVALID_ARGUMENT);
    assert_int_equal(StatusOf([&] { PaddleClasModel absent("nowhere", "", ""); }), RAMET_STATUS_NOT_FOUND);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(the_seed_program_runs),
        cmocka_unit_test(regions_are_read_where_they_lie),
        cmocka_unit_test(failures_are_thrown),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
