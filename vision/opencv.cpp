/* The only file that knows OpenCV. No exception leaves it and nothing is printed. */
#include "vision/convert.h"
#include "vision/vision.h"

#include <cmath>
#include <new>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>
#include <stdexcept>

namespace
{

constexpr int font = cv::FONT_HERSHEY_SIMPLEX | cv::FONT_ITALIC;
constexpr int subpixel_bits = 4;
constexpr double coordinate_max = 1e6;

int keep_quiet(int, const char *, const char *, const char *, int, void *)
{
    return 0;
}

/* One thread: the other cores belong to capture, streaming and other cameras. That is 0 in OpenCV's
 * words; with 1 it would start its thread library all the same, which takes milliseconds. */
void configure_once()
{
    static const bool configured = [] {
        cv::setNumThreads(0);
        cv::redirectError(keep_quiet);
        return true;
    }();
    (void)configured;
}

/* Runs the work and turns every exception into one line. */
template <class Work> bool guard(const char *what, struct error *error, Work work) noexcept
{
    try {
        configure_once();
        work();
        return true;
    } catch (const std::bad_alloc &) {
        return error_set_memory(error, "cannot %s: out of memory", what);
    } catch (const cv::Exception &exception) {
        if (exception.code == cv::Error::StsNoMem)
            return error_set_memory(error, "cannot %s: out of memory", what);
        return error_set(error, "cannot %s: OpenCV says: %s", what, exception.err.c_str());
    } catch (const std::exception &exception) {
        return error_set(error, "cannot %s: %s", what, exception.what());
    } catch (...) {
        return error_set(error, "cannot %s: unknown exception", what);
    }
}

/* The image as a Mat that borrows its pixels. Functions of OpenCV write into such a Mat, instead of
 * allocating another, when it has the result's size and type. */
cv::Mat view(const struct image *image)
{
    if (!image->data || (image->channels != 1 && image->channels != 3))
        throw std::invalid_argument("it is no picture");
    return cv::Mat(image->height, image->width, CV_8UC(image->channels), image->data,
                   static_cast<size_t>(image->stride));
}

/* A plane to read from; cv::Mat has no form for constant pixels. */
cv::Mat plane(const uint8_t *rows, int width, int height, int channels, int stride)
{
    return cv::Mat(height, width, CV_8UC(channels), const_cast<uint8_t *>(rows),
                   static_cast<size_t>(stride));
}

cv::Scalar colour(const uint8_t bgr[3])
{
    return cv::Scalar(bgr[0], bgr[1], bgr[2]);
}

int to_subpixels(double pixels)
{
    if (!(std::abs(pixels) <= coordinate_max))
        throw std::invalid_argument("a coordinate is far outside of the picture");
    return cvRound(pixels * (1 << subpixel_bits));
}

void check_style(const struct text_style *style)
{
    if (!(style->scale > 0 && style->scale <= 1000) || style->thickness < 1)
        throw std::invalid_argument("scale or thickness of the text is out of bounds");
}

} // namespace

bool convert_packed(enum packed_layout layout, const uint8_t *rows, int stride, struct image *bgr,
                    struct error *error)
{
    return guard("convert a frame to BGR", error, [=] {
        cv::Mat to = view(bgr);
        auto from = [=](int channels) {
            return plane(rows, bgr->width, bgr->height, channels, stride);
        };
        switch (layout) {
        case PACKED_YUYV:
            return cv::cvtColor(from(2), to, cv::COLOR_YUV2BGR_YUYV);
        case PACKED_UYVY:
            return cv::cvtColor(from(2), to, cv::COLOR_YUV2BGR_UYVY);
        case PACKED_RGB:
            return cv::cvtColor(from(3), to, cv::COLOR_RGB2BGR);
        case PACKED_BGR:
            return from(3).copyTo(to);
        case PACKED_GREY:
            return cv::cvtColor(from(1), to, cv::COLOR_GRAY2BGR);
        }
    });
}

bool convert_two_planes(const uint8_t *y, const uint8_t *uv, int stride, struct image *bgr,
                        struct error *error)
{
    return guard("convert a frame to BGR", error, [=] {
        cv::Mat to = view(bgr);
        cv::cvtColorTwoPlane(plane(y, bgr->width, bgr->height, 1, stride),
                             plane(uv, bgr->width / 2, bgr->height / 2, 2, stride), to,
                             cv::COLOR_YUV2BGR_NV12);
    });
}

bool convert_three_planes(const uint8_t *y, const uint8_t *u, const uint8_t *v, int stride,
                          struct image *bgr, struct error *error)
{
    return guard("convert a frame to BGR", error, [=] {
        /* OpenCV's own I420 expects chroma rows of width / 2 without a gap, V4L2 has stride / 2. */
        static thread_local cv::Mat uv;
        const cv::Mat chroma[] = {plane(u, bgr->width / 2, bgr->height / 2, 1, stride / 2),
                                  plane(v, bgr->width / 2, bgr->height / 2, 1, stride / 2)};
        cv::merge(chroma, 2, uv);
        cv::Mat to = view(bgr);
        cv::cvtColorTwoPlane(plane(y, bgr->width, bgr->height, 1, stride), uv, to,
                             cv::COLOR_YUV2BGR_NV12);
    });
}

bool vision_resize(const struct image *from, int width, int height, struct image *to,
                   struct error *error)
{
    if (!image_reserve(to, width, height, from->channels, error))
        return false;
    return guard("resize a picture", error, [=] {
        cv::Mat result = view(to);
        cv::resize(view(from), result, result.size(), 0, 0, cv::INTER_LINEAR);
    });
}

bool vision_put_text(struct image *image, const char *text, int x, int y,
                     const struct text_style *style, struct error *error)
{
    return guard("write text into a picture", error, [=] {
        check_style(style);
        cv::Mat picture = view(image);
        cv::putText(picture, text, cv::Point(x, y), font, style->scale, colour(style->bgr),
                    style->thickness, cv::LINE_8);
    });
}

bool vision_text_size(const char *text, const struct text_style *style, int *width, int *height,
                      int *baseline, struct error *error)
{
    return guard("measure text", error, [=] {
        check_style(style);
        cv::Size size = cv::getTextSize(text, font, style->scale, style->thickness, baseline);
        *width = size.width;
        *height = size.height;
    });
}

bool vision_warp_affine(const struct image *from, const double matrix[6], int width, int height,
                        struct image *to, struct error *error)
{
    if (!image_reserve(to, width, height, from->channels, error))
        return false;
    return guard("warp a picture", error, [=] {
        cv::Mat result = view(to);
        cv::warpAffine(view(from), result, cv::Mat(2, 3, CV_64F, const_cast<double *>(matrix)),
                       result.size(), cv::INTER_LINEAR, cv::BORDER_CONSTANT, cv::Scalar());
    });
}

void vision_rotation_matrix(double x, double y, double degrees, double scale, double matrix[6])
{
    double radians = degrees * CV_PI / 180;
    double a = scale * std::cos(radians), b = scale * std::sin(radians);
    matrix[0] = a, matrix[1] = b, matrix[2] = (1 - a) * x - b * y;
    matrix[3] = -b, matrix[4] = a, matrix[5] = b * x + (1 - a) * y;
}

bool vision_fill_polygon(struct image *image, const float *points, int count, const uint8_t bgr[3],
                         struct error *error)
{
    return guard("draw a polygon", error, [=] {
        std::vector<cv::Point> corners;
        for (int i = 0; i < count; i++)
            corners.emplace_back(to_subpixels(points[2 * i]), to_subpixels(points[2 * i + 1]));
        cv::Mat picture = view(image);
        cv::fillPoly(picture, corners, colour(bgr), cv::LINE_AA, subpixel_bits);
    });
}

bool vision_fill_ellipse(struct image *image, double x, double y, double radius_x, double radius_y,
                         double degrees, const uint8_t bgr[3], struct error *error)
{
    return guard("draw an ellipse", error, [=] {
        cv::Mat picture = view(image);
        cv::ellipse(picture, cv::Point(to_subpixels(x), to_subpixels(y)),
                    cv::Size(to_subpixels(radius_x), to_subpixels(radius_y)), degrees, 0, 360,
                    colour(bgr), cv::FILLED, cv::LINE_AA, subpixel_bits);
    });
}
