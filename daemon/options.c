/* The table of options. What bounds cannot say is checked by functions. */
#include "daemon/options.h"

#include "classify/smooth.h"
#include "daemon/annotate.h"
#include "daemon/options_check.h"
#include "nn/session.h"

#include <limits.h>

#define MEMBER(name) .offset = offsetof(struct options, name)
#define COUNT(array) (int)(sizeof(array) / sizeof *(array))

static const struct option_section sections[] = {
    {"capture", "Source"},          {"model", "Network"},  {"smooth", "Decision"},
    {"label", "Label and picture"}, {"web", "Web server"}, {"output", "Output"},
};

/* One field per line would make the table four times as long. */
// clang-format off
static const struct option_row rows[] = {
    {.section = "capture", .name = "source", .letter = 's', .type = OPTION_STRING,
     .argument = "SOURCE", .value = "auto", MEMBER(capture.source),
     .check = options_check_not_empty,
     .help = "Where pictures come from: a camera (/dev/video0, a name from /dev/v4l/by-id, or the "
             "name of the card), a recording, a picture or a folder of pictures, a network stream "
             "(rtsp://..., http://...), - for JPEGs on standard input, or synthetic for a drawn "
             "scene. auto is /dev/video0 if there is one, else synthetic."},
    {.section = "capture", .name = "format", .type = OPTION_STRING, .argument = "FORMAT",
     .value = "auto", MEMBER(capture.format), .check = capture_check_format,
     .help = "Pixel format to ask the camera for: jpeg, yuyv, uyvy, nv12, yu12, yv12, rgb24, bgr24 "
             "or grey. auto prefers jpeg, then whatever costs least to convert."},
    {.section = "capture", .name = "width", .type = OPTION_INT, .unit = "pixels", .value = "640",
     .minimum = 16, .maximum = FRAME_SIDE_MAX, MEMBER(capture.width),
     .help = "Width to ask the camera for, and of the drawn scene. The camera's driver has the "
             "last word."},
    {.section = "capture", .name = "height", .type = OPTION_INT, .unit = "pixels", .value = "480",
     .minimum = 16, .maximum = FRAME_SIDE_MAX, MEMBER(capture.height),
     .help = "Height to ask the camera for, and of the drawn scene."},
    {.section = "capture", .name = "fps", .type = OPTION_DOUBLE, .unit = "frames/s", .value = "30",
     .minimum = 0.1, .maximum = 1000, MEMBER(capture.fps),
     .help = "Rate to ask the camera for, and of folders of pictures and the drawn scene."},
    {.section = "capture", .name = "controls", .type = OPTION_STRING, .argument = "NAME=VALUE,...",
     .value = "", MEMBER(capture.controls), .check = capture_check_controls,
     .help = "Camera controls to set, by the names that v4l2-ctl --list-ctrls shows, for example "
             "exposure_time_absolute=200, power_line_frequency=1."},
    {.section = "capture", .name = "capture-timeout", .type = OPTION_DOUBLE, .unit = "s",
     .value = "5", .minimum = 0.1, .maximum = 3600, MEMBER(capture.timeout_s),
     .help = "A camera or stream that delivers nothing for this long counts as lost."},
    {.section = "capture", .name = "exit-on-loss", .type = OPTION_BOOL, .value = "no",
     MEMBER(capture.exit_on_loss),
     .help = "End with exit code 1 when the source is lost, instead of waiting for its return. "
             "A few damaged pictures are no loss; nothing but damaged ones for capture-timeout is."},
    {.section = "capture", .name = "replay-speed", .type = OPTION_CHOICE, .value = "realtime",
     .choices = "realtime|max", MEMBER(capture.replay_speed),
     .help = "How a recording, pictures or the drawn scene are played. realtime keeps to their "
             "timestamps, the newest picture wins. max takes every picture as fast as the network "
             "can; two runs give the same predictions."},
    {.section = "capture", .name = "replay-loop", .type = OPTION_INT, .value = "1", .minimum = 1,
     .maximum = 1000000, .words = "forever=0", MEMBER(capture.replay_loop),
     .help = "How often a recording is played."},
    {.section = "capture", .name = "seed", .type = OPTION_INT, .value = "1", .minimum = 0,
     .maximum = INT_MAX, MEMBER(capture.seed),
     .help = "Seed of the drawn scene: the same seed draws the same scene."},
    {.section = "capture", .name = "limit", .type = OPTION_INT, .unit = "frames", .value = "none",
     .minimum = 1, .maximum = INT_MAX, .words = "none=0", MEMBER(capture.limit),
     .help = "End after this many frames."},

    {.section = "model", .name = "model", .letter = 'm', .type = OPTION_STRING, .argument = "FILE",
     .value = "auto", MEMBER(model.path), .check = options_check_not_empty,
     .help = "Keras model: an .h5 file, or a .json file beside its weights. auto is the model that "
             "comes with the program."},
    {.section = "model", .name = "classes", .type = OPTION_STRING, .argument = "NAME,NAME,...",
     .value = "", MEMBER(model.classes), .check = options_check_classes,
     .help = "Names of the model's outputs, in their order, when the model does not bring them. A "
             "model with one output has two classes: the second is the one near 1."},
    {.section = "model", .name = "channels", .type = OPTION_CHOICE, .value = "auto",
     .choices = "auto|rgb|bgr", MEMBER(model.channels),
     .help = "Order of the colour channels that the model was trained with. auto is what the model "
             "says, else rgb."},
    {.section = "model", .name = "pixel-scale", .type = OPTION_STRING, .argument = "X[,Y,Z]",
     .value = "auto", MEMBER(model.scale), .check = options_check_triple,
     .help = "What a pixel (0 to 255) is multiplied by before the network sees it: one number, or "
             "one per channel in the model's order. auto is what the model says, else 1/255."},
    {.section = "model", .name = "pixel-offset", .type = OPTION_STRING, .argument = "X[,Y,Z]",
     .value = "auto", MEMBER(model.offset), .check = options_check_triple,
     .help = "What is added to a pixel after pixel-scale. auto is what the model says, else 0."},
    {.section = "model", .name = "cpu", .type = OPTION_STRING, .argument = "NAME", .value = "auto",
     MEMBER(model.cpu), .check = session_check_cpu,
     .help = "Kernels that compute the network. auto is the best that this machine has, reference "
             "the plain loops that the others are checked against."},
    {.section = "model", .name = "views", .type = OPTION_CHOICE, .value = VIEWS_DEFAULT,
     .choices = VIEWS_CHOICES, MEMBER(model.views),
     .help = "What the network looks at. whole: each picture, squeezed into the network's square. "
             "parts: in turn the whole and, of wide or tall pictures, the squares that fit into it "
             "side by side, each also mirrored; all of these views speak for the picture. closer: "
             "smaller squares as well, of 0.6 of those, for animals that are far away. Each view is "
             "looked at twice a second or more, and of each picture at least one: of 16:9 and 30 "
             "pictures a second, whole and parts are one run of the network a picture, closer is "
             "1.6. On a slow machine parts is quicker to notice what comes. A model without a class "
             "\"neither\" is shown the whole."},

    {.section = "smooth", .name = "threshold", .type = OPTION_DOUBLE, .value = "auto", .minimum = 0,
     .maximum = 1, .words = "auto=-1", .live = true, MEMBER(model.threshold),
     .help = "A label is chosen when its score is the best and at least this; where there is none, "
             "it is \"unknown\". auto is what the model says, else 0.6."},
    {.section = "smooth", .name = "release", .type = OPTION_DOUBLE, .value = SMOOTH_RELEASE_DEFAULT,
     .minimum = 0, .maximum = 1, .words = "auto=-1", .live = true, MEMBER(smooth.release),
     .help = "A label that was chosen stays while its score is at least this, so that an animal that "
             "turns away is not lost: \"neither\" takes its place only below, another animal as soon "
             "as it is chosen. From the threshold on, no label stays below the threshold; with 0 an "
             "animal stays until another comes. auto is 0.2, for a model without \"neither\" 1."},
    {.section = "smooth", .name = "smooth-time", .type = OPTION_DOUBLE, .unit = "s",
     .value = SMOOTH_TIME_DEFAULT, .minimum = 0, .maximum = 60, .live = true,
     MEMBER(smooth.time_s),
     .help = "Time constant of the moving average over the scores. 0 looks at each picture alone."},
    {.section = "smooth", .name = "hysteresis", .type = OPTION_DOUBLE,
     .value = SMOOTH_HYSTERESIS_DEFAULT, .minimum = 0, .maximum = 1, .live = true,
     MEMBER(smooth.hysteresis),
     .help = "How much better the score of another class must be to take the place of a label that could "
             "stay."},
    {.section = "smooth", .name = "hold-time", .type = OPTION_DOUBLE, .unit = "s",
     .value = SMOOTH_HOLD_DEFAULT, .minimum = 0, .maximum = 60, .live = true,
     MEMBER(smooth.hold_s),
     .help = "For how long, without a break, another label must be called for before it takes the "
             "place of the one that is shown."},

    {.section = "label", .name = "label", .type = OPTION_STRING, .argument = "TEXT",
     .value = "{label}", .live = true, MEMBER(label.text), .check = annotate_template_check,
     .help = "Text that is written into the picture: {label}, {score}, {time} and {fps} stand for "
             "their values, {{ and }} for braces. Empty for none."},
    {.section = "label", .name = "label-scale", .type = OPTION_DOUBLE, .value = "2", .minimum = 0.1,
     .maximum = 20, .live = true, MEMBER(label.scale),
     .help = "Size of the letters; 1 is about 22 pixels high. This and the next three are for a "
             "picture of 640x480 and grow with the picture."},
    {.section = "label", .name = "label-x", .type = OPTION_DOUBLE, .unit = "pixels", .value = "100",
     .minimum = 0, .maximum = FRAME_SIDE_MAX, .live = true, MEMBER(label.x),
     .help = "Where the text begins, from the left."},
    {.section = "label", .name = "label-y", .type = OPTION_DOUBLE, .unit = "pixels", .value = "120",
     .minimum = 0, .maximum = FRAME_SIDE_MAX, .live = true, MEMBER(label.y),
     .help = "The text's base line, from the top."},
    {.section = "label", .name = "label-thickness", .type = OPTION_INT, .unit = "pixels",
     .value = "2", .minimum = 1, .maximum = 100, .live = true, MEMBER(label.thickness),
     .help = "How thick the lines of the letters are."},
    {.section = "label", .name = "label-colour", .type = OPTION_STRING, .argument = "B,G,R",
     .value = "0,255,0", .live = true, MEMBER(label.colour), .check = annotate_colour_check,
     .help = "Colour of the text: blue, green and red, each 0 to 255."},
    {.section = "label", .name = "jpeg-quality", .type = OPTION_INT, .value = "85", .minimum = 1,
     .maximum = 100, .live = true, MEMBER(label.jpeg_quality),
     .help = "Quality of the pictures that are served."},

    {.section = "web", .name = "web", .type = OPTION_BOOL, .value = "yes", MEMBER(web.enabled),
     .help = "Serve pictures and predictions over HTTP. With --no-web no port is opened."},
    {.section = "web", .name = "listen", .type = OPTION_STRING, .argument = "ADDRESS",
     .value = "127.0.0.1", MEMBER(web.listen), .check = options_check_address,
     .help = "IP address to listen on. The default, like ::1, is reached from this machine only; "
             "all others need allow-remote."},
    {.section = "web", .name = "port", .letter = 'p', .type = OPTION_INT, .value = "8080",
     .minimum = 0, .maximum = 65535, MEMBER(web.port),
     .help = "TCP port to listen on. 0 takes any free one."},
    {.section = "web", .name = "allow-remote", .type = OPTION_BOOL, .value = "no",
     MEMBER(web.allow_remote),
     .help = "Allow an address that other machines reach. There is no password: everybody who "
             "reaches the port sees the pictures."},
    {.section = "web", .name = "max-clients", .type = OPTION_INT, .unit = "connections",
     .value = "64", .minimum = 1, .maximum = 1000, .live = true, MEMBER(web.max_clients),
     .help = "More connections than this are turned away."},
    {.section = "web", .name = "max-clients-per-address", .type = OPTION_INT, .unit = "connections",
     .value = "32", .minimum = 1, .maximum = 1000, .live = true,
     MEMBER(web.max_clients_per_address),
     .help = "More connections than this from one address are turned away."},
    {.section = "web", .name = "request-timeout", .type = OPTION_DOUBLE, .unit = "s", .value = "10",
     .minimum = 1, .maximum = 3600, .live = true, MEMBER(web.request_timeout_s),
     .help = "A request that has not arrived whole by then is ended, and so is a viewer that has "
             "taken nothing for as long."},
    {.section = "web", .name = "healthy-age", .type = OPTION_DOUBLE, .unit = "s", .value = "5",
     .minimum = 0.1, .maximum = 3600, .live = true, MEMBER(web.healthy_age_s),
     .help = "/healthz answers 200 while the newest picture is younger than this, else 503."},

    {.section = "output", .name = "predictions", .type = OPTION_STRING, .argument = "FILE",
     .value = "", MEMBER(output.predictions),
     .help = "Append one line of JSON per picture to this file, or write it to standard output (-). "
             "When that fails, say because the disk is full, the program ends with exit code 1. "
             "Empty for none."},
    {.section = "output", .name = "log-level", .type = OPTION_CHOICE, .value = "info",
     .choices = "error|warning|info|debug", .live = true, MEMBER(output.level),
     .help = "Least important messages that are written to standard error."},
};
// clang-format on

static const struct option_note notes[] = {
    {"SIGNALS",
     "SIGHUP: read the file and the command line again. Options that are \"applied on reload\" "
     "take effect at once; of the others a message says that they need a restart. When something "
     "is wrong in the file, everything stays as it was.\n\n"
     "SIGTERM, SIGINT: stop."},
    {"EXAMPLES",
     "The first camera, to be watched at http://127.0.0.1:8080/:\n\n"
     "    pawcamd\n\n"
     "A recording, again and again:\n\n"
     "    pawcamd --source clip.mp4 --replay-loop forever\n\n"
     "What the network sees in a recording, one line of JSON per picture:\n\n"
     "    pawcamd --source clip.mp4 --replay-speed max --no-web --predictions -\n\n"
     "A Keras model of one's own, trained on pixels from -1 to 1:\n\n"
     "    pawcamd --model my.h5 --classes cat,dog --pixel-scale 0.00784314 --pixel-offset -1"},
};

const struct option_table options_table = {
    .program = "pawcamd",
    .version = PAWCAM_VERSION,
    .summary = "tells cats from dogs in the pictures of a webcam",
    .description =
        "pawcamd takes pictures from a webcam, a recording or a network stream, asks a neural "
        "network on each of them whether it shows a cat or a dog, writes the answer into the "
        "picture and serves the result to browsers and other programs as MJPEG over HTTP.\n\n"
        "A source that is lost is waited for: viewers see a picture with the reason until it is "
        "back. A recording that is over ends the program.",
    .file = "/etc/pawcam/pawcam.conf",
    .sections = sections,
    .section_count = COUNT(sections),
    .rows = rows,
    .row_count = COUNT(rows),
    .notes = notes,
    .note_count = COUNT(notes),
};
