#include "daemon/source_name.h"

#include "common/text.h"

#include <string.h>

void source_name_init(struct source_name *name)
{
    *name = (struct source_name){0};
    pthread_mutex_init(&name->mutex, NULL);
}

void source_name_finish(struct source_name *name)
{
    pthread_mutex_destroy(&name->mutex);
}

void source_name_set(struct source_name *name, const char *text)
{
    pthread_mutex_lock(&name->mutex);
    text_copy(name->text, sizeof name->text, text);
    pthread_mutex_unlock(&name->mutex);
}

void source_name_get(struct source_name *name, char text[SOURCE_NAME_BYTES])
{
    pthread_mutex_lock(&name->mutex);
    memcpy(text, name->text, sizeof name->text);
    pthread_mutex_unlock(&name->mutex);
}
