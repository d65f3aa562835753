#include <errno.h>
#include <iconv.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "lib/pack/internal.h"
#include "lib/pack/pack.h"

enum { CHARSET_CHUNK = 32768 };

/* What senders mean by a name, where iconv means something narrower. */
static const struct {
    const char *said;
    const char *meant;
} charsets[] = {
    {"Shift_JIS",   "CP932" },
    {"SJIS",        "CP932" },
    {"MS932",       "CP932" },
    {"Windows-31J", "CP932" },
    {"ISO-8859-1",  "CP1252"},
    {"US-ASCII",    "CP1252"},
    {"Cp1252",      "CP1252"},
};

static const char replacement[] = "\xef\xbf\xbd"; /* U+FFFD */

struct text {
    const char *bytes;
    size_t len;
    const char *charset;
};

static const char *charset_meant(const char *said)
{
    if (said == NULL || *said == '\0')
        return "UTF-8";
    for (size_t i = 0; i < ARRAY_LEN(charsets); i++) {
        if (strcasecmp(charsets[i].said, said) == 0)
            return charsets[i].meant;
    }
    return said;
}

static bool convert(iconv_t charset, const struct text *text, struct pack_sink *sink,
                    struct err *err)
{
    char chunk[CHARSET_CHUNK];
    char *in = (char *)(uintptr_t)text->bytes;
    size_t left = text->len;
    bool is_first = true;

    while (left > 0) {
        char *out = chunk;
        size_t room = sizeof(chunk);
        size_t done = iconv(charset, &in, &left, &out, &room);
        size_t len = sizeof(chunk) - room;
        bool is_bad = done == (size_t)-1 && errno != E2BIG; /* wrong, or cut at the end */
        size_t mark = is_first && len >= 3 && memcmp(chunk, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;

        if (!pack_sink_put(sink, chunk + mark, len - mark) ||
            (is_bad && !pack_sink_put(sink, replacement, strlen(replacement))))
            return err_set(err, ERR_REJECT, "as UTF-8 it is more than %zu bytes", sink->max);
        if (is_bad) {
            in++;
            left--;
        }
        is_first = is_first && len == 0;
    }
    return true;
}

static bool text_convert(const void *source, struct pack_sink *sink, struct err *err)
{
    const struct text *text = source;
    iconv_t charset = iconv_open("UTF-8", text->charset);

    if (charset == (iconv_t)-1)
        return err_set(err, ERR_REJECT, "there is no charset '%.100s'", text->charset);
    bool ok = convert(charset, text, sink, err);
    iconv_close(charset);
    return ok;
}

bool pack_to_utf8(struct arena *arena, const char *charset, const void *bytes, size_t len,
                  size_t max, const char **ret_text, size_t *ret_len, struct err *err)
{
    const struct text text = {bytes, len, charset_meant(charset)};

    return pack_make_twice(arena, text_convert, &text, max, ret_text, ret_len, err);
}
