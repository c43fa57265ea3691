#include "bench/peer.h"

#include <opencv2/imgproc.hpp>
#include <turbojpeg.h>

static cv::Mat view(const struct image *image)
{
    return cv::Mat(image->height, image->width, CV_8UC(image->channels), image->data,
                   static_cast<size_t>(image->stride));
}

bool peer_resize_area(const struct image *from, int width, int height, struct image *to,
                      struct error *error)
{
    if (!image_reserve(to, width, height, from->channels, error))
        return false;
    try {
        cv::Mat result = view(to);
        cv::resize(view(from), result, result.size(), 0, 0, cv::INTER_AREA);
        return true;
    } catch (const std::exception &exception) {
        return error_set(error, "%s", exception.what());
    }
}

bool peer_decode_fast(const uint8_t *jpeg, size_t size, struct image *bgr, struct error *error)
{
    int width, height, subsampling, colourspace;
    tjhandle handle = tjInitDecompress();
    bool ok =
        handle &&
        tjDecompressHeader3(handle, jpeg, size, &width, &height, &subsampling, &colourspace) == 0 &&
        image_reserve(bgr, width, height, 3, error) &&
        tjDecompress2(handle, jpeg, size, bgr->data, width, bgr->stride, height, TJPF_BGR,
                      TJFLAG_FASTDCT | TJFLAG_FASTUPSAMPLE) == 0;
    if (!ok)
        error_set(error, "cannot decode: %s", tjGetErrorStr2(handle));
    if (handle)
        tjDestroy(handle);
    return ok;
}
