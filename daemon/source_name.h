/* source_name: what is captured, for people; written by the capture thread, read by others. */
#ifndef PAWCAM_DAEMON_SOURCE_NAME_H
#define PAWCAM_DAEMON_SOURCE_NAME_H

#include <pthread.h>

enum { SOURCE_NAME_BYTES = 128 };

struct source_name {
    pthread_mutex_t mutex;
    char text[SOURCE_NAME_BYTES];
};

void source_name_init(struct source_name *name);
void source_name_finish(struct source_name *name);

/* Copies; too long a text is cut. Safe from any thread, as is the next. */
void source_name_set(struct source_name *name, const char *text);
void source_name_get(struct source_name *name, char text[SOURCE_NAME_BYTES]);

#endif
