// OpenCV's DNN module on the ONNX file, on one thread.
#include "bench/peers/peers.h"

#include <new>
#include <opencv2/dnn.hpp>

namespace
{

struct Peer {
    cv::dnn::Net net;
    cv::Mat blob, scores;
};

void *open_net(const struct peer_net *net, struct error *error)
{
    try {
        Peer *peer = new Peer;
        const cv::Mat picture(net->height, net->width, CV_32FC3, const_cast<float *>(net->input));
        cv::setNumThreads(1);
        peer->net = cv::dnn::readNetFromONNX(net->onnx);
        peer->net.setPreferableBackend(cv::dnn::DNN_BACKEND_OPENCV);
        peer->blob = cv::dnn::blobFromImage(picture);
        return peer;
    } catch (const std::exception &e) {
        error_set(error, "OpenCV: %s", e.what());
        return nullptr;
    }
}

bool run(void *self, double *ms, struct error *error)
{
    Peer *peer = static_cast<Peer *>(self);
    try {
        const double start_ms = peer_cpu_ms();
        peer->net.setInput(peer->blob);
        peer->scores = peer->net.forward();
        *ms = peer_cpu_ms() - start_ms;
        return true;
    } catch (const std::exception &e) {
        return error_set(error, "OpenCV: %s", e.what());
    }
}

const float *output(void *self)
{
    return static_cast<Peer *>(self)->scores.ptr<float>();
}

void close_net(void *self)
{
    delete static_cast<Peer *>(self);
}

} // namespace

const struct peer_kind peer_opencv_dnn = {"OpenCV DNN", open_net, run, output, close_net};
