#include "channels/url.h"

#include <stdbool.h>
#include <string.h>

static bool is_unreserved(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("-._~", c) != NULL);
}

void channel_url_put(struct buf *url, const char *text)
{
    for (; *text != '\0'; text++) {
        if (is_unreserved(*text))
            buf_char(url, *text);
        else
            buf_printf(url, "%%%02X", (unsigned)(unsigned char)*text);
    }
}

const char *channel_url_encoded(struct arena *arena, const char *text)
{
    SCOPED(buf) struct buf encoded = {0};

    channel_url_put(&encoded, text);
    return arena_strdup(arena, buf_str(&encoded));
}

const char *channel_url_path(struct arena *arena, const char *url)
{
    const char *host = strstr(url, "://");
    const char *path = strpbrk(host == NULL ? url : host + 3, "/?#");
    size_t len = path == NULL ? 0 : strcspn(path, "?#");

    return len == 0 ? "/" : arena_strndup(arena, path, len);
}

static int digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static const char *decoded(struct arena *arena, const char *text, size_t len)
{
    char *out = arena_alloc(arena, len + 1);
    size_t used = 0;

    for (size_t i = 0; i < len; i++) {
        int high = text[i] == '%' && i + 2 < len ? digit_of(text[i + 1]) : -1;
        int low = high >= 0 ? digit_of(text[i + 2]) : -1;

        out[used] = text[i];
        if (low >= 0 && (high != 0 || low != 0)) {
            out[used] = (char)(high * 16 + low);
            i += 2;
        }
        used++;
    }
    return out;
}

static struct channel_url_parameter parameter_of(struct arena *arena, const char *text, size_t len)
{
    const char *equals = memchr(text, '=', len);
    size_t name_len = equals == NULL ? len : (size_t)(equals - text);
    size_t value_len = equals == NULL ? 0 : len - name_len - 1;

    return (struct channel_url_parameter){decoded(arena, text, name_len),
                                          equals == NULL ? ""
                                                         : decoded(arena, equals + 1, value_len)};
}

struct channel_url_parameter *channel_url_parameters(struct arena *arena, const char *url,
                                                     size_t *ret_len)
{
    struct channel_url_parameter *parameters = NULL;
    size_t capacity = 0;
    const char *at = strchr(url, '?');

    *ret_len = 0;
    while (at != NULL && *at != '\0' && *at != '#') {
        size_t len = strcspn(at + 1, "&#");

        if (len > 0) {
            parameters = arena_grow(arena, parameters, *ret_len, &capacity, sizeof(*parameters));
            parameters[(*ret_len)++] = parameter_of(arena, at + 1, len);
        }
        at += 1 + len;
    }
    return parameters;
}
