#include "nn/train/tensorboard.h"

#include "common/clock.h"
#include "common/folder.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* One message fits; the longest tag has 19 bytes. */
enum { MESSAGE_BYTES = 256, PATH_BYTES = 4096 };

/* The file's name must hold "tfevents"; a fixed one lets a resumed training append. */
static const char file_name[] = "events.out.tfevents.0.pawcam.v2";

uint32_t tensorboard_crc32c(const void *bytes, size_t size)
{
    const uint32_t polynomial = 0x82f63b78; /* reflected */
    uint32_t crc = ~UINT32_C(0);
    for (size_t i = 0; i < size; i++) {
        crc ^= ((const uint8_t *)bytes)[i];
        for (int bit = 0; bit < 8; bit++)
            crc = (crc >> 1) ^ (crc & 1 ? polynomial : 0);
    }
    return ~crc;
}

uint32_t tensorboard_mask(uint32_t crc)
{
    return ((crc >> 15) | (crc << 17)) + 0xa282ead8;
}

/* --- protobuf --------------------------------------------------------------------------------- */

struct message {
    uint8_t bytes[MESSAGE_BYTES];
    size_t size;
};

enum wire { WIRE_VARINT = 0, WIRE_64 = 1, WIRE_BYTES = 2, WIRE_32 = 5 };

static void put_varint(struct message *message, uint64_t value)
{
    for (; value >= 0x80; value >>= 7)
        message->bytes[message->size++] = (uint8_t)(value | 0x80);
    message->bytes[message->size++] = (uint8_t)value;
}

static void put_key(struct message *message, int field, enum wire wire)
{
    put_varint(message, (uint64_t)(field << 3 | (int)wire));
}

/* Least significant byte first, whatever the machine's order. */
static void put_fixed(struct message *message, uint64_t bits, int bytes)
{
    for (int i = 0; i < bytes; i++)
        message->bytes[message->size++] = (uint8_t)(bits >> (8 * i));
}

static void put_bytes(struct message *message, int field, const void *bytes, size_t size)
{
    put_key(message, field, WIRE_BYTES);
    put_varint(message, size);
    memcpy(message->bytes + message->size, bytes, size);
    message->size += size;
}

static struct message begin_event(double wall_s, int64_t step)
{
    struct message event = {.size = 0};
    uint64_t bits;
    memcpy(&bits, &wall_s, sizeof bits);
    put_key(&event, 1, WIRE_64); /* Event.wall_time */
    put_fixed(&event, bits, 8);
    if (step) {
        put_key(&event, 2, WIRE_VARINT); /* Event.step */
        put_varint(&event, (uint64_t)step);
    }
    return event;
}

static struct message scalar_event(double wall_s, int64_t step, const char *tag, double number)
{
    struct message event = begin_event(wall_s, step), summary = {.size = 0}, value = {.size = 0};
    float scalar = (float)number;
    uint32_t bits;
    memcpy(&bits, &scalar, sizeof bits);
    put_bytes(&value, 1, tag, strlen(tag)); /* Summary.Value.tag */
    put_key(&value, 2, WIRE_32);            /* Summary.Value.simple_value */
    put_fixed(&value, bits, 4);
    put_bytes(&summary, 1, value.bytes, value.size);   /* Summary.value */
    put_bytes(&event, 5, summary.bytes, summary.size); /* Event.summary */
    return event;
}

static struct message version_event(double wall_s)
{
    static const char version[] = "brain.Event:2";
    struct message event = begin_event(wall_s, 0);
    put_bytes(&event, 3, version, strlen(version)); /* Event.file_version */
    return event;
}

/* --- files ------------------------------------------------------------------------------------ */

static void write_record(FILE *file, const struct message *message)
{
    struct message frame = {.size = 0};
    put_fixed(&frame, message->size, 8);
    put_fixed(&frame, tensorboard_mask(tensorboard_crc32c(frame.bytes, 8)), 4);
    fwrite(frame.bytes, 1, frame.size, file);
    fwrite(message->bytes, 1, message->size, file);
    frame.size = 0;
    put_fixed(&frame, tensorboard_mask(tensorboard_crc32c(message->bytes, message->size)), 4);
    fwrite(frame.bytes, 1, frame.size, file);
}

struct scalar {
    const char *tag;
    double value;
};

static void write_scalars(FILE *file, int epoch, const struct scalar *scalars, int count)
{
    double wall_s = clock_wall_s();
    if (ftell(file) == 0) {
        struct message version = version_event(wall_s);
        write_record(file, &version);
    }
    for (int i = 0; i < count; i++)
        if (!isnan(scalars[i].value)) {
            struct message event = scalar_event(wall_s, epoch, scalars[i].tag, scalars[i].value);
            write_record(file, &event);
        }
}

/* FOLDER/PART/file */
struct event_path {
    char folder[PATH_BYTES];
    char file[PATH_BYTES + sizeof file_name + 1];
};

static struct event_path path_of(const char *folder, const char *part)
{
    struct event_path path;
    snprintf(path.folder, sizeof path.folder, "%s/%s", folder, part);
    snprintf(path.file, sizeof path.file, "%s/%s", path.folder, file_name);
    return path;
}

/* Part of a record, as a full disk leaves it, would hide all that comes behind it. */
static bool refuse_writing(const char *path, off_t size, int reason, struct error *error)
{
    const bool whole = truncate(path, size) == 0;
    return error_set(error, "%s: cannot be written: %s%s", path, strerror(reason),
                     whole ? "" : "; its end is damaged until --resume mends it");
}

static bool append(const char *folder, const char *part, int epoch, const struct scalar *scalars,
                   int count, struct error *error)
{
    const struct event_path path = path_of(folder, part);
    if (!folder_make(path.folder, error))
        return false;
    FILE *file = fopen(path.file, "abe");
    if (!file || fseek(file, 0, SEEK_END) != 0) {
        error_set(error, "%s: %s", path.file, strerror(errno));
        if (file)
            fclose(file);
        return false;
    }
    const off_t size = ftello(file);
    write_scalars(file, epoch, scalars, count);
    bool good = !ferror(file);
    if ((fclose(file) != 0) | !good)
        return refuse_writing(path.file, size, errno, error);
    return true;
}

bool tensorboard_add_epoch(const char *folder, const struct history_row *row, struct error *error)
{
    const double *values = row->values;
    const struct scalar train[] = {{"epoch_loss", values[HISTORY_LOSS]},
                                   {"epoch_accuracy", values[HISTORY_ACCURACY]},
                                   {"epoch_learning_rate", values[HISTORY_LEARNING_RATE]}};
    const struct scalar validation[] = {{"epoch_loss", values[HISTORY_VAL_LOSS]},
                                        {"epoch_accuracy", values[HISTORY_VAL_ACCURACY]}};
    return append(folder, "train", row->epoch, train, 3, error) &&
           (isnan(values[HISTORY_VAL_LOSS]) ||
            append(folder, "validation", row->epoch, validation, 2, error));
}

/* --- what is there ---------------------------------------------------------------------------- */

static uint64_t get_fixed(const uint8_t *bytes, int count)
{
    uint64_t bits = 0;
    for (int i = 0; i < count; i++)
        bits |= (uint64_t)bytes[i] << (8 * i);
    return bits;
}

/* false: the file is over, or what follows is none of our records. */
static bool read_record(FILE *file, struct message *message)
{
    uint8_t head[12], tail[4];
    if (fread(head, 1, sizeof head, file) != sizeof head ||
        get_fixed(head + 8, 4) != tensorboard_mask(tensorboard_crc32c(head, 8)) ||
        get_fixed(head, 8) > MESSAGE_BYTES)
        return false;
    message->size = get_fixed(head, 8);
    return fread(message->bytes, 1, message->size, file) == message->size &&
           fread(tail, 1, sizeof tail, file) == sizeof tail &&
           get_fixed(tail, 4) ==
               tensorboard_mask(tensorboard_crc32c(message->bytes, message->size));
}

/* Event.step as begin_event puts it, behind the time; 0: the event of the version. */
static int64_t step_of(const struct message *message)
{
    size_t at = 1 + 8;
    uint64_t step = 0;
    if (message->size <= at || message->bytes[at++] != (2 << 3 | WIRE_VARINT))
        return 0;
    for (int shift = 0; at < message->size && shift < 63; shift += 7) {
        step |= (uint64_t)(message->bytes[at] & 0x7f) << shift;
        if (message->bytes[at++] < 0x80)
            break;
    }
    return (int64_t)step;
}

/* Cuts the file off behind the last event of these epochs. */
static bool cut(const char *path, int epochs, struct error *error)
{
    FILE *file = fopen(path, "r+be");
    struct message message;
    off_t end = 0;
    if (!file)
        return errno == ENOENT || error_set(error, "%s: %s", path, strerror(errno));
    while (read_record(file, &message) && step_of(&message) <= epochs)
        end = ftello(file);
    const bool good = (!ferror(file) || error_set(error, "%s: cannot be read", path)) &&
                      (ftruncate(fileno(file), end) == 0 ||
                       error_set(error, "%s: cannot be shortened: %s", path, strerror(errno)));
    fclose(file);
    return good;
}

bool tensorboard_begin(const char *folder, int epochs, struct error *error)
{
    static const char *const parts[] = {"train", "validation"};
    for (int i = 0; i < 2; i++) {
        const struct event_path path = path_of(folder, parts[i]);
        if (epochs == 0 && unlink(path.file) != 0 && errno != ENOENT && errno != ENOTDIR)
            return error_set(error, "%s: cannot be removed: %s", path.file, strerror(errno));
        if (epochs > 0 && !cut(path.file, epochs, error))
            return false;
    }
    return true;
}
