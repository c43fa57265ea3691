#include "nn/train/prefetch.h"

#include "common/clock.h"
#include "common/text.h"
#include "nn/train/mixing.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { SLOTS_PER_THREAD = 2, THREADS_MAX = 64, PREFETCH_NICE = 19 };

struct slot_batch {
    struct batch batch;
    bool ready;
};

struct prefetch {
    const struct prefetch_settings *settings;
    int epoch;
    int batches;
    int *order; /* [length]: places in the subset */
    int length;
    int *backgrounds; /* [background_count]: pictures that others may lie on (augment.h) */
    int background_count;
    int background_label; /* -1: none */
    struct augment_settings background_augment;
    size_t x_size, y_size;

    pthread_mutex_t mutex;
    pthread_cond_t changed;
    struct slot_batch *slots; /* batch i is made in slot i % slot_count */
    int slot_count;
    int next_to_make;
    int next_to_give; /* the one before it is with the caller */
    int released;     /* batches below are done with: their slots are free */
    bool stopping, failed;
    struct error error;
    double waited_s;

    pthread_t threads[THREADS_MAX];
    int thread_count;
};

/* --- what a batch holds ----------------------------------------------------------------------- */

/* Each picture and each batch has a random stream of its own, so that none depends on how much
 * another drew. The order's (order.c) are others still. */
enum purpose { PURPOSE_MIXING = 1, PURPOSE_PICTURE = 1 << 30 };

static int target_width(const struct prefetch_settings *settings)
{
    return settings->target == TARGET_ONE_HOT ? settings->order.pictures->data->class_count : 1;
}

static void write_target(const struct prefetch_settings *settings, int label, float *y)
{
    if (settings->target != TARGET_ONE_HOT) {
        *y = (float)label;
        return;
    }
    memset(y, 0, (size_t)target_width(settings) * sizeof *y);
    y[label] = 1;
}

static void scale(const struct prefetch_settings *settings, float *x, size_t count)
{
    int channels = settings->order.pictures->data->channels;
    for (size_t i = 0; i < count; i += (size_t)channels)
        for (int c = 0; c < channels; c++)
            x[i + (size_t)c] = x[i + (size_t)c] * settings->scale[c] + settings->offset[c];
}

static struct picture_view view_of(const struct dataset *data, int index)
{
    return (struct picture_view){dataset_picture(data, index), data->height, data->width,
                                 data->channels};
}

/* One of them, or NULL. */
static const struct picture_view *draw_background(const struct prefetch *prefetch,
                                                  struct picture_view *view, struct random *random)
{
    if (prefetch->background_count == 0)
        return NULL;
    const uint64_t drawn = random_below(random, (uint64_t)prefetch->background_count);
    *view = view_of(prefetch->settings->order.pictures->data, prefetch->backgrounds[drawn]);
    return view;
}

static bool make_picture(const struct prefetch *prefetch, int place, float *x, float *y,
                         struct augment_scratch *scratch, struct error *error)
{
    const struct prefetch_settings *settings = prefetch->settings;
    const struct dataset *data = settings->order.pictures->data;
    int index = settings->order.pictures->indices[prefetch->order[place]];
    const struct picture_view view = view_of(data, index);
    struct picture_view other;
    struct random random;
    random_stream(&random, settings->order.seed, (uint64_t)prefetch->epoch,
                  PURPOSE_PICTURE + (uint64_t)place);
    const struct picture_view *background = draw_background(prefetch, &other, &random);
    const struct augment_settings *augment = data->labels[index] == prefetch->background_label
                                                 ? &prefetch->background_augment
                                                 : settings->augment;
    if (!augment_picture(augment, settings->codec, &view, background, settings->height,
                         settings->width, x, &random, scratch, error))
        return false;
    scale(settings, x, prefetch->x_size);
    write_target(settings, data->labels[index], y);
    return true;
}

static void mix(const struct prefetch *prefetch, int number, struct batch *batch)
{
    const struct prefetch_settings *settings = prefetch->settings;
    const struct mixing pictures = {
        .x = batch->x,
        .y = batch->y,
        .n = batch->n,
        .height = settings->height,
        .width = settings->width,
        .channels = settings->order.pictures->data->channels,
        .targets = (int)prefetch->y_size,
    };
    struct random random;
    random_stream(&random, settings->order.seed, (uint64_t)prefetch->epoch,
                  PURPOSE_MIXING + ((uint64_t)number << 32));
    mixing_apply(settings->augment, &pictures, &random);
}

/* What a thread has for itself. */
struct worker {
    struct augment_scratch scratch;
    struct teacher_session *teacher; /* NULL: none */
};

/* The pictures as they are now, mixed ones as well. */
static bool teach(const struct prefetch *prefetch, struct teacher_session *teacher,
                  struct batch *batch, struct error *error)
{
    for (int i = 0; teacher && i < batch->n; i++)
        if (!teacher_session_run(teacher, batch->x + (size_t)i * prefetch->x_size,
                                 batch->y + (size_t)i * prefetch->y_size, error))
            return false;
    return true;
}

static bool make_batch(const struct prefetch *prefetch, int number, struct batch *batch,
                       struct worker *worker, struct error *error)
{
    int first = number * prefetch->settings->batch;
    int left = prefetch->length - first;
    batch->n = left < prefetch->settings->batch ? left : prefetch->settings->batch;
    for (int i = 0; i < batch->n; i++)
        if (!make_picture(prefetch, first + i, batch->x + (size_t)i * prefetch->x_size,
                          batch->y + (size_t)i * prefetch->y_size, &worker->scratch, error))
            return false;
    mix(prefetch, number, batch);
    return teach(prefetch, worker->teacher, batch, error);
}

/* --- threads ---------------------------------------------------------------------------------- */

/* Waits for a free slot and takes the next number; -1: there is nothing more to make. */
static int take_number(struct prefetch *prefetch)
{
    int number = -1;
    pthread_mutex_lock(&prefetch->mutex);
    while (!prefetch->stopping && !prefetch->failed && prefetch->next_to_make < prefetch->batches &&
           prefetch->next_to_make >= prefetch->released + prefetch->slot_count)
        pthread_cond_wait(&prefetch->changed, &prefetch->mutex);
    if (!prefetch->stopping && !prefetch->failed && prefetch->next_to_make < prefetch->batches)
        number = prefetch->next_to_make++;
    pthread_mutex_unlock(&prefetch->mutex);
    return number;
}

static void report(struct prefetch *prefetch, struct slot_batch *slot, bool good,
                   const struct error *error)
{
    pthread_mutex_lock(&prefetch->mutex);
    slot->ready = good;
    if (!good && !prefetch->failed) {
        prefetch->failed = true;
        prefetch->error = *error;
    }
    pthread_cond_broadcast(&prefetch->changed);
    pthread_mutex_unlock(&prefetch->mutex);
}

/* The training's threads wait for the slowest among them many times in a step, so one that has to
 * share its processor holds up all. Those here have a step's time to catch up: they take what is
 * left over, and get all of it when the training waits for them. Failure changes nothing else. */
static void step_back(void)
{
    (void)setpriority(PRIO_PROCESS, (id_t)gettid(), PREFETCH_NICE);
    pthread_setname_np(pthread_self(), "prefetch");
}

static bool begin_work(const struct prefetch *prefetch, struct worker *worker, struct error *error)
{
    const struct prefetch_settings *settings = prefetch->settings;
    step_back();
    if (settings->teacher)
        worker->teacher = teacher_session_create(settings->teacher, settings->cpu, error);
    return !settings->teacher || worker->teacher;
}

static void *work(void *argument)
{
    struct prefetch *prefetch = argument;
    struct worker worker = {0};
    struct error error;
    const bool ready = begin_work(prefetch, &worker, &error);
    for (int number; (number = take_number(prefetch)) >= 0;) {
        struct slot_batch *slot = &prefetch->slots[number % prefetch->slot_count];
        const bool good = ready && make_batch(prefetch, number, &slot->batch, &worker, &error);
        report(prefetch, slot, good, &error);
    }
    augment_free(&worker.scratch);
    teacher_session_destroy(worker.teacher);
    return NULL;
}

/* --- life ------------------------------------------------------------------------------------- */

static int batches_of(int pictures, int batch)
{
    return (pictures + batch - 1) / batch;
}

int prefetch_batches(const struct prefetch_settings *settings)
{
    return batches_of(order_length(&settings->order), settings->batch);
}

static bool reserve(struct prefetch *prefetch)
{
    const struct prefetch_settings *settings = prefetch->settings;
    size_t n = (size_t)settings->batch;
    prefetch->x_size = (size_t)settings->height * (size_t)settings->width *
                       (size_t)settings->order.pictures->data->channels;
    prefetch->y_size = (size_t)target_width(settings);
    prefetch->slots = calloc((size_t)prefetch->slot_count, sizeof *prefetch->slots);
    for (int i = 0; prefetch->slots && i < prefetch->slot_count; i++) {
        struct batch *batch = &prefetch->slots[i].batch;
        batch->x = malloc(n * prefetch->x_size * sizeof *batch->x);
        batch->y = malloc(n * prefetch->y_size * sizeof *batch->y);
        if (!batch->x || !batch->y)
            return false;
    }
    return prefetch->slots != NULL;
}

static bool draw_order(struct prefetch *prefetch, struct error *error)
{
    const struct prefetch_settings *settings = prefetch->settings;
    if (!order_draw(&settings->order, prefetch->epoch, &prefetch->order, &prefetch->length, error))
        return false;
    prefetch->batches = batches_of(prefetch->length, settings->batch);
    return true;
}

/* Of the training pictures only: what is held out must not be seen as a background either. */
static bool find_backgrounds(struct prefetch *prefetch, struct error *error)
{
    const struct subset *pictures = prefetch->settings->order.pictures;
    const char *name = prefetch->settings->augment->background;
    prefetch->background_label = -1;
    if (!name)
        return true;
    const int label = text_find(pictures->data->class_names, pictures->data->class_count, name);
    if (label < 0)
        return error_set_usage(error, "background = '%.40s': the pictures have no such class",
                               name);
    prefetch->backgrounds = calloc((size_t)pictures->count + 1, sizeof *prefetch->backgrounds);
    if (!prefetch->backgrounds)
        return error_set_memory(error, "out of memory for a list of backgrounds");
    prefetch->background_label = label;
    prefetch->background_augment = augment_of_background(prefetch->settings->augment);
    for (int i = 0; i < pictures->count; i++)
        if (pictures->data->labels[pictures->indices[i]] == label)
            prefetch->backgrounds[prefetch->background_count++] = pictures->indices[i];
    return true;
}

static bool start_threads(struct prefetch *prefetch, struct error *error)
{
    int wanted = prefetch->settings->threads;
    while (prefetch->thread_count < wanted && prefetch->thread_count < THREADS_MAX &&
           pthread_create(&prefetch->threads[prefetch->thread_count], NULL, work, prefetch) == 0)
        prefetch->thread_count++;
    return prefetch->thread_count > 0 ||
           error_set(error, "no thread can be started that prepares the pictures");
}

struct prefetch *prefetch_start(const struct prefetch_settings *settings, int epoch, int first,
                                struct error *error)
{
    struct prefetch *prefetch = calloc(1, sizeof *prefetch);
    if (!prefetch) {
        error_set(error, "out of memory for batches");
        return NULL;
    }
    *prefetch = (struct prefetch){
        .settings = settings,
        .epoch = epoch,
        .slot_count = SLOTS_PER_THREAD * settings->threads + 1,
        .next_to_make = first,
        .next_to_give = first,
        .released = first,
    };
    pthread_mutex_init(&prefetch->mutex, NULL);
    pthread_cond_init(&prefetch->changed, NULL);
    if (!reserve(prefetch)) {
        error_set(error, "out of memory for batches of %d pictures", settings->batch);
        prefetch_stop(prefetch);
        return NULL;
    }
    if (draw_order(prefetch, error) && find_backgrounds(prefetch, error) &&
        start_threads(prefetch, error))
        return prefetch;
    prefetch_stop(prefetch);
    return NULL;
}

const struct batch *prefetch_next(struct prefetch *prefetch, struct error *error)
{
    const struct batch *batch = NULL;
    int64_t start_ns = clock_monotonic_ns();
    if (error)
        error->message[0] = '\0';
    pthread_mutex_lock(&prefetch->mutex);
    int number = prefetch->next_to_give;
    struct slot_batch *slot = &prefetch->slots[number % prefetch->slot_count];
    if (prefetch->released < number) { /* the caller is done with the one before */
        prefetch->slots[(number - 1) % prefetch->slot_count].ready = false;
        prefetch->released = number;
        pthread_cond_broadcast(&prefetch->changed);
    }
    while (number < prefetch->batches && !slot->ready && !prefetch->failed)
        pthread_cond_wait(&prefetch->changed, &prefetch->mutex);
    if (prefetch->failed && error) {
        *error = prefetch->error;
    } else if (number < prefetch->batches && !prefetch->failed) {
        prefetch->next_to_give++;
        batch = &slot->batch;
    }
    pthread_mutex_unlock(&prefetch->mutex);
    prefetch->waited_s += (double)(clock_monotonic_ns() - start_ns) / NS_PER_S;
    return batch;
}

double prefetch_waited_s(const struct prefetch *prefetch)
{
    return prefetch->waited_s;
}

void prefetch_stop(struct prefetch *prefetch)
{
    if (!prefetch)
        return;
    pthread_mutex_lock(&prefetch->mutex);
    prefetch->stopping = true;
    pthread_cond_broadcast(&prefetch->changed);
    pthread_mutex_unlock(&prefetch->mutex);
    for (int i = 0; i < prefetch->thread_count; i++)
        pthread_join(prefetch->threads[i], NULL);
    for (int i = 0; prefetch->slots && i < prefetch->slot_count; i++) {
        free(prefetch->slots[i].batch.x);
        free(prefetch->slots[i].batch.y);
    }
    free(prefetch->slots);
    free(prefetch->order);
    free(prefetch->backgrounds);
    pthread_cond_destroy(&prefetch->changed);
    pthread_mutex_destroy(&prefetch->mutex);
    free(prefetch);
}
