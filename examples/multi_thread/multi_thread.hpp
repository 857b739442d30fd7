/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the examples share: a list of images, dealt out to threads in slices. Each thread predicts with a clone of one
 * model; what they have to say is printed in the order of the images when all are done.
 */
#ifndef MULTI_THREAD_HPP
#define MULTI_THREAD_HPP

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "ramet/ramet.hpp"

namespace fastdeploy = ramet;

/* The file, or the files of the folder by name. */
inline std::vector<std::string> ListImages(const std::string &path)
{
    std::vector<std::string> images;
    if (!std::filesystem::is_directory(path))
        return {path};
    for (const auto &entry : std::filesystem::directory_iterator(path))
        if (entry.is_regular_file() && entry.path().extension() != ".md")
            images.push_back(entry.path().string());
    std::sort(images.begin(), images.end());
    return images;
}

/* What a thread leaves behind. */
struct Report {
    std::string text;
    bool failed = false;
};

/* Images first..last-1, one after the other. An image that fails is one line and stops nothing. */
template <typename Result, typename Model>
void PredictSlice(Model *model, int thread_id, const std::vector<std::string> &images, size_t first, size_t last,
                  Report *report)
{
    for (size_t i = first; i < last; i++) {
        fastdeploy::Image im;
        Result res;
        const bool loaded = im.Load(images[i]);
        if (loaded && model->Predict(im, &res)) {
            report->text += "Thread Id: " + std::to_string(thread_id) + "\n" + res.Str() + "\n";
        } else {
            report->text += images[i] + ": " + (loaded ? model->ErrorText() : im.ErrorText()) + "\n";
            report->failed = true;
        }
    }
}

/* Predicts all images with thread_num clones. Exit code: 0 all good, 1 some images failed, 2 no clones. */
template <typename Result, typename Model>
int RunThreads(Model *model, const std::vector<std::string> &images, int thread_num)
{
    const size_t count = static_cast<size_t>(thread_num);
    std::vector<std::unique_ptr<Model>> clones;
    std::vector<Report> reports(count);
    std::vector<std::thread> threads;
    for (size_t i = 0; i < count; i++) {
        clones.push_back(model->Clone());
        if (!clones.back()) {
            std::cerr << model->ErrorText() << std::endl;
            return 2;
        }
    }
    for (size_t i = 0; i < count; i++)
        threads.emplace_back(PredictSlice<Result, Model>, clones[i].get(), static_cast<int>(i), std::cref(images),
                             images.size() * i / count, images.size() * (i + 1) / count, &reports[i]);
    bool failed = false;
    for (size_t i = 0; i < count; i++) {
        threads[i].join();
        std::cout << reports[i].text;
        failed = failed || reports[i].failed;
    }
    return failed ? 1 : 0;
}

/* Sets the hardware as FastDeploy's examples number it; only 0, the CPU, is served. */
inline void SetRunOption(fastdeploy::RuntimeOption *option, int run_option)
{
    if (run_option == 0)
        option->UseCpu();
    else
        option->UseGpu();
}

/*
 * The whole program for a model that is made of one folder: MODEL_DIR IMAGES RUN_OPTION THREAD_NUM. Program, parameters
 * and configuration are found in the folder, whatever they are called there.
 */
template <typename Result, typename Model> int RunSingleModel(int argc, char *argv[])
{
    const int thread_num = argc == 5 ? std::atoi(argv[4]) : 0;
    if (thread_num < 1) {
        std::cerr << "usage: " << argv[0] << " model_dir image_or_folder run_option thread_num\n"
                  << "run_option: 0, the CPU\n";
        return 2;
    }
    fastdeploy::RuntimeOption option;
    SetRunOption(&option, std::atoi(argv[3]));
    Model model(argv[1], "", "", option);
    if (!model.Initialized()) {
        std::cerr << model.ErrorText() << std::endl;
        return 2;
    }
    return RunThreads<Result>(&model, ListImages(argv[2]), thread_num);
}

#endif
