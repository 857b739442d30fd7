/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ramet for C++11 and later: the names and shapes of FastDeploy 1.x over the C library; nothing to link beyond it.
 *
 *     namespace fastdeploy = ramet;
 *     auto model = fastdeploy::vision::classification::PaddleClasModel(model_file, params_file, config_file, option);
 *     auto model2 = model.Clone();
 *     auto im = cv::imread(image_file);
 *     fastdeploy::vision::ClassifyResult res;
 *     model.Predict(im, &res);
 *
 * Where OpenCV's headers are found, images are cv::Mat; in any case they are ramet::Image (a file that ramet reads) or
 * ramet_image (pixels of yours). All are 8-bit B, G, R; of a cv::Mat any rows and regions, without a copy.
 *
 * Errors: calls answer false, and a model that could not be opened is not Initialized(); Error() and ErrorText() of the
 * model say why. Nothing is thrown or ended, and nothing printed but by the calls named Print...(). With RAMET_THROW
 * defined before the include, what fails throws ramet::Exception instead; with RAMET_PRINT_ERRORS (which the headers in
 * ramet/compat define) the reason is written to the standard error too.
 *
 * Threads: a model belongs to one thread at a time (a second one is refused, not undefined); Clone() makes another one
 * on the same weights. Models, runtimes and pipelines move and do not copy; original and clones end in any order.
 * fork(): as in the C headers, a child may go on with its copies.
 *
 * Memory: results are plain vectors of their own.
 */
#ifndef RAMET_RAMET_HPP
#define RAMET_RAMET_HPP

#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <exception>
#include <fstream>
#include <iostream>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "ramet/ramet.h"

#if !defined(RAMET_NO_OPENCV) && defined(__has_include)
#if __has_include(<opencv2/imgcodecs.hpp>)
#include <opencv2/imgcodecs.hpp>
#define RAMET_HAS_OPENCV 1
#endif
#endif

namespace ramet
{

/* ---- failures ------------------------------------------------------------------------------------------------ */

/* What RAMET_THROW throws: what() is message and place; status tells the kind. */
class Exception : public std::exception
{
  public:
    explicit Exception(const ramet_error &error);
    const char *what() const noexcept override { return text_.c_str(); }
    ramet_status status() const { return status_; }

  private:
    std::string text_;
    ramet_status status_;
};

namespace detail
{

/* "MESSAGE (PLACE)". */
inline std::string TextOf(const ramet_error &error)
{
    std::string text = error.message;
    return error.place[0] == '\0' ? text : text + " (" + error.place + ")";
}

inline ramet_error MakeError(ramet_status status, const char *message)
{
    ramet_error error = {};
    error.status = status;
    std::snprintf(error.message, sizeof error.message, "%s", message);
    return error;
}

/* The last failure of an object, and the one place that decides whether it is thrown. */
class Failure
{
  public:
    Failure() : error_() {}

    /* True when the call went well; a failure stays until the next call. */
    bool Accept(ramet_status status, const ramet_error &error)
    {
        if (status == RAMET_STATUS_OK) {
            error_ = ramet_error();
            return true;
        }
        error_ = error;
        error_.status = status;
#ifdef RAMET_THROW
        throw Exception(error_);
#else
#ifdef RAMET_PRINT_ERRORS
        std::cerr << "ramet: " << TextOf(error_) << std::endl;
#endif
        return false;
#endif
    }
    bool Refuse(ramet_status status, const char *message) { return Accept(status, MakeError(status, message)); }
    const ramet_error &Error() const { return error_; }

  private:
    ramet_error error_;
};

/* A C handle that is closed at its end. */
template <typename T, void (*Close)(T *)> struct Closer {
    void operator()(T *handle) const { Close(handle); }
};
template <typename T, void (*Close)(T *)> using Handle = std::unique_ptr<T, Closer<T, Close>>;

inline const char *OrNull(const std::string &text) { return text.empty() ? nullptr : text.c_str(); }

/* As printf's %f, which FastDeploy's texts have. */
inline std::string Fixed(float number) { return std::to_string(number); }

} // namespace detail

inline Exception::Exception(const ramet_error &error) : text_(detail::TextOf(error)), status_(error.status) {}

/* ---- what runs, and how ---------------------------------------------------------------------------------------- */

/* FastDeploy's engines by name. OPENVINO is one of ramet's two; NATIVE, and what stands for an engine of FastDeploy on
 * CPUs (UNKNOWN, ORT, PDINFER, LITE), is ramet's own. The others cannot be used. */
enum Backend { UNKNOWN, ORT, TRT, PDINFER, POROS, OPENVINO, LITE, RKNPU2, SOPHGOTPU, HORIZONNPU, TVM, NATIVE };

/* Told from the bytes of the file; taken for the sake of FastDeploy's signatures. */
enum ModelFormat { AUTOREC, PADDLE, ONNX, RKNN, TORCHSCRIPT, SOPHGO, HORIZON, TVMFormat };

/* FastDeploy's kinds of hardware; ramet runs on CPU. */
enum Device { CPU, GPU, RKNPU, IPU, TIMVX, KUNLUNXIN, ASCEND, SOPHGOTPUD, DIRECTML };

/* For SetLitePowerMode(). */
enum LitePowerMode {
    LITE_POWER_HIGH,
    LITE_POWER_LOW,
    LITE_POWER_FULL,
    LITE_POWER_NO_BIND,
    LITE_POWER_RAND_HIGH,
    LITE_POWER_RAND_LOW
};

/* What only OpenVINO reads. */
struct OpenVINOBackendOption {
    int num_streams = 0;            /* runs at the same time, of all clones together; 0: as there are processors for */
    int cpu_thread_num = -1;        /* threads inside one run; -1: as in RuntimeOption */
    std::string hint = "UNDEFINED"; /* or LATENCY, THROUGHPUT: OpenVINO then chooses streams and threads */

    std::string plugin_file, engine_libraries; /* where they are, when they are not found */

    void SetStreamNum(int streams) { num_streams = streams; }
    void SetPerformanceHint(const std::string &wanted) { hint = wanted; }
    void SetAffinity(const std::string &) {} /* threads are left where the system puts them */
    void SetCpuOperators(const std::vector<std::string> &) {}
    template <typename Shapes> void SetShapeInfo(const Shapes &) {}
};

/* Options of FastDeploy's other engines. They change nothing. */
struct PaddleBackendOption {
    bool enable_mkldnn = true, enable_log_info = false, enable_memory_optimize = true, switch_ir_debug = false;
    bool enable_trt = false, collect_trt_shape = false, enable_fixed_size_opt = false;
    int mkldnn_cache_size = -1, gpu_mem_init_size = 100;

    void DeletePass(const std::string &) {}
    void DisableTrtOps(const std::vector<std::string> &) {}
    template <typename... Settings> void SetIpuConfig(const Settings &...) {}
};

struct OrtBackendOption {
    int graph_optimization_level = -1, intra_op_num_threads = -1, inter_op_num_threads = -1, execution_mode = -1;
    bool enable_fp16 = false;
};

struct LiteBackendOption {
    int power_mode = 3, cpu_threads = 1;
    bool enable_fp16 = false;
    std::string optimized_model_dir, nnadapter_subgraph_partition_config_path;
    std::string nnadapter_subgraph_partition_config_buffer, nnadapter_context_properties, nnadapter_model_cache_dir;
    std::string nnadapter_mixed_precision_quantization_config_path;
    std::vector<std::string> nnadapter_device_names;
    std::map<std::string, std::vector<std::vector<int64_t>>> nnadapter_dynamic_shape_info;
};

struct TrtBackendOption {
    using Shape = std::vector<int32_t>;
    size_t max_batch_size = 32, max_workspace_size = size_t(1) << 30;
    bool enable_log_info = false, enable_fp16 = false;
    std::string serialize_file;

    void SetShape(const std::string &, const Shape &, const Shape & = Shape(), const Shape & = Shape()) {}
    template <typename... Data> void SetInputData(const std::string &, const Data &...) {}
};

struct PorosBackendOption {
    bool is_dynamic = false, long_to_int = true, use_nvidia_tf32 = false, enable_fp16 = false, enable_int8 = false;
    int device_id = 0, unconst_ops_thres = -1, max_batch_size = 32;
    size_t max_workspace_size = size_t(1) << 30;
};

/*
 * How models are to run. Setters of hardware that ramet does not serve make the option unusable: a model opened with it
 * is not Initialized(), and its error says so. Hints to other engines (SetTrtInputShape, ...) change nothing.
 *
 * Threads: one at a time; models copy what they need.
 */
class RuntimeOption
{
  public:
    std::string model_file, params_file;
    int cpu_thread_num = -1; /* threads inside one run; -1: the default, 1 */
    Backend backend = UNKNOWN;
    OpenVINOBackendOption openvino_option;
    PaddleBackendOption paddle_infer_option;
    OrtBackendOption ort_option;
    LiteBackendOption paddle_lite_option;
    TrtBackendOption trt_option;
    PorosBackendOption poros_option;
    Device device = CPU;
    int device_id = 0;
    uint64_t memory_budget_bytes = 0;                    /* ceiling of a clone's arena; 0: the default, 4 GiB */
    int plan_capacity = 0;                               /* shapes remembered per model; 0: the default, 16 */
    ramet_precision precision = RAMET_PRECISION_FLOAT32; /* of the weights, native engine */
    bool profiling = false;
    std::string cache_dir; /* folder of packed weights that all processes map; empty: none */

    void SetModelPath(const std::string &model, const std::string &params = "", ModelFormat = PADDLE)
    {
        model_file = model;
        params_file = params;
        program_.clear();
        parameters_.clear();
    }
    /* The bytes of the two files. */
    void SetModelBuffer(const std::string &model, const std::string &params = "", ModelFormat = PADDLE)
    {
        program_ = model;
        parameters_ = params;
    }
    void UseCpu() { refused_.clear(); }
    void UseGpu(int = 0) { Refuse("GPUs"); }
    template <typename... Settings> void UseRKNPU2(const Settings &...) { Refuse("RKNPU2"); }
    void UseTimVX() { Refuse("TimVX"); }
    void UseAscend() { Refuse("Ascend"); }
    void UseSophgo() { Refuse("Sophgo"); }
    void UseHorizon() { Refuse("Horizon"); }
    void UseDirectML() { Refuse("DirectML"); }
    void UseIpu(int = 1, int = 1, bool = false, int = 1) { Refuse("IPUs"); }
    template <typename... Settings> void UseKunlunXin(const Settings &...) { Refuse("KunlunXin"); }
    template <typename... Settings> void SetIpuConfig(const Settings &...) { Refuse("IPUs"); }
    void SetExternalStream(void *) { Refuse("GPUs"); }
    void SetEncryptionKey(const std::string &)
    {
        refused_ = "encrypted models are not read: decrypt the files, or give their bytes with SetModelBuffer()";
    }

    /* At least 1; the C library refuses anything else when a model is opened. */
    void SetCpuThreadNum(int threads) { cpu_thread_num = threads; }
    /* Models record how long their runtime takes, for GetProfileTime(). */
    void EnableProfiling(bool = false, int = 100, int = 50) { profiling = true; }
    void DisableProfiling() { profiling = false; }
    void UsePaddleInferBackend() { backend = PDINFER; }
    void UsePaddleBackend() { backend = PDINFER; }
    void UseOrtBackend() { backend = ORT; }
    void UseOpenVINOBackend() { backend = OPENVINO; }
    void UsePaddleLiteBackend() { backend = LITE; }
    void SetOpenVINOStreams(int num_streams) { openvino_option.num_streams = num_streams; }
    void UseLiteBackend() { backend = LITE; }
    void UseNativeBackend() { backend = NATIVE; }
    void UseTrtBackend() { backend = TRT; }
    void UsePorosBackend() { backend = POROS; }
    void UseTVMBackend() { backend = TVM; }
    void UseSophgoBackend() { backend = SOPHGOTPU; }
    void UseHorizonNPUBackend() { backend = HORIZONNPU; }

    /* Setters of other engines. */
    using Shape = std::vector<int32_t>;
    void SetTrtInputShape(const std::string &, const Shape &, const Shape & = Shape(), const Shape & = Shape()) {}
    void SetTrtCacheFile(const std::string &) {}
    void EnablePaddleTrtCollectShape() {}
    void DisablePaddleTrtCollectShape() {}
    void EnableTrtFP16() {}
    void DisableTrtFP16() {}
    void SetTrtMaxBatchSize(size_t) {}
    void SetTrtMaxWorkspaceSize(size_t) {}
    void EnablePinnedMemory() {}
    void DisablePinnedMemory() {}
    void SetPaddleMKLDNN(bool = true) {}
    void SetPaddleMKLDNNCacheSize(int) {}
    void EnablePaddleLogInfo() {}
    void DisablePaddleLogInfo() {}
    void DeletePaddleBackendPass(const std::string &) {}
    void SetOrtGraphOptLevel(int = -1) {}
    void EnableLiteFP16() {}
    void DisableLiteFP16() {}
    void EnableLiteInt8() {}
    void DisableLiteInt8() {}
    void SetLitePowerMode(LitePowerMode) {}
    void SetLiteOptimizedModelDir(const std::string &) {}
    void SetLiteSubgraphPartitionPath(const std::string &) {}
    void SetLiteSubgraphPartitionConfigBuffer(const std::string &) {}
    void SetLiteDeviceNames(const std::vector<std::string> &) {}
    void SetLiteContextProperties(const std::string &) {}
    void SetLiteModelCacheDir(const std::string &) {}
    void SetLiteDynamicShapeInfo(const std::map<std::string, std::vector<std::vector<int64_t>>> &) {}
    void SetLiteMixedPrecisionQuantizationConfigPath(const std::string &) {}
    void DisablePaddleTrtOPs(const std::vector<std::string> &) {}
    template <typename... Data> void SetTrtInputData(const std::string &, const Data &...) {}
    void EnableValidBackendCheck() {} /* every model runs on every engine that is there */
    void DisableValidBackendCheck() {}
    void SetOpenVINODevice(const std::string &name = "CPU")
    {
        if (name != "CPU")
            Refuse("OpenVINO's other devices");
    }
    template <typename Shapes> void SetOpenVINOShapeInfo(const Shapes &) {} /* shapes are what is fed */
    void SetOpenVINOCpuOperators(const std::vector<std::string> &) {}       /* all of them run there */
    void EnablePaddleToTrt() { backend = TRT; }

    /*
     * For the C interface. The pointers are into this option and the two texts; empty texts: found beside the program.
     * Errors: UNSUPPORTED.
     */
    ramet_status ToC(const std::string &params, const std::string &config, ramet_runtime_option *option,
                     ramet_error *error) const
    {
        ramet_runtime_option_init(option);
        option->backend = backend == OPENVINO ? RAMET_BACKEND_OPENVINO : RAMET_BACKEND_NATIVE;
        option->precision = precision;
        option->num_streams = openvino_option.num_streams;
        const bool is_own = backend != OPENVINO || openvino_option.cpu_thread_num == -1;
        const int threads = is_own ? cpu_thread_num : openvino_option.cpu_thread_num;
        option->cpu_thread_num = threads == -1 ? 0 : threads;
        option->hint = openvino_option.hint == "LATENCY"                              ? RAMET_HINT_LATENCY
                       : openvino_option.hint.find("THROUGHPUT") == std::string::npos ? RAMET_HINT_NONE
                                                                                      : RAMET_HINT_THROUGHPUT;
        option->plan_capacity = plan_capacity;
        option->memory_budget_bytes = memory_budget_bytes;
        option->plugin_file = detail::OrNull(openvino_option.plugin_file);
        option->engine_libraries = detail::OrNull(openvino_option.engine_libraries);
        option->cache_dir = detail::OrNull(cache_dir);
        option->params_file = detail::OrNull(params);
        option->config_file = detail::OrNull(config);
        option->program_bytes = program_.empty() ? nullptr : program_.data();
        option->program_count = program_.size();
        option->params_bytes = parameters_.empty() ? nullptr : parameters_.data();
        option->params_count = parameters_.size();
        const std::string refused = Refused();
        if (refused.empty() && threads != 0)
            return RAMET_STATUS_OK;
        *error = refused.empty() ? detail::MakeError(RAMET_STATUS_INVALID_ARGUMENT, "a run needs at least 1 thread")
                                 : detail::MakeError(RAMET_STATUS_UNSUPPORTED, refused.c_str());
        return error->status;
    }

  private:
    void Refuse(const std::string &hardware)
    {
        refused_ = hardware + " are not served: ramet runs on CPUs; call UseCpu()";
    }

    /* Why the option cannot be used; empty when it can. */
    std::string Refused() const
    {
        const bool absent = backend == TRT || backend == POROS || backend == RKNPU2 || backend == SOPHGOTPU ||
                            backend == HORIZONNPU || backend == TVM;
        if (refused_.empty() && absent)
            return "this engine of FastDeploy is not part of ramet; take UseNativeBackend() or UseOpenVINOBackend()";
        return refused_;
    }

    std::string program_, parameters_, refused_;
};

/* ---- images ---------------------------------------------------------------------------------------------------- */

/*
 * An image of its own, as ramet reads JPEG, PNG, BMP, PNM and WebP files; equal to cv::imread().
 *
 *     ramet::Image im;
 *     if (!im.Load("a.jpg")) std::cerr << im.ErrorText();
 */
class Image
{
  public:
    Image() : image_() {}
    ~Image() { ramet_image_clear(&image_); }
    Image(Image &&other) noexcept : image_(other.image_), copied_(std::move(other.copied_)), failure_(other.failure_)
    {
        other.image_ = ramet_image();
    }
    Image &operator=(Image &&other) noexcept
    {
        std::swap(image_, other.image_);
        std::swap(copied_, other.copied_);
        std::swap(failure_, other.failure_);
        return *this;
    }
    Image(const Image &) = delete;
    Image &operator=(const Image &) = delete;

    bool Load(const std::string &path)
    {
        ramet_error error = {};
        ramet_image_clear(&image_);
        return failure_.Accept(ramet_image_load(path.c_str(), nullptr, &image_, &error), error);
    }
    bool Decode(const void *bytes, size_t count)
    {
        ramet_error error = {};
        ramet_image_clear(&image_);
        return failure_.Accept(ramet_image_decode(bytes, count, nullptr, &image_, &error), error);
    }
    /* The same pixels in memory of its own. */
    static Image CopyOf(const ramet_image &image)
    {
        Image copy;
        const size_t row = static_cast<size_t>(image.width) * 3, rows = static_cast<size_t>(image.height);
        copy.copied_.resize(row * rows);
        for (size_t y = 0; y < rows; y++)
            std::memcpy(&copy.copied_[y * row], image.data + static_cast<ptrdiff_t>(y) * image.pitch, row);
        copy.image_ = {copy.copied_.data(), image.width, image.height, static_cast<ptrdiff_t>(row), nullptr};
        return copy;
    }
    /* Writes a PPM file, which any viewer of pictures reads. */
    bool Save(const std::string &path)
    {
        std::ofstream file(path, std::ios::binary);
        file << "P6\n" << image_.width << " " << image_.height << "\n255\n";
        for (int y = 0; y < image_.height; y++)
            for (int x = 0; x < image_.width; x++) {
                const uint8_t *pixel = image_.data + y * image_.pitch + 3 * static_cast<ptrdiff_t>(x);
                file.put(static_cast<char>(pixel[2])).put(static_cast<char>(pixel[1])).put(static_cast<char>(pixel[0]));
            }
        file.close();
        return file ? failure_.Accept(RAMET_STATUS_OK, ramet_error())
                    : failure_.Refuse(RAMET_STATUS_IO, ("cannot write '" + path + "'").c_str());
    }
    const ramet_image &Get() const { return image_; }
    int Width() const { return image_.width; }
    int Height() const { return image_.height; }
    bool Empty() const { return image_.data == nullptr; }
    const ramet_error &Error() const { return failure_.Error(); }
    std::string ErrorText() const { return detail::TextOf(failure_.Error()); }

  private:
    ramet_image image_;
    std::vector<uint8_t> copied_; /* the pixels of image_, where the library has not made them */
    detail::Failure failure_;
};

namespace detail
{

/* Any kind of image as the C library takes it: borrowed, for one call. What is none has no pixels. */
class Pixels
{
  public:
    Pixels(const ramet_image &image) : image_(image) {}
    Pixels(const Image &image) : image_(image.Get()) {}
#ifdef RAMET_HAS_OPENCV
    Pixels(const cv::Mat &mat) : image_()
    {
        if (mat.type() != CV_8UC3 || mat.dims != 2)
            return;
        image_.data = mat.data; /* read only */
        image_.width = mat.cols;
        image_.height = mat.rows;
        image_.pitch = static_cast<ptrdiff_t>(mat.step[0]);
    }
    Pixels(const cv::Mat *mat) : Pixels(*mat) {} /* FastDeploy's older form */
#endif
    const ramet_image &Get() const { return image_; }

  private:
    ramet_image image_;
};

/* What an image is where a program leaves it open: BatchPredict({im, im}, &results). */
#ifdef RAMET_HAS_OPENCV
using UsualImage = cv::Mat;
#else
using UsualImage = ramet_image;
#endif

template <typename Im> std::vector<ramet_image> AllPixels(const std::vector<Im> &images)
{
    std::vector<ramet_image> all;
    for (const Im &image : images)
        all.push_back(Pixels(image).Get());
    return all;
}

/* Whether all have pixels: an empty image has none, and Pixels has none of a cv::Mat of another type. */
inline bool HavePixels(const ramet_image *images, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (images[i].data == nullptr)
            return false;
    return true;
}

constexpr const char *kNoPixels = "an image is empty or not 8-bit B, G, R; a cv::Mat must be CV_8UC3";

/* C results that are cleared at their end. */
template <typename R, void (*Clear)(R *)> class Results
{
  public:
    explicit Results(size_t count) : all_(count) {}
    ~Results()
    {
        for (R &result : all_)
            Clear(&result);
    }
    Results(const Results &) = delete;
    Results &operator=(const Results &) = delete;
    R *Data() { return all_.data(); }
    const R &operator[](size_t i) const { return all_[i]; }
    size_t Size() const { return all_.size(); }

  private:
    std::vector<R> all_;
};

} // namespace detail

/* ---- tensors in, tensors out ----------------------------------------------------------------------------------- */

enum class FDDataType { BOOL, INT16, INT32, INT64, FP16, FP32, FP64, UINT8, INT8, BF16 };

namespace detail
{

inline ramet_dtype ToC(FDDataType dtype)
{
    switch (dtype) {
    case FDDataType::BOOL: return RAMET_DTYPE_BOOL;
    case FDDataType::INT16: return RAMET_DTYPE_INT16;
    case FDDataType::INT32: return RAMET_DTYPE_INT32;
    case FDDataType::INT64: return RAMET_DTYPE_INT64;
    case FDDataType::FP16: return RAMET_DTYPE_FLOAT16;
    case FDDataType::FP64: return RAMET_DTYPE_FLOAT64;
    case FDDataType::UINT8: return RAMET_DTYPE_UINT8;
    case FDDataType::INT8: return RAMET_DTYPE_INT8;
    case FDDataType::BF16: return RAMET_DTYPE_BFLOAT16;
    case FDDataType::FP32: break;
    }
    return RAMET_DTYPE_FLOAT32;
}

inline FDDataType FromC(ramet_dtype dtype)
{
    switch (dtype) {
    case RAMET_DTYPE_BOOL: return FDDataType::BOOL;
    case RAMET_DTYPE_INT16: return FDDataType::INT16;
    case RAMET_DTYPE_INT32: return FDDataType::INT32;
    case RAMET_DTYPE_INT64: return FDDataType::INT64;
    case RAMET_DTYPE_FLOAT16: return FDDataType::FP16;
    case RAMET_DTYPE_FLOAT64: return FDDataType::FP64;
    case RAMET_DTYPE_UINT8: return FDDataType::UINT8;
    case RAMET_DTYPE_INT8: return FDDataType::INT8;
    case RAMET_DTYPE_BFLOAT16: return FDDataType::BF16;
    case RAMET_DTYPE_FLOAT32: break;
    }
    return FDDataType::FP32;
}

} // namespace detail

/* Name, dtype and declared shape of an input or output; -1: any size. */
struct TensorInfo {
    std::string name;
    std::vector<int> shape;
    FDDataType dtype = FDDataType::FP32;
};

/* As FastDeploy prints it. */
inline const char *Str(FDDataType dtype)
{
    static const char *const names[] = {"FDDataType::BOOL",  "FDDataType::INT16", "FDDataType::INT32",
                                        "FDDataType::INT64", "FDDataType::FP16",  "FDDataType::FP32",
                                        "FDDataType::FP64",  "FDDataType::UINT8", "FDDataType::INT8",
                                        "FDDataType::BF16"};
    return names[static_cast<size_t>(dtype)];
}

inline std::ostream &operator<<(std::ostream &out, FDDataType dtype) { return out << Str(dtype); }

inline std::ostream &operator<<(std::ostream &out, const TensorInfo &info)
{
    out << "TensorInfo(name: " << info.name << ", shape: [";
    for (size_t i = 0; i < info.shape.size(); i++)
        out << (i > 0 ? ", " : "") << info.shape[i];
    return out << "], dtype: " << info.dtype << ")";
}

/* A dense row-major tensor; its numbers are its own or, after SetExternalData(), yours. */
class FDTensor
{
  public:
    std::string name;
    std::vector<int64_t> shape;
    FDDataType dtype = FDDataType::FP32;
    Device device = CPU;
    int device_id = -1;

    FDTensor() = default;
    explicit FDTensor(const std::string &tensor_name) : name(tensor_name) {}

    /* Borrows: the numbers must live as long as the tensor is used. */
    void SetExternalData(const std::vector<int64_t> &new_shape, FDDataType new_dtype, void *data, Device = CPU,
                         int = -1)
    {
        shape = new_shape;
        dtype = new_dtype;
        external_ = data;
        own_.clear();
    }
    /* Room for this shape, zeroed. */
    void Resize(const std::vector<int64_t> &new_shape, FDDataType new_dtype)
    {
        shape = new_shape;
        dtype = new_dtype;
        external_ = nullptr;
        own_.assign(static_cast<size_t>(Nbytes()), 0);
    }
    void Resize(const std::vector<int64_t> &new_shape, FDDataType new_dtype, const std::string &tensor_name,
                Device = CPU)
    {
        Resize(new_shape, new_dtype);
        name = tensor_name;
    }
    void Resize(const std::vector<int64_t> &new_shape) { Resize(new_shape, dtype); }
    void Allocate(const std::vector<int64_t> &new_shape, FDDataType new_dtype, const std::string &tensor_name = "",
                  Device = CPU)
    {
        Resize(new_shape, new_dtype, tensor_name);
    }
    /* Other sizes for the same numbers; one of them may be -1, what is left. False where they do not come out. */
    bool Reshape(const std::vector<int64_t> &new_shape)
    {
        int64_t known = 1, *open = nullptr;
        std::vector<int64_t> made = new_shape;
        for (int64_t &dim : made) {
            if (dim < -1 || (dim == -1 && open))
                return false;
            known *= dim == -1 ? 1 : dim;
            open = dim == -1 ? &dim : open;
        }
        if (open)
            *open = known > 0 ? Numel() / known : 0;
        if (known * (open ? *open : 1) != Numel())
            return false;
        shape = made;
        return true;
    }
    /* A new dimension of size 1 before this one; one from the end: -1. */
    void ExpandDim(int64_t axis = 0)
    {
        const int64_t rank = static_cast<int64_t>(shape.size()), at = axis < 0 ? axis + rank + 1 : axis;
        if (at >= 0 && at <= rank)
            shape.insert(shape.begin() + static_cast<ptrdiff_t>(at), 1);
    }
    /* Takes a dimension of size 1 out. */
    void Squeeze(int64_t axis = 0)
    {
        const int64_t rank = static_cast<int64_t>(shape.size()), at = axis < 0 ? axis + rank : axis;
        if (at >= 0 && at < rank && shape[static_cast<size_t>(at)] == 1)
            shape.erase(shape.begin() + static_cast<ptrdiff_t>(at));
    }
    bool IsShared() const { return external_ != nullptr; }
    /* A copy of its own of what SetExternalData() lent. */
    void StopSharing()
    {
        const unsigned char *lent = static_cast<const unsigned char *>(external_);
        if (lent)
            own_.assign(lent, lent + Nbytes());
        external_ = nullptr;
    }
    /* Prints name, sizes, type, mean, largest and smallest number on the standard output. */
    inline void PrintInfo(const std::string &prefix = "TensorInfo: ") const;
    void *MutableData() { return Data(); }
    void *Data() { return external_ ? external_ : own_.data(); }
    const void *Data() const { return external_ ? external_ : own_.data(); }
    const void *CpuData() const { return Data(); }
    const std::vector<int64_t> &Shape() const { return shape; }
    FDDataType Dtype() const { return dtype; }
    int64_t Numel() const
    {
        int64_t count = 1;
        for (int64_t dim : shape)
            count *= dim;
        return count;
    }
    int64_t Nbytes() const { return Numel() * static_cast<int64_t>(ramet_dtype_bytes(detail::ToC(dtype))); }

    /* A copy of another tensor: in memory of yours where this one borrows it, which must have the same size. */
    bool Receive(const FDTensor &other)
    {
        if (!external_) {
            *this = other;
            return true;
        }
        if (Nbytes() != other.Nbytes())
            return false;
        std::memcpy(external_, other.Data(), static_cast<size_t>(Nbytes()));
        shape = other.shape;
        dtype = other.dtype;
        name = other.name;
        return true;
    }

    /* For the C interface; points into this tensor. */
    ramet_tensor ToC() const
    {
        ramet_tensor tensor = {};
        tensor.name = detail::OrNull(name);
        tensor.dtype = detail::ToC(dtype);
        tensor.rank = static_cast<int32_t>(shape.size());
        for (size_t i = 0; i < shape.size() && i < RAMET_MAX_RANK; i++)
            tensor.dims[i] = shape[i];
        tensor.data = const_cast<void *>(Data()); /* inputs are read only */
        return tensor;
    }
    /* A copy of what the C library handed out. */
    void FromC(const ramet_tensor &tensor)
    {
        name = tensor.name ? tensor.name : "";
        Resize(std::vector<int64_t>(tensor.dims, tensor.dims + tensor.rank), detail::FromC(tensor.dtype));
        if (!own_.empty())
            std::memcpy(own_.data(), tensor.data, own_.size());
    }

  private:
    void *external_ = nullptr;
    std::vector<unsigned char> own_;
};

namespace detail
{

inline TensorInfo InfoOf(const ramet_runtime *runtime, size_t index,
                         ramet_status (*get)(const ramet_runtime *, size_t, ramet_tensor *))
{
    TensorInfo info;
    ramet_tensor tensor = {};
    if (runtime == nullptr || get(runtime, index, &tensor) != RAMET_STATUS_OK)
        return info;
    info.name = tensor.name ? tensor.name : "";
    info.dtype = FromC(tensor.dtype);
    for (int32_t i = 0; i < tensor.rank; i++)
        info.shape.push_back(static_cast<int>(tensor.dims[i]));
    return info;
}

template <typename T> void PrintRange(const void *data, int64_t count)
{
    const T *numbers = static_cast<const T *>(data);
    double sum = 0, most = count > 0 ? double(numbers[0]) : 0, least = most;
    for (int64_t i = 0; i < count; i++) {
        const double number = double(numbers[i]);
        sum += number;
        most = number > most ? number : most;
        least = number < least ? number : least;
    }
    std::cout << ", mean=" << (count > 0 ? sum / double(count) : 0) << ", max=" << most << ", min=" << least;
}

/* One run. outputs: in the program's order; copies, so that they stay valid. */
inline bool RunTensors(ramet_runtime *runtime, const std::vector<FDTensor> &inputs, std::vector<FDTensor> *outputs,
                       Failure *failure)
{
    std::vector<ramet_tensor> given, made(ramet_runtime_output_count(runtime));
    for (const FDTensor &input : inputs) {
        if (input.shape.size() > RAMET_MAX_RANK)
            return failure->Refuse(RAMET_STATUS_INVALID_ARGUMENT, "a tensor has too many dimensions");
        given.push_back(input.ToC());
    }
    ramet_error error = {};
    const ramet_status status =
        ramet_runtime_run(runtime, given.data(), given.size(), made.data(), made.size(), &error);
    if (!failure->Accept(status, error))
        return false;
    outputs->resize(made.size());
    for (size_t i = 0; i < made.size(); i++)
        (*outputs)[i].FromC(made[i]);
    return true;
}

} // namespace detail

inline void FDTensor::PrintInfo(const std::string &prefix) const
{
    std::cout << prefix << ": name=" << name << ", shape=";
    for (int64_t dim : shape)
        std::cout << dim << " ";
    std::cout << ", dtype=" << dtype;
    switch (dtype) {
    case FDDataType::FP32: detail::PrintRange<float>(Data(), Numel()); break;
    case FDDataType::FP64: detail::PrintRange<double>(Data(), Numel()); break;
    case FDDataType::INT64: detail::PrintRange<int64_t>(Data(), Numel()); break;
    case FDDataType::INT32: detail::PrintRange<int32_t>(Data(), Numel()); break;
    case FDDataType::INT16: detail::PrintRange<int16_t>(Data(), Numel()); break;
    case FDDataType::INT8: detail::PrintRange<int8_t>(Data(), Numel()); break;
    case FDDataType::UINT8:
    case FDDataType::BOOL: detail::PrintRange<uint8_t>(Data(), Numel()); break;
    case FDDataType::FP16:
    case FDDataType::BF16: break; /* C++ has no such numbers */
    }
    std::cout << std::endl;
}

/* A model without pre- and postprocessing. */
class Runtime
{
  public:
    RuntimeOption option;

    bool Init(const RuntimeOption &wanted)
    {
        ramet_runtime_option settings;
        ramet_runtime *runtime = nullptr;
        ramet_error error = {};
        option = wanted;
        ramet_status status = option.ToC(option.params_file, "", &settings, &error);
        if (status == RAMET_STATUS_OK)
            status = ramet_runtime_open(option.model_file.c_str(), &settings, &runtime, &error);
        handle_.reset(runtime);
        return failure_.Accept(status, error);
    }

    /* outputs: in the program's order; copies, so that they stay valid. */
    bool Infer(std::vector<FDTensor> &inputs, std::vector<FDTensor> *outputs)
    {
        return detail::RunTensors(handle_.get(), inputs, outputs, &failure_);
    }

    /* An input of Infer() without arguments. Borrows: the tensor's numbers must live until then. */
    void BindInputTensor(const std::string &name, FDTensor &input)
    {
        FDTensor bound(name);
        bound.SetExternalData(input.shape, input.dtype, input.Data());
        Named(&bound_, name) = bound;
    }
    /* Where Infer() without arguments writes the output of this name; memory of yours must have its size. Borrows. */
    void BindOutputTensor(const std::string &name, FDTensor &output) { receivers_[name] = &output; }
    /* Runs on the inputs that were bound; GetOutputTensor() has what comes out. */
    bool Infer()
    {
        if (!Infer(bound_, &outputs_))
            return false;
        for (const FDTensor &output : outputs_) {
            const auto receiver = receivers_.find(output.name);
            if (receiver != receivers_.end() && !receiver->second->Receive(output))
                return failure_.Refuse(RAMET_STATUS_BAD_SHAPE,
                                       ("the memory bound for '" + output.name + "' has another size").c_str());
        }
        return true;
    }
    /* What Infer() without arguments gave under this name, valid until the next; nullptr without such an output. */
    FDTensor *GetOutputTensor(const std::string &name)
    {
        for (FDTensor &output : outputs_)
            if (output.name == name)
                return &output;
        return nullptr;
    }

    /* nullptr when there is no memory for it. */
    std::unique_ptr<Runtime> Clone()
    {
        ramet_runtime *clone = nullptr;
        ramet_error error = {};
        if (!failure_.Accept(ramet_runtime_clone(handle_.get(), &clone, &error), error))
            return nullptr;
        std::unique_ptr<Runtime> made(new Runtime);
        made->option = option;
        made->handle_.reset(clone);
        return made;
    }

    int NumInputs() const { return static_cast<int>(ramet_runtime_input_count(handle_.get())); }
    int NumOutputs() const { return static_cast<int>(ramet_runtime_output_count(handle_.get())); }
    TensorInfo GetInputInfo(int index) const
    {
        return detail::InfoOf(handle_.get(), static_cast<size_t>(index), ramet_runtime_input_info);
    }
    TensorInfo GetOutputInfo(int index) const
    {
        return detail::InfoOf(handle_.get(), static_cast<size_t>(index), ramet_runtime_output_info);
    }
    std::vector<TensorInfo> GetInputInfos() const
    {
        std::vector<TensorInfo> all;
        for (int i = 0; i < NumInputs(); i++)
            all.push_back(GetInputInfo(i));
        return all;
    }
    std::vector<TensorInfo> GetOutputInfos() const
    {
        std::vector<TensorInfo> all;
        for (int i = 0; i < NumOutputs(); i++)
            all.push_back(GetOutputInfo(i));
        return all;
    }
    void ReleaseModelMemoryBuffer() {} /* FastDeploy's; nothing is kept of SetModelBuffer() */
    ramet_runtime *Get() const { return handle_.get(); }
    const ramet_error &Error() const { return failure_.Error(); }
    std::string ErrorText() const { return detail::TextOf(failure_.Error()); }

  private:
    static FDTensor &Named(std::vector<FDTensor> *tensors, const std::string &name)
    {
        for (FDTensor &tensor : *tensors)
            if (tensor.name == name)
                return tensor;
        tensors->emplace_back(name);
        return tensors->back();
    }

    detail::Handle<ramet_runtime, ramet_runtime_close> handle_;
    detail::Failure failure_;
    std::vector<FDTensor> bound_, outputs_;
    std::map<std::string, FDTensor *> receivers_;
};

/* What all models have. */
class FastDeployModel
{
  public:
    virtual ~FastDeployModel() = default;
    FastDeployModel(FastDeployModel &&) = default;
    FastDeployModel &operator=(FastDeployModel &&) = default;

    virtual std::string ModelName() const = 0;
    /* The middle part; it belongs to the model. Of a pipeline, which has several: nullptr. */
    virtual ramet_runtime *GetRuntime() const = 0;
    virtual bool Initialized() const { return GetRuntime() != nullptr; }

    int NumInputsOfRuntime() const { return static_cast<int>(ramet_runtime_input_count(GetRuntime())); }
    int NumOutputsOfRuntime() const { return static_cast<int>(ramet_runtime_output_count(GetRuntime())); }
    TensorInfo InputInfoOfRuntime(int index) const
    {
        return detail::InfoOf(GetRuntime(), static_cast<size_t>(index), ramet_runtime_input_info);
    }
    TensorInfo OutputInfoOfRuntime(int index) const
    {
        return detail::InfoOf(GetRuntime(), static_cast<size_t>(index), ramet_runtime_output_info);
    }
    /* Why the last call failed; status 0: it did not. */
    const ramet_error &Error() const { return failure_.Error(); }
    std::string ErrorText() const { return detail::TextOf(failure_.Error()); }

    /* From now on it is recorded how long the runtime is at work in each prediction: a pipeline's runtimes together. */
    void EnableRecordTimeOfRuntime()
    {
        seconds_.clear();
        recording_ = true;
    }
    void DisableRecordTimeOfRuntime() { recording_ = false; }
    bool EnabledRecordTimeOfRuntime() const { return recording_; }
    /* The middle part alone, on tensors. */
    bool Infer(std::vector<FDTensor> &inputs, std::vector<FDTensor> *outputs)
    {
        return detail::RunTensors(GetRuntime(), inputs, outputs, &failure_);
    }
    /* Prints and returns what was recorded, in seconds; a first fifth is warm-up. Nothing with fewer than ten records. */
    inline std::map<std::string, float> PrintStatisInfoOfRuntime();
    /* Mean seconds of what was recorded; 0 without anything. */
    double GetProfileTime() const { return seconds_.empty() ? 0 : Sum(0, seconds_.size()) / double(seconds_.size()); }
    void ReleaseReusedBuffer() {} /* FastDeploy's; nothing to do */

  protected:
    FastDeployModel() = default;

    /* Of all runs so far. */
    virtual uint64_t RunNs() const { return RunNsOf(GetRuntime()); }
    static uint64_t RunNsOf(const ramet_runtime *runtime)
    {
        ramet_run_times times = {};
        ramet_runtime_run_times(runtime, &times);
        return times.total_ns;
    }
    /* A prediction, by a call of the C library; recorded where that is wished for. */
    template <typename Call> ramet_status Record(const Call &predict)
    {
        const uint64_t before = recording_ ? RunNs() : 0;
        const ramet_status status = predict();
        if (recording_ && status == RAMET_STATUS_OK && seconds_.size() < kMostRecords)
            seconds_.push_back(double(RunNs() - before) * 1e-9);
        return status;
    }

    detail::Failure failure_;
    bool recording_ = false;

  private:
    static constexpr size_t kMostRecords = 50000;

    double Sum(size_t first, size_t end) const
    {
        double sum = 0;
        for (size_t i = first; i < end; i++)
            sum += seconds_[i];
        return sum;
    }

    std::vector<double> seconds_;
};

inline std::map<std::string, float> FastDeployModel::PrintStatisInfoOfRuntime()
{
    const size_t count = seconds_.size(), warm = count / 5;
    std::map<std::string, float> found;
    if (count < 10) {
        failure_.Refuse(RAMET_STATUS_INVALID_ARGUMENT,
                        "statistics need 10 predictions; call EnableRecordTimeOfRuntime() before them");
        return found;
    }
    const double warmup = Sum(0, warm), rest = Sum(warm, count), average = rest / double(count - warm);
    std::cout << "============= Runtime Statis Info(" << ModelName() << ") =============\n"
              << "Total iterations: " << count << "\nTotal time of runtime: " << warmup + rest
              << "s.\nWarmup iterations: " << warm << "\nTotal time of runtime in warmup step: " << warmup
              << "s.\nAverage time of runtime exclude warmup step: " << average * 1000 << "ms." << std::endl;
    found["total_time"] = static_cast<float>(warmup + rest);
    found["warmup_time"] = static_cast<float>(warmup);
    found["remain_time"] = static_cast<float>(rest);
    found["warmup_iter"] = static_cast<float>(warm);
    found["avg_time"] = static_cast<float>(average);
    found["iterations"] = static_cast<float>(count);
    return found;
}

namespace vision
{

/* ---- results --------------------------------------------------------------------------------------------------- */

enum ResultType { UNKNOWN_RESULT, CLASSIFY, DETECTION, SEGMENTATION, OCR, MASK };

/* The best classes of an image, by descending score. */
struct ClassifyResult {
    ResultType type = CLASSIFY;
    std::vector<int32_t> label_ids;
    std::vector<float> scores;
    std::vector<std::string> label_names; /* empty without names in the configuration */
    std::vector<std::string> attributes;
    std::vector<float> feature;

    void Clear() { *this = ClassifyResult(); }
    std::string Str() const
    {
        std::string text = "ClassifyResult(\nlabel_ids: ";
        for (int32_t label : label_ids)
            text += std::to_string(label) + ", ";
        text += "\nscores: ";
        for (float score : scores)
            text += detail::Fixed(score) + ", ";
        if (!feature.empty())
            text += "\nfeature: size (" + std::to_string(feature.size()) + "), only show first 100 values.\n";
        for (size_t i = 0; i < feature.size() && i < 100; i++)
            text += detail::Fixed(feature[i]) + (i % 10 == 9 && i < 99 && i + 1 < feature.size() ? ", \n" : ", ");
        if (feature.size() > 100)
            text += "\n......";
        return text + "\n)";
    }
};

/* The pixels of an object within its box, 1 for the object: data [shape[0]][shape[1]], from left, top of the image on. */
struct Mask {
    ResultType type = MASK;
    std::vector<uint8_t> data;
    std::vector<int64_t> shape;
    int left = 0, top = 0;

    void *Data() { return data.data(); }
    const void *Data() const { return data.data(); }
    void Reserve(int size) { data.reserve(static_cast<size_t>(size)); }
    void Resize(int size) { data.resize(static_cast<size_t>(size)); }
    void Clear() { *this = Mask(); }
    std::string Str() const
    {
        return shape.size() < 2 ? "Mask()\n"
                                : "Mask(" + std::to_string(shape[0]) + "," + std::to_string(shape[1]) + ")\n";
    }
};

/* Objects: left, top, right, bottom in pixels of the image. */
struct DetectionResult {
    ResultType type = DETECTION;
    std::vector<std::array<float, 4>> boxes;
    std::vector<std::array<float, 8>> rotated_boxes; /* x, y of four corners; empty unless the model gives them */
    std::vector<float> scores;
    std::vector<int32_t> label_ids;
    std::vector<std::string> label_names; /* empty without names in the configuration */
    std::vector<Mask> masks;
    bool contain_masks = false;

    void Reserve(int size)
    {
        boxes.reserve(static_cast<size_t>(size));
        scores.reserve(static_cast<size_t>(size));
        label_ids.reserve(static_cast<size_t>(size));
    }
    void Resize(int size)
    {
        boxes.resize(static_cast<size_t>(size));
        scores.resize(static_cast<size_t>(size));
        label_ids.resize(static_cast<size_t>(size));
        masks.resize(contain_masks ? static_cast<size_t>(size) : 0);
    }
    void Clear() { *this = DetectionResult(); }
    std::string Str() const
    {
        std::string text = "DetectionResult: [";
        text += rotated_boxes.empty() ? "xmin, ymin, xmax, ymax" : "x1, y1, x2, y2, x3, y3, x4, y4";
        text += contain_masks ? ", score, label_id, mask_shape]\n" : ", score, label_id]\n";
        for (size_t i = 0; i < label_ids.size(); i++) {
            text += rotated_boxes.empty() ? Corners(boxes[i]) : Corners(rotated_boxes[i]);
            text += detail::Fixed(scores[i]) + ", " + std::to_string(label_ids[i]);
            text += contain_masks && i < masks.size() ? ", " + masks[i].Str() : "\n";
        }
        return text;
    }

  private:
    /* "x,y, x, y, ": no blank behind the first comma of four, as FastDeploy has it. */
    template <size_t N> static std::string Corners(const std::array<float, N> &box)
    {
        std::string text;
        for (size_t i = 0; i < N; i++)
            text += detail::Fixed(box[i]) + (i % 4 == 0 ? "," : ", ");
        return text;
    }
};

/* The class of each pixel: label_map [shape[0]][shape[1]]. */
struct SegmentationResult {
    ResultType type = SEGMENTATION;
    std::vector<uint8_t> label_map;
    std::vector<float> score_map; /* empty without contain_score_map */
    std::vector<int64_t> shape;
    bool contain_score_map = false;

    void Reserve(int size)
    {
        label_map.reserve(static_cast<size_t>(size));
        score_map.reserve(contain_score_map ? static_cast<size_t>(size) : 0);
    }
    void Resize(int size)
    {
        label_map.resize(static_cast<size_t>(size));
        score_map.resize(contain_score_map ? static_cast<size_t>(size) : 0);
    }
    void Clear() { *this = SegmentationResult(); }
    void Free() { Clear(); }
    std::string Str() const
    {
        std::string text = "SegmentationResult Image masks 10 rows x 10 cols: \n" + FirstHundred(label_map);
        if (contain_score_map)
            text += "SegmentationResult Score map 10 rows x 10 cols: \n" + FirstHundred(score_map);
        text += "result shape is: [";
        for (size_t i = 0; i < shape.size(); i++)
            text += (i > 0 ? " " : "") + std::to_string(shape[i]);
        return text + "]";
    }

  private:
    template <typename T> static std::string FirstHundred(const std::vector<T> &map)
    {
        std::string text;
        for (size_t row = 0; row < 10 && row * 10 < map.size(); row++) {
            text += "[";
            for (size_t at = row * 10; at < row * 10 + 10 && at < map.size(); at++)
                text += std::to_string(map[at]) + ", ";
            text += ".....]\n";
        }
        return text + "...........\n";
    }
};

/* The texts of an image in reading order; boxes are x, y of four corners from the top left, clockwise. */
struct OCRResult {
    ResultType type = OCR;
    std::vector<std::array<int, 8>> boxes;
    std::vector<std::string> text;
    std::vector<float> rec_scores;
    std::vector<float> cls_scores;
    std::vector<int32_t> cls_labels;

    void Clear() { *this = OCRResult(); }
    std::string Str() const
    {
        std::string lines;
        for (size_t i = 0; i < boxes.size() || i < rec_scores.size() || i < cls_scores.size(); i++) {
            if (i < boxes.size())
                lines += BoxText(boxes[i]);
            if (i < rec_scores.size())
                lines += "rec text: " + text[i] + " rec score:" + detail::Fixed(rec_scores[i]) + " ";
            if (i < cls_scores.size())
                lines += "cls label: " + std::to_string(cls_labels[i]) + " cls score: " + detail::Fixed(cls_scores[i]);
            lines += "\n";
        }
        return lines.empty() ? "No Results!" : lines;
    }

  private:
    static std::string BoxText(const std::array<int, 8> &box)
    {
        std::string line = "det boxes: [";
        for (size_t i = 0; i < 8; i += 2) {
            line += i > 0 ? ",[" : "[";
            line += std::to_string(box[i]) + "," + std::to_string(box[i + 1]) + "]";
        }
        return line + "]";
    }
};

} // namespace vision

/* ---- C results to C++ ones ------------------------------------------------------------------------------------- */

namespace detail
{

using vision::ClassifyResult;
using vision::DetectionResult;
using vision::OCRResult;
using vision::SegmentationResult;

inline std::vector<std::string> Texts(const char *const *texts, size_t count)
{
    return texts ? std::vector<std::string>(texts, texts + count) : std::vector<std::string>();
}

template <typename T> std::vector<T> Numbers(const T *numbers, size_t count)
{
    return numbers ? std::vector<T>(numbers, numbers + count) : std::vector<T>();
}

inline ramet_status Convert(const ramet_classify_result &from, ClassifyResult *to, ramet_error *)
{
    to->label_ids = Numbers(from.label_ids, from.count);
    to->scores = Numbers(from.scores, from.count);
    to->label_names = Texts(from.label_names, from.count);
    to->attributes = Texts(from.attributes, from.attribute_count);
    to->feature = Numbers(from.feature, from.feature_count);
    return RAMET_STATUS_OK;
}

template <size_t N> std::vector<std::array<float, N>> Boxes(const float (*boxes)[N], size_t count)
{
    std::vector<std::array<float, N>> all(boxes ? count : 0);
    for (size_t i = 0; i < all.size(); i++)
        std::memcpy(all[i].data(), boxes[i], sizeof boxes[i]);
    return all;
}

inline ramet_status Convert(const ramet_detect_result &from, DetectionResult *to, ramet_error *)
{
    to->boxes = Boxes<4>(from.boxes, from.count);
    to->rotated_boxes = Boxes<8>(from.rotated_boxes, from.count);
    to->scores = Numbers(from.scores, from.count);
    to->label_ids = Numbers(from.label_ids, from.count);
    to->label_names = Texts(from.label_names, from.count);
    to->contain_masks = from.contain_masks != 0;
    to->masks.clear();
    for (size_t i = 0; from.masks && i < from.count; i++) {
        const ramet_detect_mask &mask = from.masks[i];
        vision::Mask made;
        made.shape = {mask.height, mask.width};
        made.left = mask.x;
        made.top = mask.y;
        made.data = Numbers(mask.data, static_cast<size_t>(mask.height) * static_cast<size_t>(mask.width));
        to->masks.push_back(std::move(made));
    }
    return RAMET_STATUS_OK;
}

inline ramet_status Convert(const ramet_segment_result &from, SegmentationResult *to, ramet_error *error)
{
    const size_t count = static_cast<size_t>(from.height) * static_cast<size_t>(from.width);
    to->shape = {from.height, from.width};
    to->contain_score_map = from.contain_score_map != 0;
    to->score_map = Numbers(from.score_map, count);
    to->label_map.resize(count);
    for (size_t i = 0; i < count; i++) {
        if (from.label_map[i] > UINT8_MAX) {
            *error = MakeError(RAMET_STATUS_UNSUPPORTED,
                               "a class above 255 does not fit SegmentationResult; use ramet_segment_result");
            return error->status;
        }
        to->label_map[i] = static_cast<uint8_t>(from.label_map[i]);
    }
    return RAMET_STATUS_OK;
}

inline std::array<int, 8> Corners(const ramet_quad &quad)
{
    std::array<int, 8> box;
    for (size_t i = 0; i < 8; i++)
        box[i] = static_cast<int>(quad.points[i / 2][i % 2]);
    return box;
}

inline ramet_status Convert(const ramet_ocr_result &from, OCRResult *to, ramet_error *)
{
    to->boxes.clear();
    for (size_t i = 0; from.boxes && i < from.count; i++)
        to->boxes.push_back(Corners(from.boxes[i]));
    to->text = Texts(from.texts, from.count);
    to->rec_scores = Numbers(from.rec_scores, from.count);
    to->cls_scores = Numbers(from.cls_scores, from.count);
    to->cls_labels = Numbers(from.cls_labels, from.count);
    return RAMET_STATUS_OK;
}

/* ---- models ---------------------------------------------------------------------------------------------------- */

/* The C functions that every model has. */
template <typename M, ramet_status (*CloneModel)(M *, M **, ramet_error *), void (*CloseModel)(M *),
          ramet_runtime *(*RuntimeOf)(M *)>
struct Calls {
    using Model = M;
    static constexpr auto Clone = CloneModel;
    static void Close(M *handle) { CloseModel(handle); }
    static constexpr auto Runtime = RuntimeOf;
};

/* A model that is one handle of the C library, with the functions of Task (Calls). */
template <typename Task> class HandleModel : public FastDeployModel
{
  public:
    ramet_runtime *GetRuntime() const override { return Task::Runtime(handle_.get()); }
    typename Task::Model *Get() const { return handle_.get(); }

  protected:
    HandleModel() = default;
    /* open(settings, &handle, &error): the call of the C library that opens the model. Empty texts: found beside it. */
    template <typename Opener>
    void Open(const std::string &params, const std::string &config, const RuntimeOption &option, const Opener &open)
    {
        ramet_runtime_option settings;
        typename Task::Model *opened = nullptr;
        ramet_error error = {};
        ramet_status status = option.ToC(params, config, &settings, &error);
        if (status == RAMET_STATUS_OK)
            status = open(&settings, &opened, &error);
        handle_.reset(opened);
        recording_ = option.profiling;
        failure_.Accept(status, error);
    }
    /* A clone in an empty model of the derived class, or nullptr. */
    template <typename Derived> std::unique_ptr<Derived> CloneInto(std::unique_ptr<Derived> made)
    {
        typename Task::Model *clone = nullptr;
        ramet_error error = {};
        if (!failure_.Accept(Task::Clone(handle_.get(), &clone, &error), error))
            return nullptr;
        HandleModel *base = made.get();
        base->handle_.reset(clone);
        base->recording_ = recording_;
        return made;
    }

  private:
    Handle<typename Task::Model, Task::Close> handle_;
};

/*
 * A model whose C functions are those of Task: Calls, Open and Predict, the Result in C with its Clear, and the Type of
 * it in C++.
 */
template <typename Task> class TaskModel : public HandleModel<Task>
{
  public:
    using Result = typename Task::Type;

    /* Reads the image only; the result is overwritten. */
    bool Predict(const Pixels &image, Result *result) { return Run(&image.Get(), 1, result); }

    /* The answer for an image does not depend on the others; their sizes may differ. */
    template <typename Im = detail::UsualImage>
    bool BatchPredict(const std::vector<Im> &images, std::vector<Result> *results)
    {
        const std::vector<ramet_image> all = AllPixels(images);
        results->assign(all.size(), Result());
        return Run(all.data(), all.size(), results->data());
    }

  protected:
    TaskModel() = default;
    void Open(const std::string &model, const std::string &params, const std::string &config,
              const RuntimeOption &option)
    {
        HandleModel<Task>::Open(params, config, option,
                                [&](const ramet_runtime_option *settings, typename Task::Model **opened,
                                    ramet_error *error) { return Task::Open(model.c_str(), settings, opened, error); });
    }
    bool Accept(ramet_status status, const ramet_error &error) { return this->failure_.Accept(status, error); }

  private:
    bool Run(const ramet_image *images, size_t count, Result *results)
    {
        if (!HavePixels(images, count))
            return this->failure_.Refuse(RAMET_STATUS_INVALID_ARGUMENT, kNoPixels);
        Results<typename Task::Result, Task::Clear> made(count);
        ramet_error error = {};
        ramet_status status =
            this->Record([&] { return Task::Predict(this->Get(), images, count, made.Data(), &error); });
        for (size_t i = 0; i < count && status == RAMET_STATUS_OK; i++)
            status = Convert(made[i], &results[i], &error);
        return this->failure_.Accept(status, error);
    }
};

struct ClassifyTask : Calls<ramet_classify_model, ramet_classify_model_clone, ramet_classify_model_close,
                            ramet_classify_model_runtime> {
    using Result = ramet_classify_result;
    using Type = ClassifyResult;
    static constexpr auto Open = ramet_classify_model_open;
    static constexpr auto Predict = ramet_classify_model_predict;
    static void Clear(Result *result) { ramet_classify_result_clear(result); }
};

struct DetectTask
    : Calls<ramet_detect_model, ramet_detect_model_clone, ramet_detect_model_close, ramet_detect_model_runtime> {
    using Result = ramet_detect_result;
    using Type = DetectionResult;
    static ramet_status Open(const char *model, const ramet_runtime_option *option, Model **handle, ramet_error *error)
    {
        return ramet_detect_model_open(model, option, nullptr, handle, error);
    }
    static constexpr auto Predict = ramet_detect_model_predict;
    static void Clear(Result *result) { ramet_detect_result_clear(result); }
};

struct SegmentTask
    : Calls<ramet_segment_model, ramet_segment_model_clone, ramet_segment_model_close, ramet_segment_model_runtime> {
    using Result = ramet_segment_result;
    using Type = SegmentationResult;
    static constexpr auto Open = ramet_segment_model_open;
    static constexpr auto Predict = ramet_segment_model_predict;
    static void Clear(Result *result) { ramet_segment_result_clear(result); }
};

/* The first part of a model, which must outlive it; Part is what it is in C. */
template <typename Part, ramet_status (*Disable)(Part *, int32_t, ramet_error *)> class Preprocessor
{
  public:
    explicit Preprocessor(Part *part) : part_(part) {}
    /* Numbers are pixels as they are, 0 to 255: for models that normalise them themselves. There is no way back. */
    bool DisableNormalize() { return Disable(part_, RAMET_PREPROCESS_STEP_NORMALIZE, nullptr) == RAMET_STATUS_OK; }
    /* The input is [count, height, width, 3], for models that take it so, likewise. */
    bool DisablePermute() { return Disable(part_, RAMET_PREPROCESS_STEP_PERMUTE, nullptr) == RAMET_STATUS_OK; }
    /* False: there is no GPU engine, and images stay on the CPU. */
    bool UseCuda(bool = false, int = -1)
    {
        return Failure().Refuse(RAMET_STATUS_UNSUPPORTED, "UseCuda(): ramet runs on CPUs; leave the call out");
    }
    bool CudaUsed() const { return false; }

  private:
    Part *part_;
};

/* The place of a model's outer part, so that GetPreprocessor() gives a reference; valid until the model moves or ends. */
template <typename Part> class Place
{
  public:
    template <typename Owner> Part &Of(Owner owner)
    {
        if (part_)
            *part_ = Part(owner);
        else
            part_.reset(new Part(owner));
        return *part_;
    }

  private:
    std::unique_ptr<Part> part_;
};

} // namespace detail

namespace vision
{

/* ---- classification -------------------------------------------------------------------------------------------- */

namespace classification
{

/* The first part of a model, which must outlive it. */
class PaddleClasPreprocessor
    : public detail::Preprocessor<ramet_classify_preprocessor, ramet_classify_preprocessor_disable>
{
  public:
    using Preprocessor::Preprocessor;
    void InitialResizeOnCpu(bool) {} /* everything is on the CPU */
};

/* The last part of a model, which must outlive it. */
class PaddleClasPostprocessor
{
  public:
    explicit PaddleClasPostprocessor(ramet_classify_postprocessor *part) : part_(part) {}
    bool SetTopk(int topk) { return ramet_classify_postprocessor_set_topk(part_, topk) == RAMET_STATUS_OK; }
    int GetTopk() const { return ramet_classify_postprocessor_topk(part_); }

  private:
    ramet_classify_postprocessor *part_;
};

/* Models of PaddleClas. config_file empty: found beside the program. */
class PaddleClasModel : public detail::TaskModel<detail::ClassifyTask>
{
  public:
    PaddleClasModel(const std::string &model_file, const std::string &params_file, const std::string &config_file,
                    const RuntimeOption &option = RuntimeOption(), ModelFormat = PADDLE)
    {
        Open(model_file, params_file, config_file, option);
    }
    std::string ModelName() const override { return "PaddleClas/Model"; }
    std::unique_ptr<PaddleClasModel> Clone()
    {
        return CloneInto(std::unique_ptr<PaddleClasModel>(new PaddleClasModel));
    }
    /* FastDeploy's older form: sets the number of classes, also for what follows. */
    bool Predict(const detail::Pixels &image, ClassifyResult *result, int topk)
    {
        return GetPostprocessor().SetTopk(topk) && Predict(image, result);
    }
    using TaskModel::Predict;
    PaddleClasPreprocessor &GetPreprocessor() { return preprocessor_.Of(ramet_classify_model_preprocessor(Get())); }
    PaddleClasPostprocessor &GetPostprocessor() { return postprocessor_.Of(ramet_classify_model_postprocessor(Get())); }

  private:
    PaddleClasModel() = default;

    detail::Place<PaddleClasPreprocessor> preprocessor_;
    detail::Place<PaddleClasPostprocessor> postprocessor_;
};

using PPLCNet = PaddleClasModel;
using PPLCNetv2 = PaddleClasModel;
using EfficientNet = PaddleClasModel;
using GhostNet = PaddleClasModel;
using MobileNetv1 = PaddleClasModel;
using MobileNetv2 = PaddleClasModel;
using MobileNetv3 = PaddleClasModel;
using ShuffleNetv2 = PaddleClasModel;
using SqueezeNet = PaddleClasModel;
using Inceptionv3 = PaddleClasModel;
using PPHGNet = PaddleClasModel;
using ResNet50vd = PaddleClasModel;
using SwinTransformer = PaddleClasModel;

} // namespace classification

/* ---- detection ------------------------------------------------------------------------------------------------- */

namespace detection
{

/* Suppression of overlapping boxes, where the model does not do it; FastDeploy's defaults. */
struct NMSOption {
    int background_label = -1;
    int keep_top_k = 100;
    float nms_eta = 1.0f;
    float nms_threshold = 0.5f;
    int nms_top_k = 1000;
    bool normalized = true;
    float score_threshold = 0.3f;
};

/* The first part of a model, which must outlive it. */
using PaddleDetPreprocessor = detail::Preprocessor<ramet_detect_preprocessor, ramet_detect_preprocessor_disable>;

/* The last part of a model, which must outlive it. */
class PaddleDetPostprocessor
{
  public:
    explicit PaddleDetPostprocessor(ramet_detect_postprocessor *part) : part_(part) {}
    /* Nothing to do: whether a model leaves suppression to its caller is seen from its outputs. */
    void ApplyNMS() {}
    void SetScaleFactor(const std::vector<float> &) {} /* is known from each image */
    bool SetNMSOption(const NMSOption &option)
    {
        ramet_detect_nms_option nms = {};
        nms.background_label = option.background_label;
        nms.keep_top_k = option.keep_top_k;
        nms.nms_eta = option.nms_eta;
        nms.nms_threshold = option.nms_threshold;
        nms.nms_top_k = option.nms_top_k;
        nms.pixel_boxes = option.normalized ? 0 : 1;
        nms.score_threshold = option.score_threshold;
        return ramet_detect_postprocessor_set_nms(part_, &nms, nullptr) == RAMET_STATUS_OK;
    }
    /* Leaves out objects that do not score above it. */
    bool SetScoreThreshold(float score_threshold)
    {
        return ramet_detect_postprocessor_set_score_threshold(part_, score_threshold) == RAMET_STATUS_OK;
    }

  private:
    ramet_detect_postprocessor *part_;
};

/* Models of PaddleDetection, of any architecture. config_file empty: found beside the program. */
class PaddleDetectionModel : public detail::TaskModel<detail::DetectTask>
{
  public:
    PaddleDetectionModel(const std::string &model_file, const std::string &params_file, const std::string &config_file,
                         const RuntimeOption &option = RuntimeOption(), ModelFormat = PADDLE)
    {
        Open(model_file, params_file, config_file, option);
    }
    std::string ModelName() const override { return "PaddleDetection/Model"; }
    std::unique_ptr<PaddleDetectionModel> Clone()
    {
        return CloneInto(std::unique_ptr<PaddleDetectionModel>(new PaddleDetectionModel));
    }
    PaddleDetPreprocessor &GetPreprocessor() { return preprocessor_.Of(ramet_detect_model_preprocessor(Get())); }
    PaddleDetPostprocessor &GetPostprocessor() { return postprocessor_.Of(ramet_detect_model_postprocessor(Get())); }
    bool CheckArch() const { return true; }

  private:
    PaddleDetectionModel() = default;

    detail::Place<PaddleDetPreprocessor> preprocessor_;
    detail::Place<PaddleDetPostprocessor> postprocessor_;
};

using PPDetBase = PaddleDetectionModel;
using CascadeRCNN = PaddleDetectionModel;
using FCOS = PaddleDetectionModel;
using FasterRCNN = PaddleDetectionModel;
using GFL = PaddleDetectionModel;
using MaskRCNN = PaddleDetectionModel;
using PPYOLO = PaddleDetectionModel;
using PPYOLOE = PaddleDetectionModel;
using PPYOLOER = PaddleDetectionModel;
using PPYOLOESOD = PaddleDetectionModel;
using PSSDet = PaddleDetectionModel;
using PaddleYOLOX = PaddleDetectionModel;
using PaddleYOLOv5 = PaddleDetectionModel;
using PaddleYOLOv6 = PaddleDetectionModel;
using PaddleYOLOv7 = PaddleDetectionModel;
using PaddleYOLOv8 = PaddleDetectionModel;
using PicoDet = PaddleDetectionModel;
using RTMDet = PaddleDetectionModel;
using RetinaNet = PaddleDetectionModel;
using SOLOv2 = PaddleDetectionModel;
using SSD = PaddleDetectionModel;
using TOOD = PaddleDetectionModel;
using TTFNet = PaddleDetectionModel;
using YOLOv3 = PaddleDetectionModel;

} // namespace detection

/* ---- segmentation ---------------------------------------------------------------------------------------------- */

namespace segmentation
{

class PaddleSegModel;

/* The first part of a model, which must outlive it. */
class PaddleSegPreprocessor
    : public detail::Preprocessor<ramet_segment_preprocessor, ramet_segment_preprocessor_disable>
{
  public:
    inline explicit PaddleSegPreprocessor(PaddleSegModel *model);
    inline bool SetIsVerticalScreen(bool is_vertical_screen);
    inline bool GetIsVerticalScreen() const;

  private:
    PaddleSegModel *model_;
};

/* The last part, likewise. */
class PaddleSegPostprocessor
{
  public:
    explicit PaddleSegPostprocessor(PaddleSegModel *model) : model_(model) {}
    inline bool SetApplySoftmax(bool apply_softmax);
    inline bool SetStoreScoreMap(bool store_score_map);
    inline bool GetApplySoftmax() const;
    inline bool GetStoreScoreMap() const;

  private:
    PaddleSegModel *model_;
};

/* Models of PaddleSeg. config_file empty: found beside the program. */
class PaddleSegModel : public detail::TaskModel<detail::SegmentTask>
{
  public:
    PaddleSegModel(const std::string &model_file, const std::string &params_file, const std::string &config_file,
                   const RuntimeOption &option = RuntimeOption(), ModelFormat = PADDLE)
    {
        Open(model_file, params_file, config_file, option);
    }
    std::string ModelName() const override { return "PaddleSeg"; }
    std::unique_ptr<PaddleSegModel> Clone()
    {
        std::unique_ptr<PaddleSegModel> clone = CloneInto(std::unique_ptr<PaddleSegModel>(new PaddleSegModel));
        if (clone)
            clone->option_ = option_;
        return clone;
    }
    PaddleSegPreprocessor &GetPreprocessor() { return preprocessor_.Of(this); }
    PaddleSegPostprocessor &GetPostprocessor() { return postprocessor_.Of(this); }

    /* Both outer parts go by one option. */
    const ramet_segment_option &Option() const { return option_; }
    bool SetOption(const ramet_segment_option &option)
    {
        ramet_error error = {};
        if (!Accept(ramet_segment_model_set_option(Get(), &option, &error), error))
            return false;
        option_ = option;
        return true;
    }

  private:
    PaddleSegModel() = default;

    detail::Place<PaddleSegPreprocessor> preprocessor_;
    detail::Place<PaddleSegPostprocessor> postprocessor_;

    static ramet_segment_option Defaults()
    {
        ramet_segment_option option;
        ramet_segment_option_init(&option);
        return option;
    }

    ramet_segment_option option_ = Defaults();
};

inline PaddleSegPreprocessor::PaddleSegPreprocessor(PaddleSegModel *model)
    : Preprocessor(ramet_segment_model_preprocessor(model->Get())), model_(model)
{
}

inline bool PaddleSegPreprocessor::SetIsVerticalScreen(bool is_vertical_screen)
{
    ramet_segment_option option = model_->Option();
    option.is_vertical_screen = is_vertical_screen;
    return model_->SetOption(option);
}

inline bool PaddleSegPreprocessor::GetIsVerticalScreen() const { return model_->Option().is_vertical_screen != 0; }

inline bool PaddleSegPostprocessor::SetApplySoftmax(bool apply_softmax)
{
    ramet_segment_option option = model_->Option();
    option.apply_softmax = apply_softmax;
    return model_->SetOption(option);
}

inline bool PaddleSegPostprocessor::SetStoreScoreMap(bool store_score_map)
{
    ramet_segment_option option = model_->Option();
    option.store_score_map = store_score_map;
    return model_->SetOption(option);
}

inline bool PaddleSegPostprocessor::GetApplySoftmax() const { return model_->Option().apply_softmax != 0; }

inline bool PaddleSegPostprocessor::GetStoreScoreMap() const { return model_->Option().store_score_map != 0; }

} // namespace segmentation

/* ---- text ------------------------------------------------------------------------------------------------------ */

namespace ocr
{

/*
 * A model of the pipeline with its option, which its parts set. Task: Calls, the Option with its Init, and Open and
 * SetOption, which take it.
 */
template <typename Task> class TextModel : public detail::HandleModel<Task>
{
  public:
    const typename Task::Option &Option() const
    {
        static const std::shared_ptr<typename Task::Option> moved = Defaults();
        return option_ ? *option_ : *moved;
    }
    /* The same as pipelines keep it, to follow what is set later; null when this model was moved away. */
    std::shared_ptr<const typename Task::Option> SharedOption() const { return option_; }

    /* All of it; the strings in it are read at once or, of a model that is open already, not at all. */
    bool SetOption(const typename Task::Option &option)
    {
        ramet_error error = {};
        if (!this->failure_.Accept(Task::SetOption(this->Get(), &option, &error), error))
            return false;
        *option_ = option;
        return true;
    }
    /* False: a part's setter was asked for what this model cannot do. */
    bool Refuse(const char *message) { return this->failure_.Refuse(RAMET_STATUS_UNSUPPORTED, message); }

  protected:
    TextModel() : option_(Defaults()) {}
    static std::shared_ptr<typename Task::Option> Defaults()
    {
        const auto option = std::make_shared<typename Task::Option>();
        Task::Init(option.get());
        return option;
    }
    void Open(const std::string &model, const std::string &params, const RuntimeOption &option)
    {
        detail::HandleModel<Task>::Open(params, "", option,
                                        [&](const ramet_runtime_option *settings, typename Task::Model **opened,
                                            ramet_error *error) {
                                            return Task::Open(model.c_str(), settings, option_.get(), opened, error);
                                        });
    }
    template <typename Derived> std::unique_ptr<Derived> CloneInto(std::unique_ptr<Derived> made)
    {
        made = detail::HandleModel<Task>::CloneInto(std::move(made));
        if (made)
            *made->option_ = *option_;
        return made;
    }
    std::shared_ptr<typename Task::Option> option_;
};

/* Changes one thing of a model's option. */
template <typename Model, typename Option, typename Value>
bool Set(Model *model, Value Option::*member, const Value &value)
{
    Option option = model->Option();
    option.*member = value;
    return model->SetOption(option);
}

struct DetTask : detail::Calls<ramet_det_model, ramet_det_model_clone, ramet_det_model_close, ramet_det_model_runtime> {
    using Option = ramet_det_option;
    static constexpr auto Init = ramet_det_option_init;
    static constexpr auto Open = ramet_det_model_open;
    static constexpr auto SetOption = ramet_det_model_set_option;
};

struct ClsTask : detail::Calls<ramet_cls_model, ramet_cls_model_clone, ramet_cls_model_close, ramet_cls_model_runtime> {
    using Option = ramet_cls_option;
    static constexpr auto Init = ramet_cls_option_init;
    static constexpr auto Open = ramet_cls_model_open;
    static constexpr auto SetOption = ramet_cls_model_set_option;
};

struct RecTask : detail::Calls<ramet_rec_model, ramet_rec_model_clone, ramet_rec_model_close, ramet_rec_model_runtime> {
    using Option = ramet_rec_option;
    static constexpr auto Init = ramet_rec_option_init;
    static constexpr auto Open = ramet_rec_model_open;
    static constexpr auto SetOption = ramet_rec_model_set_option;
};

/* An image shape as FastDeploy has it: {3, height, width}. */
inline bool IsImageShape(const std::vector<int> &shape) { return shape.size() == 3 && shape[0] == 3; }

/* What models of lines take. Their normalisation is fixed: setters check that nothing else is wanted. */
template <typename Task, typename Part, ramet_status (*Disable)(Part *, int32_t, ramet_error *)>
class LinePreprocessor : public detail::Preprocessor<Part, Disable>
{
  public:
    bool SetNormalize(const std::vector<float> &mean, const std::vector<float> &std, bool is_scale)
    {
        return SetMean(mean) && SetScale(std) && SetIsScale(is_scale);
    }
    bool SetMean(const std::vector<float> &mean) { return Check(mean == Halves()); }
    bool SetScale(const std::vector<float> &scale) { return Check(scale == Halves()); }
    bool SetIsScale(bool is_scale) { return Check(is_scale); }
    std::vector<float> GetMean() const { return Halves(); }
    std::vector<float> GetScale() const { return Halves(); }
    bool GetIsScale() const { return true; }

  protected:
    LinePreprocessor(Part *part, TextModel<Task> *model) : detail::Preprocessor<Part, Disable>(part), model_(model) {}
    TextModel<Task> *model_;

  private:
    static std::vector<float> Halves() { return {0.5f, 0.5f, 0.5f}; }
    bool Check(bool is_usual)
    {
        return is_usual || model_->Refuse("lines of text are normalised as (pixel / 255 - 0.5) / 0.5");
    }
};

/* The first part of a detector, which must outlive it. */
class DBDetectorPreprocessor : public detail::Preprocessor<ramet_det_preprocessor, ramet_det_preprocessor_disable>
{
  public:
    explicit DBDetectorPreprocessor(TextModel<DetTask> *model)
        : Preprocessor(ramet_det_model_preprocessor(model->Get())), model_(model)
    {
    }
    /* B, G, R; of pixel / 255, or of pixels without is_scale. */
    bool SetNormalize(const std::vector<float> &mean = {0.485f, 0.456f, 0.406f},
                      const std::vector<float> &std = {0.229f, 0.224f, 0.225f}, bool is_scale = true)
    {
        ramet_det_option option = model_->Option();
        for (size_t c = 0; c < 3 && mean.size() == 3 && std.size() == 3; c++) {
            option.mean[c] = is_scale ? mean[c] : mean[c] / 255;
            option.std[c] = is_scale ? std[c] : std[c] / 255;
        }
        return mean.size() == 3 && std.size() == 3 && model_->SetOption(option);
    }
    bool SetMaxSideLen(int pixels) { return Set(model_, &ramet_det_option::limit_side_len, int32_t(pixels)); }
    int GetMaxSideLen() const { return model_->Option().limit_side_len ? model_->Option().limit_side_len : 960; }
    /* Kept for GetDetImageShape(); as in FastDeploy it changes nothing without static shapes, which are not here. */
    bool SetDetImageShape(const std::vector<int> &shape)
    {
        if (!IsImageShape(shape))
            return model_->Refuse("an image shape is {3, height, width}");
        det_image_shape_ = shape;
        return true;
    }
    std::vector<int> GetDetImageShape() const { return det_image_shape_; }
    bool SetStaticShapeInfer(bool is_static)
    {
        return !is_static || model_->Refuse("a text detector's input is as large as the image asks for: leave "
                                            "SetStaticShapeInfer() at false");
    }
    bool GetStaticShapeInfer() const { return false; }

  private:
    TextModel<DetTask> *model_;
    std::vector<int> det_image_shape_ = {3, 960, 960};
};

/* The last part, likewise. */
class DBDetectorPostprocessor
{
  public:
    explicit DBDetectorPostprocessor(TextModel<DetTask> *model) : model_(model) {}
    bool SetDetDBThresh(double thresh) { return Set(model_, &ramet_det_option::db_thresh, float(thresh)); }
    bool SetDetDBBoxThresh(double thresh) { return Set(model_, &ramet_det_option::db_box_thresh, float(thresh)); }
    bool SetDetDBUnclipRatio(double ratio) { return Set(model_, &ramet_det_option::db_unclip_ratio, float(ratio)); }
    /* "slow" (FastDeploy's default) or "fast" (PaddleOCR's, and the default of the C interface). */
    bool SetDetDBScoreMode(const std::string &mode)
    {
        const ramet_det_score_mode wanted = mode == "slow" ? RAMET_DET_SCORE_MODE_SLOW : RAMET_DET_SCORE_MODE_FAST;
        if (mode != "slow" && mode != "fast")
            return model_->Refuse("a score mode is \"slow\" or \"fast\"");
        return Set(model_, &ramet_det_option::db_score_mode, wanted);
    }
    bool SetUseDilation(int use_dilation)
    {
        return Set(model_, &ramet_det_option::use_dilation, int32_t(use_dilation));
    }
    double GetDetDBThresh() const { return Or(model_->Option().db_thresh, 0.3); }
    double GetDetDBBoxThresh() const { return Or(model_->Option().db_box_thresh, 0.6); }
    double GetDetDBUnclipRatio() const { return Or(model_->Option().db_unclip_ratio, 1.5); }
    std::string GetDetDBScoreMode() const
    {
        return model_->Option().db_score_mode == RAMET_DET_SCORE_MODE_SLOW ? "slow" : "fast";
    }
    int GetUseDilation() const { return model_->Option().use_dilation; }

  private:
    /* Zero in an option means its default. */
    static double Or(float set, double otherwise) { return set > 0 ? double(set) : otherwise; }

    TextModel<DetTask> *model_;
};

/* Text detection (DB). */
class DBDetector : public TextModel<DetTask>
{
  public:
    DBDetector() { option_->db_score_mode = RAMET_DET_SCORE_MODE_SLOW; } /* not Initialized() */
    DBDetector(const std::string &model_file, const std::string &params_file = "",
               const RuntimeOption &option = RuntimeOption(), ModelFormat = PADDLE)
        : DBDetector()
    {
        Open(model_file, params_file, option);
    }
    std::string ModelName() const override { return "ppocr/ocr_det"; }
    std::unique_ptr<DBDetector> Clone() { return CloneInto(std::unique_ptr<DBDetector>(new DBDetector)); }
    DBDetectorPreprocessor &GetPreprocessor() { return preprocessor_.Of(this); }
    DBDetectorPostprocessor &GetPostprocessor() { return postprocessor_.Of(this); }

    bool Predict(const detail::Pixels &image, std::vector<std::array<int, 8>> *boxes)
    {
        if (!detail::HavePixels(&image.Get(), 1))
            return failure_.Refuse(RAMET_STATUS_INVALID_ARGUMENT, detail::kNoPixels);
        detail::Results<ramet_det_result, ramet_det_result_clear> made(1);
        ramet_error error = {};
        const ramet_status status =
            Record([&] { return ramet_det_model_predict(Get(), &image.Get(), 1, made.Data(), &error); });
        boxes->clear();
        for (size_t i = 0; i < made[0].count; i++)
            boxes->push_back(detail::Corners(made[0].boxes[i]));
        return failure_.Accept(status, error);
    }
    bool Predict(const detail::Pixels &image, OCRResult *result)
    {
        result->Clear();
        return Predict(image, &result->boxes);
    }
    template <typename Im = detail::UsualImage>
    bool BatchPredict(const std::vector<Im> &images, std::vector<std::vector<std::array<int, 8>>> *boxes)
    {
        boxes->assign(images.size(), {});
        for (size_t i = 0; i < images.size(); i++)
            if (!Predict(images[i], &(*boxes)[i]))
                return false;
        return true;
    }
    template <typename Im = detail::UsualImage>
    bool BatchPredict(const std::vector<Im> &images, std::vector<OCRResult> *results)
    {
        results->assign(images.size(), OCRResult());
        for (size_t i = 0; i < images.size(); i++)
            if (!Predict(images[i], &(*results)[i]))
                return false;
        return true;
    }

  private:
    detail::Place<DBDetectorPreprocessor> preprocessor_;
    detail::Place<DBDetectorPostprocessor> postprocessor_;
};

/* The first part of a classifier, which must outlive it. */
class ClassifierPreprocessor : public LinePreprocessor<ClsTask, ramet_cls_preprocessor, ramet_cls_preprocessor_disable>
{
  public:
    explicit ClassifierPreprocessor(TextModel<ClsTask> *model)
        : LinePreprocessor(ramet_cls_model_preprocessor(model->Get()), model)
    {
    }
    /* {3, height, width} of the input. */
    bool SetClsImageShape(const std::vector<int> &shape)
    {
        ramet_cls_option option = model_->Option();
        if (!IsImageShape(shape))
            return model_->Refuse("an image shape is {3, height, width}");
        option.image_height = shape[1];
        option.image_width = shape[2];
        return model_->SetOption(option);
    }
    std::vector<int> GetClsImageShape() const
    {
        const ramet_cls_option &option = model_->Option();
        return {3, option.image_height ? option.image_height : 48, option.image_width ? option.image_width : 192};
    }
};

/* The last part of a classifier, which must outlive it. */
class ClassifierPostprocessor
{
  public:
    explicit ClassifierPostprocessor(TextModel<ClsTask> *model) : model_(model) {}
    bool SetClsThresh(float thresh) { return Set(model_, &ramet_cls_option::thresh, thresh); }
    float GetClsThresh() const { return model_->Option().thresh > 0 ? model_->Option().thresh : 0.9f; }

  private:
    TextModel<ClsTask> *model_;
};

/* Text direction: 0 upright, 1 upside down. */
class Classifier : public TextModel<ClsTask>
{
  public:
    Classifier() = default; /* not Initialized() */
    Classifier(const std::string &model_file, const std::string &params_file = "",
               const RuntimeOption &option = RuntimeOption(), ModelFormat = PADDLE)
    {
        Open(model_file, params_file, option);
    }
    std::string ModelName() const override { return "ppocr/ocr_cls"; }
    std::unique_ptr<Classifier> Clone() { return CloneInto(std::unique_ptr<Classifier>(new Classifier)); }
    ClassifierPreprocessor &GetPreprocessor() { return preprocessor_.Of(this); }
    ClassifierPostprocessor &GetPostprocessor() { return postprocessor_.Of(this); }

    bool Predict(const detail::Pixels &image, int32_t *label, float *score)
    {
        return Run(&image.Get(), 1, label, score);
    }
    template <typename Im = detail::UsualImage>
    bool BatchPredict(const std::vector<Im> &images, std::vector<int32_t> *labels, std::vector<float> *scores)
    {
        const std::vector<ramet_image> all = detail::AllPixels(images);
        labels->assign(all.size(), 0);
        scores->assign(all.size(), 0);
        return Run(all.data(), all.size(), labels->data(), scores->data());
    }
    bool Predict(const detail::Pixels &image, OCRResult *result)
    {
        result->Clear();
        result->cls_labels.resize(1);
        result->cls_scores.resize(1);
        return Predict(image, result->cls_labels.data(), result->cls_scores.data());
    }
    /* One result with a label and a score for each image. */
    template <typename Im = detail::UsualImage> bool BatchPredict(const std::vector<Im> &images, OCRResult *result)
    {
        result->Clear();
        return BatchPredict(images, &result->cls_labels, &result->cls_scores);
    }

  private:
    detail::Place<ClassifierPreprocessor> preprocessor_;
    detail::Place<ClassifierPostprocessor> postprocessor_;

    bool Run(const ramet_image *images, size_t count, int32_t *labels, float *scores)
    {
        if (!detail::HavePixels(images, count))
            return failure_.Refuse(RAMET_STATUS_INVALID_ARGUMENT, detail::kNoPixels);
        std::vector<ramet_cls_result> made(count);
        ramet_error error = {};
        const ramet_status status =
            Record([&] { return ramet_cls_model_predict(Get(), images, count, made.data(), &error); });
        for (size_t i = 0; i < count && status == RAMET_STATUS_OK; i++) {
            labels[i] = made[i].label;
            scores[i] = made[i].score;
        }
        return failure_.Accept(status, error);
    }
};

/* The first part of a recogniser, which must outlive it. */
class RecognizerPreprocessor : public LinePreprocessor<RecTask, ramet_rec_preprocessor, ramet_rec_preprocessor_disable>
{
  public:
    explicit RecognizerPreprocessor(TextModel<RecTask> *model)
        : LinePreprocessor(ramet_rec_model_preprocessor(model->Get()), model)
    {
    }
    /* {3, height, width}: height of the input, and its least width. */
    bool SetRecImageShape(const std::vector<int> &shape)
    {
        ramet_rec_option option = model_->Option();
        if (!IsImageShape(shape))
            return model_->Refuse("an image shape is {3, height, width}");
        const bool is_static = option.max_image_width != 0;
        option.image_height = shape[1];
        option.image_width = shape[2];
        option.max_image_width = is_static ? shape[2] : 0;
        return model_->SetOption(option);
    }
    /* Longer texts are squeezed into the width of the shape, instead of a wider input. */
    bool SetStaticShapeInfer(bool is_static)
    {
        ramet_rec_option option = model_->Option();
        option.max_image_width = !is_static ? 0 : option.image_width ? option.image_width : 320;
        return model_->SetOption(option);
    }
    bool GetStaticShapeInfer() const { return model_->Option().max_image_width != 0; }
    std::vector<int> GetRecImageShape() const
    {
        const ramet_rec_option &option = model_->Option();
        return {3, option.image_height ? option.image_height : 48, option.image_width ? option.image_width : 320};
    }
};

/* Text recognition (CTC). label_path: the dictionary, one character a line; empty: from the model's inference.yml. */
class Recognizer : public TextModel<RecTask>
{
  public:
    Recognizer() = default; /* not Initialized() */
    Recognizer(const std::string &model_file, const std::string &params_file = "", const std::string &label_path = "",
               const RuntimeOption &option = RuntimeOption(), ModelFormat = PADDLE)
    {
        option_->dictionary = detail::OrNull(label_path);
        Open(model_file, params_file, option);
        option_->dictionary = nullptr; /* it has been read */
    }
    std::string ModelName() const override { return "ppocr/ocr_rec"; }
    std::unique_ptr<Recognizer> Clone() { return CloneInto(std::unique_ptr<Recognizer>(new Recognizer)); }
    RecognizerPreprocessor &GetPreprocessor() { return preprocessor_.Of(this); }

    bool Predict(const detail::Pixels &image, std::string *text, float *rec_score)
    {
        return Run(&image.Get(), 1, text, rec_score);
    }
    template <typename Im = detail::UsualImage>
    bool BatchPredict(const std::vector<Im> &images, std::vector<std::string> *texts, std::vector<float> *rec_scores)
    {
        const std::vector<ramet_image> all = detail::AllPixels(images);
        texts->assign(all.size(), "");
        rec_scores->assign(all.size(), 0);
        return Run(all.data(), all.size(), texts->data(), rec_scores->data());
    }
    bool Predict(const detail::Pixels &image, OCRResult *result)
    {
        result->Clear();
        result->text.resize(1);
        result->rec_scores.resize(1);
        return Predict(image, result->text.data(), result->rec_scores.data());
    }
    /* One result with a text and a score for each image. */
    template <typename Im = detail::UsualImage> bool BatchPredict(const std::vector<Im> &images, OCRResult *result)
    {
        result->Clear();
        return BatchPredict(images, &result->text, &result->rec_scores);
    }

  private:
    detail::Place<RecognizerPreprocessor> preprocessor_;

    bool Run(const ramet_image *images, size_t count, std::string *texts, float *scores)
    {
        if (!detail::HavePixels(images, count))
            return failure_.Refuse(RAMET_STATUS_INVALID_ARGUMENT, detail::kNoPixels);
        detail::Results<ramet_rec_result, ramet_rec_result_clear> made(count);
        ramet_error error = {};
        const ramet_status status =
            Record([&] { return ramet_rec_model_predict(Get(), images, count, made.Data(), &error); });
        for (size_t i = 0; i < count && status == RAMET_STATUS_OK; i++) {
            texts[i] = made[i].text;
            scores[i] = made[i].score;
        }
        return failure_.Accept(status, error);
    }
};

} // namespace ocr
} // namespace vision

/* ---- the pipeline of the three --------------------------------------------------------------------------------- */

namespace pipeline
{

/*
 * Finds text, turns it, reads it. Works on clones of the models it is made of and shares their weights; the models may go
 * before it. What is set on them later holds from the next prediction on; clones of the pipeline keep what they have. The
 * height of the recogniser's input is set by the constructor, as FastDeploy does it.
 *
 * Threads: models and the pipeline made of them belong to one thread; clones of it to threads of their own.
 */
class PPOCRv2 : public FastDeployModel
{
  public:
    /* Recognisers of PP-OCRv2 read lines of 32 rows. */
    PPOCRv2(vision::ocr::DBDetector *det_model, vision::ocr::Classifier *cls_model, vision::ocr::Recognizer *rec_model)
    {
        Join(det_model, cls_model, rec_model, 32);
    }
    PPOCRv2(vision::ocr::DBDetector *det_model, vision::ocr::Recognizer *rec_model)
        : PPOCRv2(det_model, nullptr, rec_model)
    {
    }
    std::string ModelName() const override { return "PPOCRv2"; }
    ramet_runtime *GetRuntime() const override { return nullptr; }
    bool Initialized() const override { return handle_ != nullptr; }
    std::unique_ptr<PPOCRv2> Clone() { return CloneInto(std::unique_ptr<PPOCRv2>(new PPOCRv2)); }

    /* Crops a run: at least 1, or -1 for all. They change time and memory, never a result. */
    bool SetClsBatchSize(int size)
    {
        ramet_cls_option option = cls_option_;
        option.batch_size = size;
        if (!SetNow(ramet_ocr_cls_model(handle_.get()), ramet_cls_model_set_option, option, &cls_option_))
            return false;
        cls_batch_size_ = size;
        return true;
    }
    bool SetRecBatchSize(int size)
    {
        ramet_rec_option option = rec_option_;
        option.batch_size = size;
        if (!SetNow(ramet_ocr_rec_model(handle_.get()), ramet_rec_model_set_option, option, &rec_option_))
            return false;
        rec_batch_size_ = size;
        return true;
    }
    int GetClsBatchSize() const { return cls_option_.batch_size ? cls_option_.batch_size : 6; }
    int GetRecBatchSize() const { return rec_option_.batch_size ? rec_option_.batch_size : 6; }

    bool Predict(const detail::Pixels &image, vision::OCRResult *result) { return Run(&image.Get(), 1, result); }
    template <typename Im = detail::UsualImage>
    bool BatchPredict(const std::vector<Im> &images, std::vector<vision::OCRResult> *results)
    {
        const std::vector<ramet_image> all = detail::AllPixels(images);
        results->assign(all.size(), vision::OCRResult());
        return Run(all.data(), all.size(), results->data());
    }
    ramet_ocr *Get() const { return handle_.get(); }

  protected:
    PPOCRv2() : det_option_(), cls_option_(), rec_option_() {}

    /* rec_height: of the recogniser's input, pixels. */
    void Join(vision::ocr::DBDetector *det_model, vision::ocr::Classifier *cls_model,
              vision::ocr::Recognizer *rec_model, int32_t rec_height)
    {
        ramet_ocr *joined = nullptr;
        ramet_error error = {};
        if (rec_model && rec_model->Get())
            vision::ocr::Set(rec_model, &ramet_rec_option::image_height, rec_height);
        const ramet_status status =
            ramet_ocr_join(det_model ? det_model->Get() : nullptr, cls_model ? cls_model->Get() : nullptr,
                           rec_model ? rec_model->Get() : nullptr, 0, &joined, &error);
        KeepOption(det_model, &wanted_det_, &det_option_);
        KeepOption(cls_model, &wanted_cls_, &cls_option_);
        KeepOption(rec_model, &wanted_rec_, &rec_option_);
        handle_.reset(joined);
        failure_.Accept(status, error);
    }
    template <typename Derived> std::unique_ptr<Derived> CloneInto(std::unique_ptr<Derived> made)
    {
        ramet_ocr *clone = nullptr;
        ramet_error error = {};
        if (!failure_.Accept(ramet_ocr_clone(handle_.get(), &clone, &error), error))
            return nullptr;
        made->handle_.reset(clone);
        made->det_option_ = det_option_; /* a clone follows no model */
        made->cls_option_ = cls_option_;
        made->rec_option_ = rec_option_;
        return made;
    }

    uint64_t RunNs() const override
    {
        const ramet_runtime *det = ramet_det_model_runtime(ramet_ocr_det_model(handle_.get()));
        const ramet_runtime *cls = ramet_cls_model_runtime(ramet_ocr_cls_model(handle_.get()));
        const ramet_runtime *rec = ramet_rec_model_runtime(ramet_ocr_rec_model(handle_.get()));
        return RunNsOf(det) + RunNsOf(cls) + RunNsOf(rec);
    }

  private:
    bool Run(const ramet_image *images, size_t count, vision::OCRResult *results)
    {
        if (!detail::HavePixels(images, count))
            return failure_.Refuse(RAMET_STATUS_INVALID_ARGUMENT, detail::kNoPixels);
        if (!Follow())
            return false;
        detail::Results<ramet_ocr_result, ramet_ocr_result_clear> made(count);
        ramet_error error = {};
        const ramet_status status =
            Record([&] { return ramet_ocr_predict(handle_.get(), images, count, made.Data(), &error); });
        for (size_t i = 0; i < count && status == RAMET_STATUS_OK; i++)
            detail::Convert(made[i], &results[i], &error);
        return failure_.Accept(status, error);
    }

    /* Takes over what was set on the models since. */
    bool Follow()
    {
        const ramet_det_option det = wanted_det_ ? *wanted_det_ : det_option_;
        ramet_cls_option cls = wanted_cls_ ? *wanted_cls_ : cls_option_;
        ramet_rec_option rec = wanted_rec_ ? *wanted_rec_ : rec_option_;
        cls.batch_size = cls_batch_size_ ? cls_batch_size_ : cls.batch_size;
        rec.batch_size = rec_batch_size_ ? rec_batch_size_ : rec.batch_size;
        return SetNow(ramet_ocr_det_model(handle_.get()), ramet_det_model_set_option, det, &det_option_) &&
               SetNow(ramet_ocr_cls_model(handle_.get()), ramet_cls_model_set_option, cls, &cls_option_) &&
               SetNow(ramet_ocr_rec_model(handle_.get()), ramet_rec_model_set_option, rec, &rec_option_);
    }

    /* Sets an option where it is another one than now. */
    template <typename Model, typename Option>
    bool SetNow(Model *model, ramet_status (*set)(Model *, const Option *, ramet_error *), const Option &option,
                Option *now)
    {
        ramet_error error = {};
        if (model == nullptr || std::memcmp(&option, now, sizeof option) == 0)
            return true;
        if (!failure_.Accept(set(model, &option, &error), error))
            return false;
        *now = option;
        return true;
    }

    template <typename Model, typename Option>
    static void KeepOption(const Model *model, std::shared_ptr<const Option> *wanted, Option *now)
    {
        *wanted = model ? model->SharedOption() : nullptr;
        *now = model ? model->Option() : Option();
    }

    detail::Handle<ramet_ocr, ramet_ocr_close> handle_;
    std::shared_ptr<const ramet_det_option> wanted_det_; /* of the models, who may be gone; null: none, or a clone */
    std::shared_ptr<const ramet_cls_option> wanted_cls_;
    std::shared_ptr<const ramet_rec_option> wanted_rec_;
    ramet_det_option det_option_; /* as they are set now */
    ramet_cls_option cls_option_;
    ramet_rec_option rec_option_;
    int cls_batch_size_ = 0, rec_batch_size_ = 0; /* 0: the model's */
};

/* Lines of 48 rows. */
class PPOCRv3 : public PPOCRv2
{
  public:
    PPOCRv3(vision::ocr::DBDetector *det_model, vision::ocr::Classifier *cls_model, vision::ocr::Recognizer *rec_model)
    {
        Join(det_model, cls_model, rec_model, 48);
    }
    PPOCRv3(vision::ocr::DBDetector *det_model, vision::ocr::Recognizer *rec_model)
        : PPOCRv3(det_model, nullptr, rec_model)
    {
    }
    std::string ModelName() const override { return "PPOCRv3"; }
    std::unique_ptr<PPOCRv3> Clone() { return CloneInto(std::unique_ptr<PPOCRv3>(new PPOCRv3)); }

  protected:
    PPOCRv3() = default;
};

class PPOCRv4 : public PPOCRv3
{
  public:
    using PPOCRv3::PPOCRv3;
    std::string ModelName() const override { return "PPOCRv4"; }
    std::unique_ptr<PPOCRv4> Clone() { return CloneInto(std::unique_ptr<PPOCRv4>(new PPOCRv4)); }

  protected:
    PPOCRv4() = default;
};

} // namespace pipeline

/* ---- FastDeploy's small things ---------------------------------------------------------------------------------- */

/* Nothing to do: the library prints nothing. */
inline void SetLogger(bool = true, bool = true) {}

namespace vision
{

/* Nothing to do: images are processed by ramet's own code. */
inline void EnableFlyCV() {}
inline void DisableFlyCV() {}

} // namespace vision

/* A stopwatch. */
class TimeCounter
{
  public:
    void Start() { start_ = std::chrono::steady_clock::now(); }
    void End() { end_ = std::chrono::steady_clock::now(); }
    /* Seconds from Start() to End(). */
    double Duration() const { return std::chrono::duration<double>(end_ - start_).count(); }
    void PrintInfo(const std::string &prefix = "TimeCounter: ", bool print_out = true) const
    {
        if (print_out)
            std::cout << prefix << " duration = " << Duration() << "s." << std::endl;
    }

  private:
    std::chrono::steady_clock::time_point start_, end_;
};

namespace application
{
namespace ocrsystem
{

using PPOCRSystemv2 = pipeline::PPOCRv2;
using PPOCRSystemv3 = pipeline::PPOCRv3;
using PPOCRSystemv4 = pipeline::PPOCRv4;

} // namespace ocrsystem
} // namespace application
} // namespace ramet

#include "ramet/draw.hpp"

#endif
