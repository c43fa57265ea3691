/* video_log: what libav has to say, on its way to our log. */
#ifndef PAWCAM_CAPTURE_VIDEO_LOG_H
#define PAWCAM_CAPTURE_VIDEO_LOG_H

#include "capture/video_module.h"

/* Routes libav's warnings and errors to log_debug: it complains a lot about what it then copes
 * with. Call once. */
void video_log_start(const struct video_host *host);

/* Forgets this thread's last complaint; call it before what may fail. */
void video_log_forget(void);

/* libav's last error message in this thread since video_log_forget; often it says what an error
 * code does not ("moov atom not found"). `otherwise` where there is none, or where it might show a
 * password of the URL. Valid until the next message. */
const char *video_log_complaint(const char *otherwise);

#endif
