/*
 * tensorboard: event files that TensorBoard shows. Format: TensorFlow's tfrecord_writer and
 * core/util/event.proto: records of length, masked CRC32C of the length, data, masked CRC32C of the
 * data; data is a protobuf message Event.
 */
#ifndef PAWCAM_NN_TRAIN_TENSORBOARD_H
#define PAWCAM_NN_TRAIN_TENSORBOARD_H

#include "nn/train/history.h"

#include <stddef.h>
#include <stdint.h>

/* Appends the epoch's figures, under Keras's tags epoch_loss, epoch_accuracy and
 * epoch_learning_rate, to the files in FOLDER/train and FOLDER/validation; folders and files are
 * made as needed. A training that is resumed goes on in the same files. */
bool tensorboard_add_epoch(const char *folder, const struct history_row *row, struct error *error);

/* To be called before a training writes, with `epochs` of them done already: takes away what an
 * earlier training, or epochs that will be trained again, left in the files, and what a crash left
 * of a record, behind which nobody would read on. */
bool tensorboard_begin(const char *folder, int epochs, struct error *error);

/* CRC-32C (Castagnoli, RFC 3720, appendix B.4), and as the format masks it. */
uint32_t tensorboard_crc32c(const void *bytes, size_t size);
uint32_t tensorboard_mask(uint32_t crc);

#endif
