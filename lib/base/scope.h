/* Scope-bound cleanup: SCOPED(kind) T *p = NULL; is released on every return, in reverse order. */
#pragma once

#include <stddef.h>

#define MUST_CHECK                    __attribute__((warn_unused_result))
#define PRINTF_LIKE(text_at, args_at) __attribute__((format(printf, text_at, args_at)))

#define SCOPED(name) __attribute__((cleanup(name##_scope_end)))

#define SCOPE_DEFINE(name, type, free_fn)             \
    static inline void name##_scope_end(type **owned) \
    {                                                 \
        if (*owned != NULL)                           \
            free_fn(*owned);                          \
    }

/* Hands the pointer over and leaves NULL behind, so that its scope releases nothing. */
#define STEAL(pointer)                           \
    ({                                           \
        __typeof__(pointer) stolen_ = (pointer); \
        (pointer) = NULL;                        \
        stolen_;                                 \
    })

#define ARRAY_LEN(array) (sizeof(array) / sizeof((array)[0]))
