#include "lib/base/err.h"

#include <stdarg.h>
#include <stdio.h>

/* The analyzer's stand-ins. */
#undef err_set
#undef err_wrap

/* Quoted values come from outside: a control character must not break the one line. */
static void err_keep(struct err *err, const char *text)
{
    size_t i = 0;

    for (; text[i] != '\0' && i < sizeof(err->text) - 1; i++)
        err->text[i] = (unsigned char)text[i] < 0x20 || text[i] == 0x7f ? ' ' : text[i];
    err->text[i] = '\0';
}

bool err_set(struct err *err, enum err_code code, const char *format, ...)
{
    char text[sizeof(err->text)];
    va_list args;

    /* By way of a copy: an argument may be the old text. */
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    err_keep(err, text);
    err->code = code;
    return false;
}

bool err_wrap(struct err *err, const char *format, ...)
{
    char prefix[sizeof(err->text)];
    char joined[2 * sizeof(err->text) + 2];
    va_list args;

    va_start(args, format);
    vsnprintf(prefix, sizeof(prefix), format, args);
    va_end(args);
    snprintf(joined, sizeof(joined), "%s: %s", prefix, err->text);
    err_keep(err, joined);
    return false;
}

const char *err_code_name(enum err_code code)
{
    switch (code) {
    case ERR_NONE:
        return "none";
    case ERR_CONFLICT:
        return "conflict";
    case ERR_RETRY:
        return "retry";
    case ERR_REJECT:
        return "reject";
    case ERR_FATAL:
        return "fatal";
    }
    return "unknown";
}
