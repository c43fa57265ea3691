/*
 * error: one clear line for the user, carried from where it happens to where it is shown.
 *
 * A function that can fail takes a `struct error *` as its last argument and returns false (or
 * NULL). It fills the message with what went wrong, where, and what to do about it; it never
 * prints. Whoever owns the conversation with the user (main, a request handler) prints it, once.
 */
#ifndef PAWCAM_COMMON_ERROR_H
#define PAWCAM_COMMON_ERROR_H

#include <stdarg.h>
#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Exit codes of both programs. */
enum exit_code {
    EXIT_CODE_OK = 0,
    EXIT_CODE_RUNTIME = 1, /* a file, device, model or network failed us */
    EXIT_CODE_USAGE = 2,   /* the command line or the configuration file is wrong */
};

struct error {
    enum exit_code code;
    bool memory;       /* memory was short, which tells nothing about the input */
    char message[512]; /* UTF-8, one line, no newline, no program name in front */
};

/* Fills *error (which may be NULL) with EXIT_CODE_RUNTIME and the message. Always returns false, so
 * that a function can end with `return error_set(error, ...)`. Control characters and what is not
 * UTF-8 (file names can hold both) become '?'; what is too long loses its middle. */
bool error_set(struct error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same with EXIT_CODE_USAGE. */
bool error_set_usage(struct error *error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* As error_set, of memory that is short: where the caller must tell that from bad input. */
bool error_set_memory(struct error *error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Puts "format: " in front of the message that *error already holds; keeps the rest. Returns false.
 */
bool error_prefix(struct error *error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#ifdef __cplusplus
}
#endif

#endif
