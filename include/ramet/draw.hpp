/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pictures of results, with FastDeploy's functions, colours and texts; part of ramet.hpp.
 *
 *     auto vis_im = fastdeploy::vision::VisDetection(im, res, 0.5);
 *
 * The image stays as it is. What comes back is a new picture of its kind: a cv::Mat of a cv::Mat, otherwise an Image. An
 * image without pixels, and a map of another size than the image, give an empty picture, or an Exception with
 * RAMET_THROW. Texts are written on cv::Mat alone, by cv::putText(); without OpenCV boxes have no labels.
 *
 * Threads: any; nothing is kept.
 */
#ifndef RAMET_DRAW_HPP
#define RAMET_DRAW_HPP

#include <algorithm>
#include <cmath>

#include "ramet/ramet.hpp"

#ifdef RAMET_HAS_OPENCV
#include <opencv2/imgproc.hpp>
#endif

namespace ramet
{
namespace detail
{

using Colour = std::array<uint8_t, 3>; /* B, G, R */

struct Point {
    double x, y;
};

/* Of class 0 black; the bits of the number are dealt out to the three channels, highest places first. */
inline Colour ClassColour(int label)
{
    Colour colour = {{0, 0, 0}};
    for (unsigned place = 8, rest = label > 0 ? static_cast<unsigned>(label) : 0; place-- > 0; rest >>= 3)
        for (unsigned channel = 0; channel < 3; channel++)
            colour[channel] = static_cast<uint8_t>(colour[channel] | ((rest >> channel & 1u) << place));
    return colour;
}

/* Draws into pixels of somebody else, whatever lies outside of them. */
class Brush
{
  public:
    explicit Brush(const ramet_image &image) : image_(image) {}

    uint8_t *Pixel(int x, int y) const { return image_.data + y * image_.pitch + 3 * static_cast<ptrdiff_t>(x); }

    /* The last row and column belong to it. */
    void Fill(int left, int top, int right, int bottom, const Colour &colour) const
    {
        for (int y = std::max(top, 0); y <= std::min(bottom, image_.height - 1); y++)
            for (int x = std::max(left, 0); x <= std::min(right, image_.width - 1); x++)
                std::memcpy(Pixel(x, y), colour.data(), 3);
    }
    void Rectangle(const std::array<float, 4> &box, const Colour &colour, int thickness) const
    {
        const int left = Round(box[0]), top = Round(box[1]), right = Round(box[2]), bottom = Round(box[3]);
        const int before = (thickness - 1) / 2, after = thickness / 2;
        for (int y : {top, bottom})
            Fill(left - before, y - before, right + after, y + after, colour);
        for (int x : {left, right})
            Fill(x - before, top - before, x + after, bottom + after, colour);
    }
    /* x, y of four corners. */
    template <typename T> void Outline(const std::array<T, 8> &corners, const Colour &colour, int thickness) const
    {
        for (size_t i = 0; i < 8; i += 2)
            Line(At(corners[i], corners[i + 1]), At(corners[(i + 2) % 8], corners[(i + 3) % 8]), colour, thickness);
    }

    /* To a pixel; what is far away, or not a number, comes to lie far outside. */
    static int Round(float value) { return static_cast<int>(std::lround(Near(value))); }

  private:
    static double Near(double value) { return std::fmin(std::fmax(value, -1e6), 1e6); }
    template <typename T> static Point At(T x, T y)
    {
        return {Near(static_cast<double>(x)), Near(static_cast<double>(y))};
    }

    /* Pixels whose centre lies within half the thickness of the stretch. */
    void Line(const Point &from, const Point &to, const Colour &colour, int thickness) const
    {
        const double reach = thickness / 2.0, dx = to.x - from.x, dy = to.y - from.y, length = dx * dx + dy * dy;
        const int left = std::max(0, static_cast<int>(std::min(from.x, to.x) - reach));
        const int top = std::max(0, static_cast<int>(std::min(from.y, to.y) - reach));
        const int right = std::min(image_.width - 1, static_cast<int>(std::max(from.x, to.x) + reach) + 1);
        const int bottom = std::min(image_.height - 1, static_cast<int>(std::max(from.y, to.y) + reach) + 1);
        for (int y = top; y <= bottom; y++)
            for (int x = left; x <= right; x++) {
                const double along = length > 0 ? ((x - from.x) * dx + (y - from.y) * dy) / length : 0;
                const double near = std::min(std::max(along, 0.0), 1.0);
                if (std::hypot(x - from.x - near * dx, y - from.y - near * dy) <= std::max(reach, 0.5))
                    std::memcpy(Pixel(x, y), colour.data(), 3);
            }
    }

    ramet_image image_;
};

/* What a picture of an image is, and how it is made and written on. */
template <typename Im> struct Canvas {
    using Picture = Image;
    static Picture Copy(const Im &image) { return Image::CopyOf(Pixels(image).Get()); }
    static void Write(Picture *, const Point &, const std::string &, double, const Colour &, int) {}
};

#ifdef RAMET_HAS_OPENCV
template <> struct Canvas<cv::Mat> {
    using Picture = cv::Mat;
    static Picture Copy(const cv::Mat &image) { return Pixels(image).Get().data ? image.clone() : cv::Mat(); }
    static void Write(cv::Mat *picture, const Point &where, const std::string &text, double size, const Colour &colour,
                      int thickness)
    {
        cv::putText(*picture, text, cv::Point(static_cast<int>(where.x), static_cast<int>(where.y)),
                    cv::FONT_HERSHEY_SIMPLEX, size, cv::Scalar(colour[0], colour[1], colour[2]), thickness);
    }
};
#endif

/* Refuses an image that has no pixels or is not [height, width] as wanted. */
inline bool IsDrawable(const ramet_image &pixels, const std::vector<int64_t> *shape)
{
    Failure failure;
    if (pixels.data == nullptr)
        return failure.Refuse(RAMET_STATUS_INVALID_ARGUMENT, kNoPixels);
    if (shape && *shape != std::vector<int64_t>{pixels.height, pixels.width})
        return failure.Refuse(RAMET_STATUS_BAD_SHAPE,
                              "image and result have different sizes: they do not belong together");
    return true;
}

/* A picture to draw on; empty where the image is refused. */
template <typename Im>
typename Canvas<Im>::Picture StartPicture(const Im &image, const std::vector<int64_t> *shape = nullptr)
{
    return IsDrawable(Pixels(image).Get(), shape) ? Canvas<Im>::Copy(image) : typename Canvas<Im>::Picture();
}

/* Half the image, half a bright colour, where the object is. */
inline void PaintMask(const ramet_image &image, const vision::Mask &mask, const Colour &colour)
{
    const Brush brush(image);
    for (size_t i = 0; mask.shape.size() == 2 && mask.shape[1] > 0 && i < mask.data.size(); i++) {
        const int64_t x = mask.left + static_cast<int64_t>(i) % mask.shape[1];
        const int64_t y = mask.top + static_cast<int64_t>(i) / mask.shape[1];
        if (mask.data[i] == 0 || x < 0 || y < 0 || x >= image.width || y >= image.height)
            continue;
        uint8_t *pixel = brush.Pixel(static_cast<int>(x), static_cast<int>(y));
        for (size_t c = 0; c < 3; c++)
            pixel[c] = static_cast<uint8_t>((pixel[c] + std::max(255 - colour[c], 127)) / 2);
    }
}

inline std::string ShortScore(float score) { return Fixed(score).substr(0, 4); }

/* "NAME,SCORE", cut as FastDeploy cuts it; without names "ID, SCORE". */
inline std::string LabelText(const vision::DetectionResult &result, size_t i, const std::vector<std::string> &labels)
{
    const int32_t label = result.label_ids[i];
    if (labels.empty())
        return std::to_string(label) + ", " + ShortScore(result.scores[i]);
    const bool named = label >= 0 && static_cast<size_t>(label) < labels.size();
    const std::string name = named ? labels[static_cast<size_t>(label)] : std::to_string(label);
    return (name + "," + ShortScore(result.scores[i])).substr(0, 16);
}

} // namespace detail

namespace vision
{

/* Boxes, masks, classes and scores of the objects that do not score below the threshold. font_color: B, G, R. */
template <typename Im>
typename detail::Canvas<Im>::Picture VisDetection(const Im &im, const DetectionResult &result,
                                                  const std::vector<std::string> &labels, float score_threshold = 0.0f,
                                                  int line_size = 1, float font_size = 0.5f,
                                                  const std::vector<int> &font_color = {255, 255, 255},
                                                  int font_thickness = 1)
{
    auto picture = detail::StartPicture(im);
    const ramet_image view = detail::Pixels(picture).Get();
    const detail::Brush brush(view);
    detail::Colour ink = {{255, 255, 255}};
    for (size_t c = 0; c < 3 && c < font_color.size(); c++)
        ink[c] = static_cast<uint8_t>(font_color[c]);
    for (size_t i = 0; view.data && i < result.boxes.size(); i++) {
        const detail::Colour colour = detail::ClassColour(result.label_ids[i]);
        if (result.scores[i] < score_threshold)
            continue;
        if (result.contain_masks && i < result.masks.size())
            detail::PaintMask(view, result.masks[i], colour);
        if (i < result.rotated_boxes.size())
            brush.Outline(result.rotated_boxes[i], {{255, 255, 255}}, 3);
        else
            brush.Rectangle(result.boxes[i], colour, std::max(line_size, 1));
        const detail::Point corner = {double(detail::Brush::Round(result.boxes[i][0])),
                                      double(detail::Brush::Round(result.boxes[i][1]))};
        detail::Canvas<Im>::Write(&picture, corner, detail::LabelText(result, i, labels), font_size, ink,
                                  font_thickness);
    }
    return picture;
}

template <typename Im>
typename detail::Canvas<Im>::Picture VisDetection(const Im &im, const DetectionResult &result,
                                                  float score_threshold = 0.0f, int line_size = 1,
                                                  float font_size = 0.5f)
{
    return VisDetection(im, result, std::vector<std::string>(), score_threshold, line_size, font_size);
}

/* Pixels in the colours of their classes, mixed with the image; pixels of class 0 stay as they are. */
template <typename Im>
typename detail::Canvas<Im>::Picture VisSegmentation(const Im &im, const SegmentationResult &result,
                                                     float weight = 0.5f)
{
    auto picture = detail::StartPicture(im, &result.shape);
    const ramet_image view = detail::Pixels(picture).Get();
    const detail::Brush brush(view);
    for (size_t i = 0; view.data && i < result.label_map.size(); i++) {
        uint8_t *pixel = brush.Pixel(static_cast<int>(i) % view.width, static_cast<int>(i) / view.width);
        const detail::Colour colour = detail::ClassColour(result.label_map[i]);
        for (size_t c = 0; c < 3 && result.label_map[i] != 0; c++) {
            const float mixed = static_cast<float>(pixel[c]) * (1 - weight) + static_cast<float>(colour[c]) * weight;
            pixel[c] = static_cast<uint8_t>(std::lround(std::fmin(std::fmax(mixed, 0.0f), 255.0f)));
        }
    }
    return picture;
}

/* Outlines of the texts that do not score below the threshold. */
template <typename Im>
typename detail::Canvas<Im>::Picture VisOcr(const Im &im, const OCRResult &result, float score_threshold = 0.0f)
{
    auto picture = detail::StartPicture(im);
    const ramet_image view = detail::Pixels(picture).Get();
    for (size_t i = 0; view.data && i < result.boxes.size(); i++)
        if (i >= result.rec_scores.size() || result.rec_scores[i] >= score_threshold)
            detail::Brush(view).Outline(result.boxes[i], {{0, 255, 0}}, 2);
    return picture;
}

/* The image where it is not background_label, the other picture where it is; both of one size. */
template <typename Im>
typename detail::Canvas<Im>::Picture SwapBackground(const Im &im, const Im &background,
                                                    const SegmentationResult &result, int background_label = 0)
{
    auto picture = detail::StartPicture(im, &result.shape);
    const ramet_image view = detail::Pixels(picture).Get(), other = detail::Pixels(background).Get();
    if (view.data == nullptr || !detail::IsDrawable(other, &result.shape))
        return typename detail::Canvas<Im>::Picture();
    for (size_t i = 0; i < result.label_map.size(); i++) {
        const int x = static_cast<int>(i) % view.width, y = static_cast<int>(i) / view.width;
        if (result.label_map[i] == background_label)
            std::memcpy(detail::Brush(view).Pixel(x, y), detail::Brush(other).Pixel(x, y), 3);
    }
    return picture;
}

#ifdef RAMET_HAS_OPENCV
/* The best classes as lines of text: "ID,SCORE", or "NAME,ID,SCORE" where there are names. */
inline cv::Mat VisClassification(const cv::Mat &im, const ClassifyResult &result,
                                 const std::vector<std::string> &labels, int top_k = 5, float score_threshold = 0.0f,
                                 float font_size = 0.5f)
{
    cv::Mat picture = detail::StartPicture(im);
    for (size_t i = 0; !picture.empty() && i < result.label_ids.size() && static_cast<int>(i) < top_k; i++) {
        if (result.scores[i] < score_threshold)
            continue;
        const int32_t label = result.label_ids[i];
        std::string text = std::to_string(label) + "," + detail::ShortScore(result.scores[i]);
        if (label >= 0 && static_cast<size_t>(label) < labels.size())
            text = (labels[static_cast<size_t>(label)] + "," + text).substr(0, 16);
        const detail::Point where = {picture.cols / 10.0, double(picture.rows / 30 * (static_cast<int>(i) + 1))};
        detail::Canvas<cv::Mat>::Write(&picture, where, text, font_size, {{255, 255, 255}}, 1);
    }
    return picture;
}

inline cv::Mat VisClassification(const cv::Mat &im, const ClassifyResult &result, int top_k = 5,
                                 float score_threshold = 0.0f, float font_size = 0.5f)
{
    return VisClassification(im, result, std::vector<std::string>(), top_k, score_threshold, font_size);
}
#endif

/* FastDeploy's older names. */
struct Visualize {
    template <typename Im>
    static typename detail::Canvas<Im>::Picture VisDetection(const Im &im, const DetectionResult &result,
                                                             float score_threshold = 0.0f, int line_size = 1,
                                                             float font_size = 0.5f)
    {
        return vision::VisDetection(im, result, score_threshold, line_size, font_size);
    }
    template <typename Im>
    static typename detail::Canvas<Im>::Picture VisSegmentation(const Im &im, const SegmentationResult &result)
    {
        return vision::VisSegmentation(im, result);
    }
    template <typename Im> static typename detail::Canvas<Im>::Picture VisOcr(const Im &im, const OCRResult &result)
    {
        return vision::VisOcr(im, result);
    }
    template <typename Im>
    static typename detail::Canvas<Im>::Picture SwapBackgroundSegmentation(const Im &im, const Im &background,
                                                                           int background_label,
                                                                           const SegmentationResult &result)
    {
        return vision::SwapBackground(im, background, result, background_label);
    }
};

} // namespace vision
} // namespace ramet

#endif
