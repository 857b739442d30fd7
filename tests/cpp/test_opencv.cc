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

/* The line that the command prints about an image. */
std::string CommandLine(const std::string &image_file)
{
    const std::string call =
        "'" RAMET_COMMAND "' classify --model '" + kClassifier + "' --cache_dir none --image_path " + image_file;
    char line[256] = "";
    FILE *out = popen(call.c_str(), "r");
    assert_non_null(out);
    assert_non_null(std::fgets(line, sizeof line, out));
    assert_int_equal(pclose(out), 0);
    return line;
}

void the_seed_program_says_what_the_command_says(void **)
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
    const std::string wanted =
        image_file + "  " + std::to_string(res.label_ids[0]) + "  " + std::to_string(res.scores[0]) + "  ";
    assert_string_equal(CommandLine(image_file).substr(0, wanted.size()).c_str(), wanted.c_str());
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

/* What FastDeploy's examples for the four series call beyond that. */
void examples_compile_and_run(void **)
{
    cv::Mat im = Noise();
    PaddleClasModel model(kClassifier, "", "");
    ClassifyResult res;
    assert_true(model.Predict(&im, &res, 3));
    assert_int_equal(res.label_ids.size(), 3);
    const cv::Mat classes = fastdeploy::vision::VisClassification(im, res, 5, 0.0f, 0.5f);
    assert_true(classes.size() == im.size() && cv::norm(classes, im, cv::NORM_INF) > 0);

    const std::string models = RAMET_TEST_DATA "/command/";
    auto detector = fastdeploy::vision::detection::PPYOLOE(models + "objects/inference.pdmodel", "", "");
    fastdeploy::vision::DetectionResult objects;
    assert_true(detector.Predict(&im, &objects));
    objects.boxes = {{{20, 30, 60, 50}}};
    objects.scores = {0.75f};
    objects.label_ids = {1};
    const cv::Mat drawn = fastdeploy::vision::Visualize::VisDetection(im, objects, 0.5);
    const cv::Mat bare = fastdeploy::vision::VisDetection(im, objects, std::vector<std::string>{"a", " "}, 0.8f);
    assert_true(drawn.at<cv::Vec3b>(50, 60) == cv::Vec3b(128, 0, 0));
    assert_true(cv::norm(drawn(cv::Rect(22, 20, 30, 9)), im(cv::Rect(22, 20, 30, 9)), cv::NORM_INF) >
                0); /* its label */
    assert_true(cv::norm(bare, im, cv::NORM_INF) == 0);

    auto segmenter = fastdeploy::vision::segmentation::PaddleSegModel(models + "segmenter", "", "");
    fastdeploy::vision::SegmentationResult map;
    assert_true(segmenter.Predict(im, &map));
    assert_true(fastdeploy::vision::VisSegmentation(im, map, 0.5).size() == im.size());
    assert_int_equal(StatusOf([&] { fastdeploy::vision::VisSegmentation(cv::Mat(im, cv::Rect(0, 0, 9, 9)), map); }),
                     RAMET_STATUS_BAD_SHAPE);

    fastdeploy::vision::OCRResult texts;
    texts.boxes = {{{5, 5, 30, 5, 30, 15, 5, 15}}};
    assert_true(fastdeploy::vision::VisOcr(im, texts).at<cv::Vec3b>(5, 20) == cv::Vec3b(0, 255, 0));
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(the_seed_program_says_what_the_command_says),
        cmocka_unit_test(regions_are_read_where_they_lie),
        cmocka_unit_test(failures_are_thrown),
        cmocka_unit_test(examples_compile_and_run),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
