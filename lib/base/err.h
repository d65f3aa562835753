/*
 * The one error type. A code is named for the caller's next move, never for the cause; the cause is
 * in the text. Library code sets an error and returns; only the loop that owns a unit of work logs.
 */
#pragma once

#include <stdbool.h>

#include "lib/base/scope.h"

enum err_code {
    ERR_NONE,     /* nothing happened */
    ERR_CONFLICT, /* run the same transaction again, at once */
    ERR_RETRY,    /* same input later: the other side is away or overloaded */
    ERR_REJECT,   /* this input is bad for ever: park or reject it, neighbours go on */
    ERR_FATAL,    /* stop the process; its supervisor restarts it */
};

struct err {
    enum err_code code;
    char text[512]; /* one line, lower case, no period, values quoted with '...' */
};

/* Formats the text, sets the code and returns false, so that `return err_set(...)` is the idiom. */
bool err_set(struct err *err, enum err_code code, const char *format, ...) PRINTF_LIKE(3, 4);

/* Puts "prefix: " before the text and keeps the code. Returns false. */
bool err_wrap(struct err *err, const char *format, ...) PRINTF_LIKE(2, 3);

#ifdef __clang_analyzer__
/* It can't look into the functions, and would follow paths on which an error returned true. */
#define err_set(...)  (err_set(__VA_ARGS__), false)
#define err_wrap(...) (err_wrap(__VA_ARGS__), false)
#endif

/* Stable lower-case name of the code, for logs and metrics. Borrowed for ever. */
const char *err_code_name(enum err_code code);
