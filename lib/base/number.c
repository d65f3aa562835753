#include "lib/base/number.h"

#include <stddef.h>

/* Counts downwards, because int64 reaches one further below zero than above. */
static bool number_digits(const char *text, int64_t *ret_value)
{
    bool negative = text[0] == '-';
    int64_t value = 0;

    text += negative ? 1 : 0;
    if (*text == '\0')
        return false;
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9' || __builtin_mul_overflow(value, 10, &value) ||
            __builtin_sub_overflow(value, *text - '0', &value))
            return false;
    }
    if (!negative && __builtin_sub_overflow(0, value, &value))
        return false;
    *ret_value = value;
    return true;
}

bool number_whole(const char *text, int64_t min, int64_t max, int64_t *ret_value)
{
    int64_t value = 0;

    if (text == NULL || !number_digits(text, &value) || value < min || value > max)
        return false;
    *ret_value = value;
    return true;
}
