#include "lib/base/utf8.h"

#include <stdint.h>

#include "lib/base/scope.h"

/* Table 3-7 of the Unicode standard: only the second byte's range depends on the first. */
static const struct {
    uint8_t first_min;
    uint8_t first_max;
    uint8_t second_min;
    uint8_t second_max;
    uint8_t len;
} utf8_forms[] = {
    {0xC2, 0xDF, 0x80, 0xBF, 2},
    {0xE0, 0xE0, 0xA0, 0xBF, 3},
    {0xE1, 0xEC, 0x80, 0xBF, 3},
    {0xED, 0xED, 0x80, 0x9F, 3},
    {0xEE, 0xEF, 0x80, 0xBF, 3},
    {0xF0, 0xF0, 0x90, 0xBF, 4},
    {0xF1, 0xF3, 0x80, 0xBF, 4},
    {0xF4, 0xF4, 0x80, 0x8F, 4},
};

static bool utf8_tail_is_valid(const uint8_t *bytes, size_t from, size_t len)
{
    for (size_t i = from; i < len; i++) {
        if ((bytes[i] & 0xC0) != 0x80)
            return false;
    }
    return true;
}

size_t utf8_char_len(const void *text, size_t len)
{
    const uint8_t *bytes = text;

    if (len > 0 && bytes[0] < 0x80)
        return 1;
    for (size_t i = 0; len > 0 && i < ARRAY_LEN(utf8_forms); i++) {
        if (bytes[0] < utf8_forms[i].first_min || bytes[0] > utf8_forms[i].first_max)
            continue;
        if (len < utf8_forms[i].len || bytes[1] < utf8_forms[i].second_min ||
            bytes[1] > utf8_forms[i].second_max || !utf8_tail_is_valid(bytes, 2, utf8_forms[i].len))
            return 0;
        return utf8_forms[i].len;
    }
    return 0;
}

bool utf8_is_valid(const void *text, size_t len)
{
    const uint8_t *bytes = text;
    size_t step = 0;

    for (size_t i = 0; i < len; i += step) {
        step = bytes[i] < 0x80 ? 1 : utf8_char_len(bytes + i, len - i);
        if (step == 0)
            return false;
    }
    return true;
}
