/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The C++ header over the shared library: what models say equals what the C interface says; clones outlive originals,
 * handles move, and what fails is told without an exception.
 */
#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sstream>
#include <thread>

extern "C" {
#include <cmocka.h>
}

#include "ramet/ramet.hpp"

namespace fastdeploy = ramet;

using fastdeploy::vision::ClassifyResult;
using fastdeploy::vision::DetectionResult;
using fastdeploy::vision::OCRResult;
using fastdeploy::vision::SegmentationResult;
using fastdeploy::vision::classification::PaddleClasModel;
using fastdeploy::vision::detection::PaddleDetectionModel;
using fastdeploy::vision::segmentation::PaddleSegModel;

namespace
{

const std::string kModels = RAMET_TEST_DATA "/command/";

/* One colour, with a dark box that the tiny models of the command's tests take for a text or an object. */
class Picture
{
  public:
    Picture(int width, int height, uint8_t shade)
        : pixels_(static_cast<size_t>(width) * static_cast<size_t>(height) * 3, shade), width_(width), height_(height)
    {
    }
    void Fill(int x, int y, int width, int height, uint8_t shade)
    {
        for (int row = y; row < y + height; row++)
            std::memset(&pixels_[static_cast<size_t>((row * width_ + x) * 3)], shade, static_cast<size_t>(width) * 3);
    }
    ramet_image Get() { return {pixels_.data(), width_, height_, width_ * 3, nullptr}; }

  private:
    std::vector<uint8_t> pixels_;
    int width_, height_;
};

Picture TwoLines()
{
    Picture picture(320, 120, 255);
    picture.Fill(30, 20, 100, 24, 0);
    picture.Fill(30, 80, 90, 24, 0);
    return picture;
}

/* ---- tests ----------------------------------------------------------------------------------------------------- */

void classes_equal_those_of_c(void **)
{
    Picture picture(40, 30, 10);
    const ramet_image image = picture.Get();
    ramet_classify_model *in_c = nullptr;
    ramet_classify_result wanted = {};
    assert_int_equal(ramet_classify_model_open((kModels + "classifier").c_str(), nullptr, &in_c, nullptr), 0);
    ramet_classify_postprocessor_set_topk(ramet_classify_model_postprocessor(in_c), 3);
    assert_int_equal(ramet_classify_model_predict(in_c, &image, 1, &wanted, nullptr), 0);

    PaddleClasModel model(kModels + "classifier", "", "");
    ClassifyResult res;
    assert_true(model.Initialized());
    assert_true(model.GetPostprocessor().SetTopk(3));
    assert_int_equal(model.GetPostprocessor().GetTopk(), 3);
    assert_true(model.Predict(image, &res));
    assert_int_equal(res.label_ids.size(), 3);
    assert_memory_equal(res.label_ids.data(), wanted.label_ids, 3 * sizeof(int32_t));
    assert_memory_equal(res.scores.data(), wanted.scores, 3 * sizeof(float));
    assert_string_equal(res.label_names[0].c_str(), wanted.label_names[0]);
    ramet_classify_result_clear(&wanted);
    ramet_classify_model_close(in_c);
}

void clones_outlive_the_original(void **)
{
    Picture picture(40, 30, 10);
    ClassifyResult first, second;
    std::unique_ptr<PaddleClasModel> clone;
    {
        PaddleClasModel model(kModels + "classifier", "", "");
        assert_true(model.Predict(picture.Get(), &first));
        clone = model.Clone();
        assert_non_null(clone.get());
        clone = clone->Clone(); /* of a clone */
    }
    assert_true(clone->Predict(picture.Get(), &second));
    assert_string_equal(first.Str().c_str(), second.Str().c_str());
}

void models_move(void **)
{
    Picture picture(40, 30, 10);
    ClassifyResult res;
    PaddleClasModel model(kModels + "classifier", "", "");
    PaddleClasModel moved = std::move(model);
    assert_true(moved.Predict(picture.Get(), &res));
    std::vector<PaddleClasModel> kept;
    kept.push_back(std::move(moved));
    assert_true(kept[0].Predict(picture.Get(), &res));
}

void threads_on_clones_say_the_same(void **)
{
    enum { THREADS = 4, ROUNDS = 25 };
    Picture picture(40, 30, 10);
    PaddleClasModel model(kModels + "classifier", "", "");
    ClassifyResult wanted;
    std::vector<std::unique_ptr<PaddleClasModel>> clones;
    std::vector<std::thread> threads;
    int wrong[THREADS] = {0};
    assert_true(model.Predict(picture.Get(), &wanted));
    for (int i = 0; i < THREADS; i++)
        clones.push_back(model.Clone());
    for (int i = 0; i < THREADS; i++)
        threads.emplace_back([&, i] {
            ClassifyResult res;
            for (int round = 0; round < ROUNDS; round++)
                wrong[i] += !clones[static_cast<size_t>(i)]->Predict(picture.Get(), &res) || res.Str() != wanted.Str();
        });
    for (std::thread &thread : threads)
        thread.join();
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(wrong[i], 0);
}

void texts_print_as_in_fastdeploy(void **)
{
    ClassifyResult classes;
    classes.label_ids = {153};
    classes.scores = {0.686229f};
    assert_string_equal(classes.Str().c_str(), "ClassifyResult(\nlabel_ids: 153, \nscores: 0.686229, \n)");
    classes.feature.assign(11, 0.5f);
    std::string ten;
    for (int i = 0; i < 10; i++)
        ten += "0.500000, ";
    const std::string start = "ClassifyResult(\nlabel_ids: 153, \nscores: 0.686229, \nfeature: size (";
    assert_string_equal(classes.Str().c_str(),
                        (start + "11), only show first 100 values.\n" + ten + "\n0.500000, \n)").c_str());
    classes.feature.assign(101, 0.5f);
    const std::string text = classes.Str(), last = ten + "\n" + ten + "\n......\n)";
    assert_string_equal(text.substr(text.size() - last.size()).c_str(), last.c_str());

    DetectionResult objects;
    objects.boxes = {{{1, 2, 3, 4}}};
    objects.scores = {0.5f};
    objects.label_ids = {7};
    assert_string_equal(objects.Str().c_str(), "DetectionResult: [xmin, ymin, xmax, ymax, score, label_id]\n"
                                               "1.000000,2.000000, 3.000000, 4.000000, 0.500000, 7\n");
    fastdeploy::vision::Mask mask;
    mask.shape = {2, 3};
    objects.masks = {mask};
    objects.contain_masks = true;
    assert_string_equal(objects.Str().c_str(),
                        "DetectionResult: [xmin, ymin, xmax, ymax, score, label_id, mask_shape]\n"
                        "1.000000,2.000000, 3.000000, 4.000000, 0.500000, 7, Mask(2,3)\n");
    objects.contain_masks = false;
    objects.rotated_boxes = {{{1, 2, 3, 4, 5, 6, 7, 8}}};
    assert_string_equal(objects.Str().c_str(),
                        "DetectionResult: [x1, y1, x2, y2, x3, y3, x4, y4, score, label_id]\n1.000000,2.000000, "
                        "3.000000, 4.000000, 5.000000,6.000000, 7.000000, 8.000000, 0.500000, 7\n");

    OCRResult texts;
    assert_string_equal(texts.Str().c_str(), "No Results!");
    texts.boxes = {{{1, 2, 3, 4, 5, 6, 7, 8}}};
    texts.text = {"ab"};
    texts.rec_scores = {0.5f};
    texts.cls_labels = {1};
    texts.cls_scores = {0.25f};
    assert_string_equal(texts.Str().c_str(), "det boxes: [[1,2],[3,4],[5,6],[7,8]]rec text: ab rec score:0.500000 "
                                             "cls label: 1 cls score: 0.250000\n");

    SegmentationResult map;
    map.label_map = {0, 1};
    map.shape = {1, 2};
    assert_string_equal(map.Str().c_str(), "SegmentationResult Image masks 10 rows x 10 cols: \n[0, 1, .....]\n"
                                           "...........\nresult shape is: [1 2]");
}

void objects_and_maps_equal_those_of_c(void **)
{
    Picture picture = TwoLines();
    const ramet_image image = picture.Get();
    ramet_detect_model *detector = nullptr;
    ramet_detect_result wanted = {};
    assert_int_equal(ramet_detect_model_open((kModels + "objects").c_str(), nullptr, nullptr, &detector, nullptr), 0);
    assert_int_equal(ramet_detect_model_predict(detector, &image, 1, &wanted, nullptr), 0);
    PaddleDetectionModel model(kModels + "objects", "", "");
    DetectionResult objects;
    assert_true(model.Predict(image, &objects));
    assert_true(wanted.count > 0);
    assert_int_equal(objects.boxes.size(), wanted.count);
    assert_memory_equal(objects.boxes.data(), wanted.boxes, wanted.count * sizeof wanted.boxes[0]);
    ramet_detect_result_clear(&wanted);
    ramet_detect_model_close(detector);

    PaddleSegModel segmenter(kModels + "segmenter", "", "");
    SegmentationResult map;
    assert_true(segmenter.GetPostprocessor().SetStoreScoreMap(true));
    assert_true(segmenter.Clone()->GetPostprocessor().GetStoreScoreMap());
    assert_true(segmenter.Predict(image, &map));
    assert_int_equal(map.shape[0], image.height);
    assert_int_equal(map.shape[1], image.width);
    assert_int_equal(map.label_map.size(), image.height * image.width);
}

void a_pipeline_outlives_its_models(void **)
{
    Picture picture = TwoLines();
    OCRResult res, again;
    std::unique_ptr<fastdeploy::pipeline::PPOCRv4> clone;
    {
        fastdeploy::vision::ocr::DBDetector det_model(kModels + "detector");
        fastdeploy::vision::ocr::Recognizer rec_model(kModels + "recognizer", "", kModels + "dictionary.txt");
        assert_true(det_model.GetPostprocessor().SetDetDBThresh(0.3));
        assert_false(det_model.GetPostprocessor().SetDetDBScoreMode("medium"));
        fastdeploy::pipeline::PPOCRv4 ppocr(&det_model, &rec_model);
        assert_true(ppocr.Initialized());
        assert_true(ppocr.SetRecBatchSize(1));
        assert_true(ppocr.Predict(picture.Get(), &res));
        clone = ppocr.Clone();
    }
    assert_true(clone->SetRecBatchSize(-1));
    assert_true(clone->Predict(picture.Get(), &again));
    assert_int_equal(res.boxes.size(), 2);
    assert_int_equal(res.text.size(), 2);
    assert_string_equal(res.Str().c_str(), again.Str().c_str());
}

void failures_are_told(void **)
{
    ClassifyResult res;
    PaddleClasModel absent("nowhere", "", "");
    assert_false(absent.Initialized());
    assert_int_equal(absent.Error().status, RAMET_STATUS_NOT_FOUND);
    assert_null(absent.Clone().get());
    Picture picture(40, 30, 10);
    assert_false(absent.Predict(picture.Get(), &res));

    PaddleClasModel model(kModels + "classifier", "", "");
    assert_false(model.Predict(ramet_image(), &res));
    assert_int_equal(model.Error().status, RAMET_STATUS_INVALID_ARGUMENT);
    assert_true(model.Predict(picture.Get(), &res)); /* goes on */
    assert_int_equal(model.Error().status, RAMET_STATUS_OK);

    fastdeploy::Image image;
    assert_false(image.Load("nowhere.jpg"));
    assert_true(image.Empty());
    fastdeploy::pipeline::PPOCRv3 none(nullptr, nullptr, nullptr);
    assert_false(none.Initialized());
}

void options_for_other_hardware_are_refused(void **)
{
    fastdeploy::RuntimeOption option;
    option.UseGpu();
    PaddleClasModel on_gpu(kModels + "classifier", "", "", option);
    assert_false(on_gpu.Initialized());
    assert_int_equal(on_gpu.Error().status, RAMET_STATUS_UNSUPPORTED);
    option.UseCpu();
    option.UseTrtBackend();
    assert_false(PaddleClasModel(kModels + "classifier", "", "", option).Initialized());
    option.UseOrtBackend();
    option.SetTrtInputShape("x", {1, 3, 224, 224});
    assert_true(PaddleClasModel(kModels + "classifier", "", "", option).Initialized());
    option.SetCpuThreadNum(0);
    assert_false(PaddleClasModel(kModels + "classifier", "", "", option).Initialized());

    fastdeploy::RuntimeOption other;
    other.EnableLiteInt8();
    other.SetLitePowerMode(fastdeploy::LITE_POWER_HIGH);
    other.SetTrtInputData("x", std::vector<float>{1});
    other.EnableValidBackendCheck();
    assert_true(PaddleClasModel(kModels + "classifier", "", "", other).Initialized());
    other.SetEncryptionKey("key");
    PaddleClasModel encrypted(kModels + "classifier", "", "", other);
    assert_int_equal(encrypted.Error().status, RAMET_STATUS_UNSUPPORTED);
    other.UseCpu();
    other.SetExternalStream(nullptr);
    assert_false(PaddleClasModel(kModels + "classifier", "", "", other).Initialized());
}

void times_are_those_of_the_runtime(void **)
{
    Picture picture(40, 30, 10);
    ClassifyResult res;
    fastdeploy::RuntimeOption option;
    option.EnableProfiling();
    PaddleClasModel model(kModels + "classifier", "", "", option);
    assert_true(model.Predict(picture.Get(), &res));
    assert_true(model.GetProfileTime() > 0);
    assert_true(model.PrintStatisInfoOfRuntime().empty());
    model.EnableRecordTimeOfRuntime();
    for (int i = 0; i < 12; i++)
        assert_true(model.Predict(picture.Get(), &res));
    std::map<std::string, float> found = model.PrintStatisInfoOfRuntime();
    assert_int_equal(static_cast<int>(found["iterations"]), 12);
    assert_int_equal(static_cast<int>(found["warmup_iter"]), 2);
    assert_true(found["avg_time"] > 0 && found["total_time"] >= found["remain_time"]);
    model.DisableRecordTimeOfRuntime();
    assert_true(model.Predict(picture.Get(), &res));
    assert_int_equal(static_cast<int>(model.PrintStatisInfoOfRuntime()["iterations"]), 12);
}

void packed_weights_are_kept_in_the_folder_that_is_named(void **)
{
    char folder[] = "/tmp/ramet-cpp-XXXXXX";
    assert_non_null(mkdtemp(folder));
    fastdeploy::RuntimeOption option;
    option.cache_dir = std::string(folder) + "/cache";
    for (uint64_t shared : {0u, 1u}) { /* the first one packs and writes, the second maps */
        PaddleClasModel model(kModels + "classifier", "", "", option);
        ramet_memory memory = {};
        assert_int_equal(ramet_runtime_memory(model.GetRuntime(), &memory), RAMET_STATUS_OK);
        assert_true(shared == 0 || memory.shared_bytes > 0);
    }
    assert_int_equal(std::system(("rm -r '" + std::string(folder) + "'").c_str()), 0);
}

void steps_of_a_preprocessor_can_be_taken_out(void **)
{
    Picture picture(40, 30, 3);
    ClassifyResult before, after, of_clone;
    PaddleClasModel model(kModels + "classifier", "", "");
    assert_true(model.Predict(picture.Get(), &before));
    assert_true(model.GetPreprocessor().DisableNormalize());
    assert_true(model.Predict(picture.Get(), &after, 1));
    assert_string_not_equal(before.Str().c_str(), after.Str().c_str());
    assert_true(model.Clone()->Predict(picture.Get(), &of_clone));
    assert_string_equal(after.Str().c_str(), of_clone.Str().c_str());
    assert_true(model.GetPreprocessor().DisablePermute());
    assert_false(model.Predict(picture.Get(), &after)); /* this model wants its channels first */

    fastdeploy::vision::ocr::Recognizer rec_model(kModels + "recognizer", "", kModels + "dictionary.txt");
    assert_true(rec_model.GetPreprocessor().SetRecImageShape({3, 48, 200}));
    assert_true(rec_model.GetPreprocessor().SetStaticShapeInfer(true));
    assert_int_equal(rec_model.Option().max_image_width, 200);
    assert_false(rec_model.GetPreprocessor().SetRecImageShape({48, 200}));
}

void parts_are_references_and_say_what_is_set(void **)
{
    fastdeploy::vision::ocr::DBDetector det_model(kModels + "detector");
    auto &post = det_model.GetPostprocessor();
    assert_true(post.GetDetDBThresh() == 0.3 && post.GetDetDBBoxThresh() == 0.6 && post.GetDetDBUnclipRatio() == 1.5);
    assert_string_equal(post.GetDetDBScoreMode().c_str(), "slow");
    assert_true(det_model.GetPostprocessor().SetDetDBBoxThresh(0.25) && post.SetUseDilation(1));
    assert_true(post.GetDetDBBoxThresh() == 0.25 && post.GetUseDilation() == 1);
    auto moved = std::move(det_model);
    assert_true(moved.GetPostprocessor().GetDetDBBoxThresh() == 0.25);
    assert_true(moved.Clone()->GetPostprocessor().GetDetDBBoxThresh() == 0.25);
    auto &pre = moved.GetPreprocessor();
    assert_true(pre.SetDetImageShape({3, 640, 480}) && pre.GetDetImageShape() == std::vector<int>({3, 640, 480}));
    assert_true(pre.SetStaticShapeInfer(false));
    assert_false(pre.SetStaticShapeInfer(true));
    assert_int_equal(moved.Error().status, RAMET_STATUS_UNSUPPORTED);
    assert_false(pre.SetDetImageShape({640, 480}));

    fastdeploy::vision::ocr::Classifier cls_model(kModels + "direction");
    assert_true(cls_model.GetPreprocessor().GetClsImageShape() == std::vector<int>({3, 48, 192}));
    assert_true(cls_model.GetPreprocessor().SetClsImageShape({3, 32, 100}));
    assert_true(cls_model.GetPreprocessor().GetClsImageShape() == std::vector<int>({3, 32, 100}));
    assert_true(cls_model.GetPostprocessor().GetClsThresh() == 0.9f);
    assert_true(cls_model.GetPreprocessor().SetNormalize({0.5f, 0.5f, 0.5f}, {0.5f, 0.5f, 0.5f}, true));
    assert_false(cls_model.GetPreprocessor().SetMean({0.4f, 0.5f, 0.5f}));
    assert_int_equal(cls_model.Error().status, RAMET_STATUS_UNSUPPORTED);
    assert_false(cls_model.GetPreprocessor().UseCuda());

    fastdeploy::vision::ocr::Recognizer rec_model;
    assert_false(rec_model.Initialized());
    rec_model = fastdeploy::vision::ocr::Recognizer(kModels + "recognizer", "", kModels + "dictionary.txt");
    assert_true(rec_model.Initialized());
    assert_true(rec_model.GetPreprocessor().GetRecImageShape() == std::vector<int>({3, 48, 320}));
}

void models_of_text_fill_results(void **)
{
    Picture picture = TwoLines(), line(120, 32, 255);
    const std::vector<ramet_image> pages = {picture.Get(), line.Get()};
    fastdeploy::vision::ocr::DBDetector det_model(kModels + "detector");
    fastdeploy::vision::ocr::Classifier cls_model(kModels + "direction");
    fastdeploy::vision::ocr::Recognizer rec_model(kModels + "recognizer", "", kModels + "dictionary.txt");
    std::vector<OCRResult> found;
    assert_true(det_model.BatchPredict(pages, &found));
    assert_true(found.size() == 2 && found[0].boxes.size() == 2 && found[1].boxes.empty());

    OCRResult one, all;
    int32_t label = -1;
    float score = 0;
    assert_true(cls_model.Predict(picture.Get(), &one) && cls_model.Predict(picture.Get(), &label, &score));
    assert_true(one.cls_labels == std::vector<int32_t>{label} && one.cls_scores == std::vector<float>{score});
    assert_true(cls_model.BatchPredict(pages, &all) && all.cls_labels.size() == 2 && all.cls_labels[0] == label);

    std::string text;
    assert_true(rec_model.Predict(picture.Get(), &one) && rec_model.Predict(picture.Get(), &text, &score));
    assert_true(one.text == std::vector<std::string>{text} && one.rec_scores == std::vector<float>{score});
    assert_true(one.cls_labels.empty() && rec_model.BatchPredict(pages, &all) && all.text[0] == text);
}

void a_pipeline_follows_what_is_set_on_its_models(void **)
{
    Picture picture = TwoLines();
    OCRResult res, of_clone;
    fastdeploy::vision::ocr::DBDetector det_model(kModels + "detector");
    fastdeploy::vision::ocr::Recognizer rec_model(kModels + "recognizer", "", kModels + "dictionary.txt");
    fastdeploy::pipeline::PPOCRv3 ppocr(&det_model, &rec_model);
    const std::unique_ptr<fastdeploy::pipeline::PPOCRv3> clone = ppocr.Clone();
    assert_true(ppocr.SetRecBatchSize(2));
    assert_true(det_model.GetPostprocessor().SetDetDBBoxThresh(0.999999));
    assert_true(ppocr.Predict(picture.Get(), &res) && clone->Predict(picture.Get(), &of_clone));
    assert_int_equal(res.boxes.size(), 0);
    assert_int_equal(of_clone.boxes.size(), 2);
    assert_int_equal(ppocr.GetRecBatchSize(), 2);
    {
        const fastdeploy::vision::ocr::DBDetector gone = std::move(det_model);
        assert_int_equal(det_model.Option().db_score_mode, RAMET_DET_SCORE_MODE_FAST); /* nothing left in it */
    }
    assert_true(ppocr.Predict(picture.Get(), &res));
    assert_int_equal(res.boxes.size(), 0);
    assert_int_equal(rec_model.Option().image_height, 48);
}

void pipelines_are_of_their_kind(void **)
{
    fastdeploy::vision::ocr::DBDetector det_model(kModels + "detector");
    fastdeploy::vision::ocr::Recognizer rec_model(kModels + "recognizer", "", kModels + "dictionary.txt");
    fastdeploy::pipeline::PPOCRv2 second(&det_model, &rec_model);
    fastdeploy::pipeline::PPOCRv4 fourth(&det_model, &rec_model);
    fastdeploy::pipeline::PPOCRv2 *any = &fourth;
    const std::unique_ptr<fastdeploy::pipeline::PPOCRv2> clone = second.Clone();
    assert_string_equal(any->ModelName().c_str(), "PPOCRv4");
    assert_string_equal(clone->ModelName().c_str(), "PPOCRv2");
}

/* A runtime of the classifier, and an input for it. */
void OpenRuntime(fastdeploy::Runtime *runtime, fastdeploy::FDTensor *input)
{
    fastdeploy::RuntimeOption option;
    option.SetModelPath(kModels + "classifier/inference.pdmodel", kModels + "classifier/inference.pdiparams");
    option.SetCpuThreadNum(2);
    assert_true(runtime->Init(option));
    input->Allocate({1, 3, 8, 8}, fastdeploy::FDDataType::FP32, runtime->GetInputInfos()[0].name);
    for (int64_t i = 0; i < input->Numel(); i++)
        static_cast<float *>(input->MutableData())[i] = static_cast<float>(i % 7) / 7;
}

void bound_tensors_equal_those_that_are_passed(void **)
{
    fastdeploy::Runtime runtime;
    fastdeploy::FDTensor input, kept, lent;
    OpenRuntime(&runtime, &input);
    std::vector<fastdeploy::FDTensor> inputs = {input}, outputs;
    assert_true(runtime.Infer(inputs, &outputs));
    const std::string name = runtime.GetOutputInfos()[0].name;
    const size_t bytes = static_cast<size_t>(outputs[0].Nbytes());

    std::vector<unsigned char> memory(bytes);
    lent.SetExternalData(outputs[0].shape, fastdeploy::FDDataType::FP32, memory.data(), fastdeploy::Device::CPU, 0);
    runtime.BindInputTensor(input.name, input);
    runtime.BindOutputTensor(name, lent);
    assert_null(runtime.GetOutputTensor(name));
    assert_true(runtime.Infer());
    assert_memory_equal(runtime.GetOutputTensor(name)->Data(), outputs[0].Data(), bytes);
    assert_memory_equal(memory.data(), outputs[0].Data(), bytes);
    runtime.BindOutputTensor(name, kept);
    assert_true(runtime.Infer());
    assert_memory_equal(kept.Data(), outputs[0].Data(), bytes);
    fastdeploy::FDTensor small;
    small.SetExternalData({1}, fastdeploy::FDDataType::FP32, memory.data());
    runtime.BindOutputTensor(name, small);
    assert_false(runtime.Infer());
    assert_int_equal(runtime.Error().status, RAMET_STATUS_BAD_SHAPE);

    PaddleClasModel model(kModels + "classifier", "", "");
    std::vector<fastdeploy::FDTensor> of_model;
    assert_true(model.Infer(inputs, &of_model));
    assert_memory_equal(of_model[0].Data(), outputs[0].Data(), bytes);
}

void tensors_change_their_sizes(void **)
{
    int32_t numbers[6] = {1, 2, 3, 4, 5, 6};
    fastdeploy::FDTensor tensor("t");
    tensor.SetExternalData({2, 3}, fastdeploy::FDDataType::INT32, numbers);
    assert_true(tensor.Reshape({3, -1}) && tensor.Shape() == std::vector<int64_t>({3, 2}));
    assert_false(tensor.Reshape({-1, -1}) || tensor.Reshape({4, -1}) || tensor.Reshape({5}) || tensor.Reshape({-2}));
    tensor.ExpandDim();
    tensor.ExpandDim(-1);
    assert_true(tensor.Shape() == std::vector<int64_t>({1, 3, 2, 1}));
    tensor.Squeeze(-1);
    tensor.Squeeze(1); /* is 3, and stays */
    assert_true(tensor.Shape() == std::vector<int64_t>({1, 3, 2}));
    assert_true(tensor.IsShared());
    tensor.StopSharing();
    numbers[0] = 9;
    assert_false(tensor.IsShared());
    assert_int_equal(static_cast<int32_t *>(tensor.Data())[0], 1);

    std::ostringstream printed;
    std::streambuf *before = std::cout.rdbuf(printed.rdbuf());
    tensor.PrintInfo("numbers");
    std::cout.rdbuf(before);
    assert_string_equal(printed.str().c_str(),
                        "numbers: name=t, shape=1 3 2 , dtype=FDDataType::INT32, mean=3.5, max=6, min=1\n");
}

/* ---- pictures of results ---------------------------------------------------------------------------------------- */

using fastdeploy::Image;

std::vector<int> PixelAt(const Image &image, int x, int y)
{
    const uint8_t *pixel = image.Get().data + y * image.Get().pitch + 3 * x;
    return {pixel[0], pixel[1], pixel[2]};
}

void boxes_and_masks_are_drawn(void **)
{
    Picture picture(40, 30, 100);
    DetectionResult res;
    res.boxes = {{{5, 6, 20.4f, 25}}, {{-9, -9, 1e9f, NAN}}, {{30, 3, 35, 8}}};
    res.scores = {0.9f, 0.8f, 0.1f};
    res.label_ids = {1, 2, 1};
    const Image vis = fastdeploy::vision::VisDetection(picture.Get(), res, 0.5f);
    const std::vector<int> plain = {100, 100, 100}, first = {128, 0, 0};
    assert_int_equal(vis.Width(), 40);
    assert_true(PixelAt(vis, 5, 6) == first && PixelAt(vis, 20, 25) == first && PixelAt(vis, 12, 25) == first);
    assert_true(PixelAt(vis, 6, 7) == plain && PixelAt(vis, 4, 6) == plain && PixelAt(vis, 30, 3) == plain);
    assert_int_equal(picture.Get().data[3 * (6 * 40 + 5)], 100); /* the image stays as it is */

    fastdeploy::vision::Mask mask;
    mask.shape = {2, 3};
    mask.data = {1, 0, 1, 0, 1, 0};
    mask.left = 38;
    mask.top = 10;
    DetectionResult masked;
    masked.boxes = {{{2, 2, 4, 4}}};
    masked.scores = {1};
    masked.label_ids = {0};
    masked.masks = {mask};
    masked.contain_masks = true;
    const Image bright = fastdeploy::vision::VisDetection(picture.Get(), masked);
    const std::vector<int> half = {177, 177, 177};
    assert_true(PixelAt(bright, 38, 10) == half && PixelAt(bright, 39, 11) == half && PixelAt(bright, 39, 10) == plain);
    masked.rotated_boxes = {{{10, 10, 30, 10, 30, 20, 10, 20}}};
    const Image turned = fastdeploy::vision::Visualize::VisDetection(picture.Get(), masked);
    assert_true(PixelAt(turned, 20, 10) == std::vector<int>({255, 255, 255}) && PixelAt(turned, 20, 15) == plain);
}

void maps_and_outlines_are_drawn(void **)
{
    Picture picture(4, 2, 100), other(4, 2, 7);
    SegmentationResult map;
    map.label_map = {0, 1, 2, 9, 0, 0, 0, 0};
    map.shape = {2, 4};
    const Image vis = fastdeploy::vision::VisSegmentation(picture.Get(), map, 0.25f);
    assert_true(PixelAt(vis, 0, 0) == std::vector<int>({100, 100, 100}));
    assert_true(PixelAt(vis, 1, 0) == std::vector<int>({107, 75, 75}));
    assert_true(PixelAt(vis, 3, 0) == std::vector<int>({123, 75, 75})); /* 9: 128 + 64 */
    const Image swapped = fastdeploy::vision::SwapBackground(picture.Get(), other.Get(), map);
    assert_true(PixelAt(swapped, 0, 1) == std::vector<int>({7, 7, 7}) && PixelAt(swapped, 1, 0) == PixelAt(vis, 0, 0));
    map.shape = {4, 2};
    assert_true(fastdeploy::vision::VisSegmentation(picture.Get(), map).Empty());

    Picture page(40, 30, 255);
    OCRResult texts;
    texts.boxes = {{{5, 5, 30, 5, 30, 15, 5, 15}}, {{5, 20, 30, 20, 30, 25, 5, 25}}};
    texts.rec_scores = {0.9f, 0.2f};
    Image outlined = fastdeploy::vision::VisOcr(page.Get(), texts, 0.5f);
    assert_true(PixelAt(outlined, 17, 5) == std::vector<int>({0, 255, 0}));
    assert_true(PixelAt(outlined, 17, 20) == std::vector<int>({255, 255, 255}));
    assert_true(fastdeploy::vision::VisOcr(ramet_image(), texts).Empty());

    Image again;
    assert_true(outlined.Save("test_cpp_models.ppm") && again.Load("test_cpp_models.ppm"));
    for (int i = 0; i < 40 * 30; i++)
        assert_true(PixelAt(again, i % 40, i / 40) == PixelAt(outlined, i % 40, i / 40));
    std::remove("test_cpp_models.ppm");
    assert_false(outlined.Save("/nowhere/a.ppm"));
    assert_int_equal(outlined.Error().status, RAMET_STATUS_IO);
}

std::string ReadFile(const std::string &path)
{
    std::ifstream file(path, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
}

void a_runtime_runs_from_memory(void **)
{
    fastdeploy::RuntimeOption option;
    option.SetModelPath(kModels + "classifier");
    fastdeploy::Runtime from_files, from_memory;
    assert_true(from_files.Init(option));
    option.SetModelBuffer(ReadFile(kModels + "classifier/inference.pdmodel"),
                          ReadFile(kModels + "classifier/inference.pdiparams"));
    assert_true(from_memory.Init(option));

    const fastdeploy::TensorInfo info = from_memory.GetInputInfo(0);
    std::vector<fastdeploy::FDTensor> inputs(1), wanted, outputs;
    inputs[0].name = info.name;
    inputs[0].Resize({1, 3, 32, 32}, info.dtype);
    static_cast<float *>(inputs[0].Data())[5] = 1.0f;
    assert_true(from_files.Infer(inputs, &wanted));
    assert_true(from_memory.Clone()->Infer(inputs, &outputs));
    assert_int_equal(outputs.size(), from_memory.NumOutputs());
    assert_int_equal(outputs[0].Nbytes(), wanted[0].Nbytes());
    assert_memory_equal(outputs[0].Data(), wanted[0].Data(), static_cast<size_t>(wanted[0].Nbytes()));
    inputs[0].shape.assign(9, 1);
    assert_false(from_memory.Infer(inputs, &outputs));
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(classes_equal_those_of_c),
        cmocka_unit_test(clones_outlive_the_original),
        cmocka_unit_test(models_move),
        cmocka_unit_test(threads_on_clones_say_the_same),
        cmocka_unit_test(texts_print_as_in_fastdeploy),
        cmocka_unit_test(objects_and_maps_equal_those_of_c),
        cmocka_unit_test(a_pipeline_outlives_its_models),
        cmocka_unit_test(failures_are_told),
        cmocka_unit_test(options_for_other_hardware_are_refused),
        cmocka_unit_test(a_runtime_runs_from_memory),
        cmocka_unit_test(times_are_those_of_the_runtime),
        cmocka_unit_test(packed_weights_are_kept_in_the_folder_that_is_named),
        cmocka_unit_test(parts_are_references_and_say_what_is_set),
        cmocka_unit_test(models_of_text_fill_results),
        cmocka_unit_test(a_pipeline_follows_what_is_set_on_its_models),
        cmocka_unit_test(pipelines_are_of_their_kind),
        cmocka_unit_test(bound_tensors_equal_those_that_are_passed),
        cmocka_unit_test(tensors_change_their_sizes),
        cmocka_unit_test(steps_of_a_preprocessor_can_be_taken_out),
        cmocka_unit_test(boxes_and_masks_are_drawn),
        cmocka_unit_test(maps_and_outlines_are_drawn),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
